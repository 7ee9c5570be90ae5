import { join, resolve } from "node:path";

import { z } from "zod";

import { adapterIn, channelsIn } from "../channels/check";
import type { Adapters } from "../channels/descriptor";
import { adapterChannelSchema } from "../channels/schema";
import type { ChannelSpec } from "../channels/types";
import { displayNames } from "../display-name";
import { parseYaml } from "../document";
import type { Document, Path } from "../document";
import { findFile, readDocument } from "../find-file";
import { loadFleet, problemsFor } from "../fleet";
import type { Position, Problem } from "../problem";
import { substationSchema } from "../schema";
import { Shape, valueAt } from "../shape";
import { readSource } from "../source";
import { storedSecrets, type StoredSecret } from "../stack-secrets";
import type { Template } from "../templates";
import { templateOf } from "../templates/use";
import { readTiers } from "../tiers";
import type { Tier } from "../tiers";
import { Settings } from "./settings";

/** All that an explanation is made from, read once. Any of it may have problems. */
export interface Context {
  readonly id: string;
  readonly group: string;
  readonly file: string;
  readonly document: Document;
  /** What may stand at a path: of a custom channel its descriptor says so. */
  readonly shapeAt: (path: Path) => Shape;
  /** What the file names, where that can be used. */
  readonly tier: Tier | undefined;
  /** The names of all tiers. */
  readonly tiers: readonly string[];
  /** Where a key of the substation's tier stands; undefined where it stands nowhere. */
  readonly tierAt: (path: Path) => Position | undefined;
  /** Channels that could be read. */
  readonly channels: readonly ChannelSpec[];
  readonly adapters: Adapters;
  /** What the file names, or what is meant where it names none; undefined where there is no such template. */
  readonly template: Template | undefined;
  /** The names of all templates. */
  readonly templates: readonly string[];
  /** Stack of the platform, and who says that it is this one. */
  readonly platform: { readonly stack: string; readonly at?: Position };
  readonly platformSettings: Settings;
  /** Of this substation; undefined where the group has no settings file that can be read. */
  readonly secrets: readonly StoredSecret[] | undefined;
  readonly problems: readonly Problem[];
}

/**
 * @param stacks the folder of the typed files
 * @throws UserError where there is no such substation, or its file cannot be read at all
 */
export function readContext(stacks: string, id: string): Context {
  const root = resolve(stacks);
  const display = displayNames();
  const { group, path } = findFile(stacks, id);
  const file = display(join(root, group, `${id}.yaml`));
  const document = readDocument(path, file);
  const tiersFile = join(root, "tiers.yaml");
  const { text } = readSource(tiersFile, display(tiersFile));
  const tiersDocument = text === undefined ? undefined : parseYaml(display(tiersFile), text);
  const tiers = tiersDocument ? readTiers(tiersDocument) : undefined;
  const tierName = valueAt(document.value, ["tier"]);
  const tier = typeof tierName === "string" ? tiers?.byName.get(tierName) : undefined;
  const settings = (name: string) => new Settings(join(root, `Pulumi.${name}.yaml`), display);
  const groupSettings = settings(group);
  const chosen = groupSettings.get("platform");
  const stack = chosen?.value ?? "platform";
  const platformSettings = settings(stack);
  const fleet = loadFleet(stacks);
  const { adapters, templates } = fleet;
  const isSiblings = (other: string) => other !== file && other.startsWith(`${display(join(root, group))}/`);
  return {
    id,
    group,
    file,
    document,
    shapeAt: shapes(document, adapters),
    tier,
    tiers: tiers?.names ?? [],
    tierAt: (path) => (tier ? tiersDocument?.at(["tiers", tier.name, ...path]) : undefined),
    channels: channelsIn(document, adapters),
    adapters,
    template: templates.get(templateOf(document.value) ?? ""),
    templates: templates.names,
    platform: { stack, ...(chosen ? { at: chosen.at } : {}) },
    platformSettings,
    secrets: tryStored(stacks, group)?.filter((one) => one.id === id),
    problems: [
      ...problemsFor(fleet, group).filter((problem) => !isSiblings(problem.file)),
      ...groupSettings.problems,
      ...platformSettings.problems,
    ],
  };
}

function shapes(document: Document, adapters: Adapters): Context["shapeAt"] {
  const usual = new Shape(substationSchema, document.value);
  const custom = (id: string): Shape | undefined => {
    const written = (valueAt(document.value, ["channels", id]) ?? {}) as Readonly<Record<string, unknown>>;
    const adapter = adapterIn(written, adapters);
    if (!adapter) return undefined;
    const channels = z.object({ [id]: adapterChannelSchema(adapter) });
    return new Shape(z.object({ channels }), document.value);
  };
  return ([area, id]) => (area === "channels" && id !== undefined && custom(String(id))) || usual;
}

/** A settings file that is broken is a problem of the fleet, and told as such. */
function tryStored(stacks: string, group: string): readonly StoredSecret[] | undefined {
  try {
    return storedSecrets(stacks, group);
  } catch {
    return undefined;
  }
}
