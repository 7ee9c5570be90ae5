import { join } from "node:path";
import { UserError } from "../../config/error";
import { loadFleet } from "../../config/fleet";
import { groupsIn, parseMark, type Owner } from "../../config/names";
import { isPlatformStack, platformOf, projectSettings, requiredSetting } from "../../config/stack-config";
import { others } from "../../config/suggest";
import { mapBounded } from "../../inventory/bounded";
import { liveDatabases } from "../../inventory/database";
import { audit } from "../audit/audit";
import type { AuditReport, Blind } from "../audit/report";
import { asUser, type Workspace } from "../pulumi";
import { readPlatform } from "../read-platform";
import { stackNames } from "../stack-names";
import { findingOf, mergeSeen, sortedFindings, type Placed, type Seen } from "./merge";
import { neverOpened, strays, unlisted } from "./orphans";
import type { DriftFinding, DriftReport } from "./report";
import { lookAtStack } from "./stack";

export interface DriftScope {
  /** The platform's stack. */
  readonly platform: string;
  /** Groups to look at; empty for everything on the platform, itself included. */
  readonly groups: readonly string[];
}

export interface DriftOptions {
  /** Engines at one time. @default 2 */
  readonly engines?: number | undefined;
  /** Resources that each works on at once. */
  readonly parallel?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was found, with what a repair needs to know of it. */
export interface Drift {
  readonly report: DriftReport;
  readonly seen: readonly Seen[];
  /** By group: substations that an update must leave as they are. */
  readonly held: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Looks for what is not as the files ask for, and not as the last update left it: each stack by the engine in two ways, and all of the platform by the audit, which sees what
 * both are blind to. Changes nothing. What cannot be looked at is told as such, and the rest is judged all the same.
 * @param note hears what it is at, in a few words
 * @throws UserError where there is no such group, or the backend cannot be asked
 */
export async function drift(
  workspace: Workspace,
  { platform, groups }: DriftScope,
  { engines = 2, parallel, signal }: DriftOptions = {},
  note: (what: string) => void = () => undefined,
): Promise<Drift> {
  const started = performance.now();
  const blind: Blind[] = [];
  const settings = projectSettings(workspace);
  const name = requiredSetting(settings, platform, "name");
  const fleet = loadFleet(join(workspace.root, "stacks"));
  const existing = await asUser("the backend's stacks cannot be listed", platform, () =>
    stackNames(workspace),
  );
  const stacks = new Set(existing);
  const here = [...new Set([...fleet.groups.keys(), ...stacks])].filter(
    (stack) => !isPlatformStack(stack) && platformOf(settings, stack) === platform,
  );
  const wanted = wantedGroups(groups, here);
  const whole = groups.length === 0;
  const live = await liveOwners(workspace, platform, name);
  const listed = (owner: Owner) => fleet.groups.get(owner.group)?.some(({ id }) => id === owner.id) ?? false;

  const looking = [...(whole ? [platform] : []), ...wanted].filter((stack) => stacks.has(stack));
  let done = 0;
  const [looked, audited] = await Promise.all([
    mapBounded(engines, looking, async (stack) => {
      const found = await lookAtStack(
        workspace,
        fleet,
        stack,
        name,
        new Set(
          live
            .filter((owner) => groupsIn(owner).includes(stack) && !listed({ ...owner, group: stack }))
            .map(({ id }) => id),
        ),
        {
          parallel,
          signal,
        },
      );
      note(`${(done += 1)} of ${looking.length} stacks`);
      return found;
    }),
    auditOf(workspace, platform, blind),
  ]);
  blind.push(...looked.flatMap((one) => one.blind));

  const files = new Map(
    [...fleet.groups.values()].flat().map(({ id, file, group }) => [file, { id, group }]),
  );
  const known = new Set([...fleet.groups.values()].flat().map(({ id }) => id));
  const leaving = (id: string | undefined) => id !== undefined && !known.has(id) && fleet.closings.has(id);
  const placed = (audited?.findings ?? [])
    .filter(({ kind }) => kind !== "host")
    .map((finding): Placed => {
      const of = files.get(finding.file ?? "") ?? finding.owner;
      return { finding, group: of?.group, id: of?.id };
    });
  const stray = (one: Placed) => one.id !== undefined && !known.has(one.id);
  const unopened = new Set(looked.flatMap((one) => one.unopened));
  for (const group of wanted.filter((one) => !stacks.has(one)))
    for (const { id } of fleet.groups.get(group) ?? []) unopened.add(id);
  const isUnopened = (id: string | undefined) => id !== undefined && unopened.has(id);

  const seen = mergeSeen(
    looked,
    placed.filter((one) => !stray(one) && !isUnopened(one.id)),
  ).filter(({ id, object }) => !isUnopened(id) && object.kind !== "substation");
  const findings: DriftFinding[] = [
    ...seen.map((one) => findingOf(one, new Set(looked.flatMap(({ held }) => [...held])))),
    ...strays(
      placed.filter((one) => stray(one) && !leaving(one.id)),
      looked.flatMap((one) => one.unlisted).filter(({ id }) => !known.has(id)), // what has a file elsewhere is on its way there
    ),
    ...neverOpened(fleet, wanted, stacks, unopened, new Map(live.map(({ id, group }) => [id, group]))),
    ...unlisted(here, fleet, looked),
    ...looked.flatMap((one) => one.forbidden),
  ].filter(({ group }) => whole || (group !== undefined && wanted.includes(group)));
  return {
    report: {
      platform: name,
      stacks: looking,
      findings: sortedFindings(findings),
      blind,
      hostFindings: (audited?.findings ?? []).filter(({ kind }) => kind === "host").length,
      seconds: (performance.now() - started) / 1000,
    },
    seen,
    held: new Map(looked.map(({ stack, held }) => [stack, held])),
  };
}

function wantedGroups(groups: readonly string[], here: readonly string[]): readonly string[] {
  for (const group of groups)
    if (!here.includes(group))
      throw new UserError(`there is no group "${group}" on this platform: ${others(group, here)}`);
  return groups.length === 0 ? here : [...new Set(groups)];
}

/** Whose databases there are. Where the server cannot be asked, the audit says so. */
async function liveOwners(workspace: Workspace, stack: string, name: string): Promise<readonly Owner[]> {
  const platform = await readPlatform(workspace, stack);
  if (!platform) return [];
  const databases = await liveDatabases(platform.database).then(
    (live) => live.databases,
    () => [],
  );
  return databases.flatMap(({ mark }) => parseMark(mark) ?? []).filter((owner) => owner.platform === name);
}

async function auditOf(
  workspace: Workspace,
  platform: string,
  blind: Blind[],
): Promise<AuditReport | undefined> {
  try {
    const report = await audit(workspace, { platform, ids: [] });
    blind.push(...report.blind);
    return report;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    blind.push({ what: "what the audit looks at", why: error.message });
    return undefined;
  }
}
