import type { ChannelKind } from "./channels/types";
import type { Document } from "./document";
import { validate } from "./issues";
import type { ModuleName } from "./modules/types";
import { quote } from "./problem";
import type { Problem } from "./problem";
import { resourcesSchema, tierSchema, tiersSchema } from "./schema";
import type { TierFile } from "./schema";
import type { Scope } from "./scopes";
import { nearest } from "./suggest";
import { duration, share, size } from "./units";

/** What a substation may use. */
export interface Resources {
  readonly memoryBytes: number;
  /** Cores, with fractions. */
  readonly cpus: number;
  /** Processes and threads. */
  readonly processes: number;
  readonly databaseConnections: number;
  readonly statementTimeoutMs: number;
  readonly idleTransactionTimeoutMs: number;
  readonly temporaryStorageBytes: number;
  readonly logSizeBytes: number;
}

/** A permission level: what a substation may be, have and do at most. */
export interface Tier {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly limits: Resources;
  readonly modules: readonly ModuleName[];
  /** Kinds of payment channels. */
  readonly channels: readonly ChannelKind[];
  /** Of those that are enabled. */
  readonly maximumChannels: number;
  /** Added to the main station's price; `default` is meant where a file says nothing. */
  readonly markup: Bounds & { readonly default: number };
  readonly revenueShare: Bounds;
  /** Of the substation's token for the main station's API: exactly these. */
  readonly scopes: readonly Scope[];
}

/** Basis points: 1,250 is 12.5%. Both ends are allowed. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
}

export interface Tiers {
  /** Those that can be used. */
  readonly byName: ReadonlyMap<string, Tier>;
  /** Those that are written down, usable or not; undefined where that is not known. */
  readonly names?: readonly string[];
  readonly problems: readonly Problem[];
}

/** The tiers of tiers.yaml. */
export function readTiers(document: Document): Tiers {
  const byName = new Map<string, Tier>();
  if (document.broken) return { byName, problems: [] };
  const { problems } = validate(tiersSchema, document);
  const written: unknown = (document.value as Record<string, unknown> | null)?.["tiers"];
  if (typeof written !== "object" || written === null || Array.isArray(written)) return { byName, problems };
  for (const [name, value] of Object.entries(written)) {
    const tier = tierSchema.safeParse(value);
    if (tier.success) byName.set(name, tierOf(name, tier.data));
  }
  return { byName, names: Object.keys(written), problems };
}

function tierOf(name: string, { limits, markup, revenueShare, ...written }: TierFile): Tier {
  return {
    name,
    title: written.title,
    limits: resourcesOf(limits) as Resources,
    // The schema lets no other words pass.
    modules: written.modules as ModuleName[],
    channels: written.channels as ChannelKind[],
    maximumChannels: written.maximumChannels,
    markup: {
      from: share.value(markup.from),
      to: share.value(markup.to),
      default: share.value(markup.default),
    },
    revenueShare: { from: share.value(revenueShare.from), to: share.value(revenueShare.to) },
    scopes: written.scopes as Scope[],
  };
}

/** Whether the tier exists and allows the resources that the file asks for; of a file whose other keys may be wrong. */
export function tierProblems(document: Document, tiers: Tiers): Problem[] {
  const { tier: name, resources } = (document.value ?? {}) as { tier?: unknown; resources?: unknown };
  if (typeof name !== "string" || !tiers.names) return [];
  if (!tiers.names.includes(name)) {
    const near = nearest(name, tiers.names);
    const message = `tier is ${quote(name, 40)}: ${near ? `did you mean "${near}"? The tiers` : "there is no such tier; those"} of tiers.yaml are ${tiers.names.join(", ")}.`;
    return [{ ...document.at(["tier"]), code: "tier/unknown", message }];
  }
  const tier = tiers.byName.get(name);
  const asked = resourcesSchema.safeParse(resources);
  if (!tier || !asked.success || !asked.data) return [];
  const wanted = resourcesOf(asked.data);
  return Object.entries(asked.data).flatMap(([key, written]): Problem[] => {
    const field = fields[key as Field];
    const [want, allowed] = [wanted[field.name] ?? 0, tier.limits[field.name]];
    if (want <= allowed) return [];
    const instead = otherTiers(tiers, (other) => other.limits[field.name] >= want);
    const message = `resources.${key} is ${written}: the tier ${tier.name} (${tier.title}) allows ${field.format(allowed)}; write that or less${instead}.`;
    return [{ ...document.at(["resources", key]), code: "tier/exceeded", message }];
  });
}

/** `, or choose a tier that allows it: …`, for the end of a complaint. */
export function otherTiers({ byName }: Tiers, allows: (tier: Tier) => boolean): string {
  const others = [...byName.values()].filter(allows).map(({ name }) => name);
  return others.length > 0
    ? `, or choose a tier that allows it: ${others.join(", ")}`
    : "; no tier allows more than its own";
}

type Field = keyof TierFile["limits"];
type Measure = {
  readonly name: keyof Resources;
  readonly value: (written: string) => number;
  readonly format: (value: number) => string;
};

const count = (name: keyof Resources): Measure => ({ name, value: Number, format: String });
const fields: Readonly<Record<Field, Measure>> = {
  memory: { name: "memoryBytes", ...size },
  cpus: count("cpus"),
  processes: count("processes"),
  databaseConnections: count("databaseConnections"),
  statementTimeout: { name: "statementTimeoutMs", ...duration },
  idleTransactionTimeout: { name: "idleTransactionTimeoutMs", ...duration },
  temporaryStorage: { name: "temporaryStorageBytes", ...size },
  logSize: { name: "logSizeBytes", ...size },
};

/** A limit of a tier as its file says it: `192 MB`; undefined where there is none of that name. */
export function limitText({ limits }: Tier, key: string): string | undefined {
  const field = Object.hasOwn(fields, key) ? fields[key as Field] : undefined;
  return field?.format(limits[field.name]);
}

/** Written values to numbers in base units, under the names that carry those. */
export const resourcesOf = (written: Partial<TierFile["limits"]>): Partial<Resources> =>
  Object.fromEntries(
    Object.entries(written).map(([key, value]) => {
      const field = fields[key as Field];
      return [field.name, field.value(String(value))] as const;
    }),
  );
