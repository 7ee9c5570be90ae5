import { relative, resolve, sep } from "node:path";

import { collisions } from "./collisions";
import type { Claim } from "./collisions";
import { parseYaml } from "./document";
import type { Document, Path } from "./document";
import { groupFinding, idFinding, substationsPerGroup } from "./ids";
import { validate } from "./issues";
import { compareProblems } from "./problem";
import type { Position, Problem } from "./problem";
import { substationSchema, tierSchema, tiersSchema } from "./schema";
import type { SubstationFile, TierFile } from "./schema";
import { secretVersions, type SecretVersions } from "./secret-versions";
import { readSource } from "./source";
import { nearest } from "./suggest";
import { readTree } from "./tree";
import type { TreeFile } from "./tree";
import { duration, share, size } from "./units";

export { compareProblems, formatProblem } from "./problem";
export type { Position, Problem, ProblemCode } from "./problem";

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

export interface Tier {
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly limits: Resources;
}

/** One substation as its file asks for it, complete and checked. */
export interface SubstationSpec {
  readonly id: string;
  /** The Pulumi stack that it belongs to. */
  readonly group: string;
  /** Its file, relative to the working directory where it is below that. */
  readonly file: string;
  readonly title: string;
  readonly tier: Tier;
  readonly owner: { readonly name: string; readonly contact: string; readonly crmId?: string };
  readonly host: string;
  /** By digest; absent where the platform's own is meant. */
  readonly image?: string;
  /** 1,250 is 12.5%. */
  readonly revenueShareBasisPoints: number;
  /** The tier's, with what the file asks for in place of it. */
  readonly resources: Resources;
  readonly secretVersions: SecretVersions;
  /** Where the value at a path of the file stands, for problems that are found later: `at(["domain", "host"])`. */
  at(path: Path): Position;
}

/** All the typed files. Nothing may be changed anywhere while there are problems: see `problemsFor`. */
export interface Fleet {
  /** The folder of the typed files, absolute. */
  readonly root: string;
  readonly tiers: ReadonlyMap<string, Tier>;
  /** The substations by group and file name; those files whose own content has problems are left out. */
  readonly groups: ReadonlyMap<string, readonly SubstationSpec[]>;
  /** How many files were looked into. */
  readonly fileCount: number;
  /** Of all files and between them, sorted by place. */
  readonly problems: readonly Problem[];
}

/** Reads and checks all typed files. Never throws for what stands in them: that is what `problems` is for. */
export function loadFleet(stacksDir: string): Fleet {
  const root = resolve(stacksDir);
  const displayName = namer();
  const tree = readTree(root, displayName);
  const problems: Problem[] = [...tree.problems];
  const tiers = loadTiers(tree.tiers, displayName, problems);
  const groups = new Map<string, SubstationSpec[]>();
  const claims: Claim[] = [];

  for (const { name: group, path, files } of tree.groups) {
    const specs: SubstationSpec[] = [];
    for (const file of files) {
      const { claim, spec, found } = loadSubstation(file, displayName(file.path), group, tiers);
      problems.push(...found);
      claims.push(claim);
      if (spec && !idFinding(spec.id)) specs.push(spec);
    }
    if (files.length > substationsPerGroup) {
      const message = `The group has ${files.length} substations: at most ${substationsPerGroup} share a stack; move ${files.length - substationsPerGroup} to another group.`;
      problems.push({ file: displayName(path), line: 1, column: 1, code: "group/full", message });
    }
    if (!groupFinding(group)) groups.set(group, specs);
  }
  problems.push(...collisions(claims));
  const fileCount = claims.length + (tree.tiers === undefined ? 0 : 1);
  return { root, tiers: tiers.byName, groups, fileCount, problems: problems.sort(compareProblems) };
}

/** The problems that concern one group: its own, those of the tiers, and those of the folder itself, but not those of other groups. */
export function problemsFor(fleet: Fleet, group: string): Problem[] {
  return fleet.problems.filter((problem) => {
    const [first = ""] = relative(fleet.root, resolve(problem.file)).split(sep);
    return first === group || !fleet.groups.has(first);
  });
}

interface Tiers {
  /** Those that can be used. */
  readonly byName: ReadonlyMap<string, Tier>;
  /** Those that are written down, usable or not; undefined where that is not known. */
  readonly names?: readonly string[];
}

function loadTiers(
  path: string | undefined,
  displayName: (path: string) => string,
  problems: Problem[],
): Tiers {
  const byName = new Map<string, Tier>();
  if (path === undefined) return { byName };
  const { document, found } = load(path, displayName(path));
  problems.push(...found);
  if (!document || document.broken) return { byName };
  problems.push(...validate(tiersSchema, document).problems);
  const written: unknown = (document.value as Record<string, unknown> | null)?.["tiers"];
  if (typeof written !== "object" || written === null || Array.isArray(written)) return { byName };
  for (const [name, value] of Object.entries(written)) {
    const tier = tierSchema.safeParse(value);
    if (tier.success)
      byName.set(name, { name, title: tier.data.title, limits: numbers(tier.data.limits) as Resources });
  }
  return { byName, names: Object.keys(written) };
}

interface Loaded {
  readonly claim: Claim;
  readonly spec?: SubstationSpec;
  readonly found: readonly Problem[];
}

function loadSubstation({ id, path }: TreeFile, file: string, group: string, tiers: Tiers): Loaded {
  const { document, found, text } = load(path, file);
  if (!document || text === undefined) {
    return { claim: { id, group, file, at: () => ({ file, line: 1, column: 1 }) }, found };
  }
  // Few are ever asked: to read a text again costs less than to keep the nodes of a thousand files.
  const at = (where: Path): Position => parseYaml(file, text).at(where);
  const host = (document.value as { domain?: { host?: unknown } } | null)?.domain?.host;
  const claim: Claim = { id, group, file, at, ...(typeof host === "string" ? { host } : {}) };
  if (document.broken) return { claim, found };

  const { value, problems } = validate(substationSchema, document);
  const all = [...found, ...problems, ...tierProblems(document, tiers)];
  const tier = value && tiers.byName.get(value.tier);
  if (!value || !tier || all.length > 0) return { claim, found: all };
  return { claim, found: all, spec: { id, group, file, at, ...specOf(value, tier) } };
}

type Written = Omit<SubstationSpec, "id" | "group" | "file" | "at">;

function specOf(value: SubstationFile, tier: Tier): Written {
  const { crmId, ...owner } = value.owner;
  return {
    title: value.title,
    tier,
    owner: { ...owner, ...(crmId === undefined ? {} : { crmId }) },
    host: value.domain.host,
    ...(value.image === undefined ? {} : { image: value.image }),
    revenueShareBasisPoints: parsed(share.parse(value.revenueShare)),
    resources: { ...tier.limits, ...numbers(value.resources ?? {}) },
    secretVersions: secretVersions(value.secretVersions),
  };
}

/** Whether the tier exists and allows what the file asks for; of a file whose other keys may be wrong. */
function tierProblems(document: Document, tiers: Tiers): Problem[] {
  const { tier: name, resources } = (document.value ?? {}) as { tier?: unknown; resources?: unknown };
  if (typeof name !== "string" || !tiers.names) return [];
  if (!tiers.names.includes(name)) {
    const near = nearest(name, tiers.names);
    const message = `tier is ${JSON.stringify(name.slice(0, 40))}: ${near ? `did you mean "${near}"? The tiers` : "there is no such tier; those"} of tiers.yaml are ${tiers.names.join(", ")}.`;
    return [{ ...document.at(["tier"]), code: "tier/unknown", message }];
  }
  const tier = tiers.byName.get(name);
  const asked = substationSchema.shape.resources.safeParse(resources);
  if (!tier || !asked.success || !asked.data) return [];
  const wanted = numbers(asked.data);
  return Object.entries(asked.data).flatMap(([key, written]): Problem[] => {
    const field = fields[key as Field];
    const [want, allowed] = [wanted[field.name] ?? 0, tier.limits[field.name]];
    if (want <= allowed) return [];
    const others = [...tiers.byName.values()]
      .filter((other) => other.limits[field.name] >= want)
      .map((other) => other.name);
    const instead =
      others.length > 0
        ? `, or choose a tier that allows it: ${others.join(", ")}`
        : "; no tier allows more than its own";
    const message = `resources.${key} is ${written}: the tier ${tier.name} (${tier.title}) allows ${field.format(allowed)}; write that or less${instead}.`;
    return [{ ...document.at(["resources", key]), code: "tier/exceeded", message }];
  });
}

type Field = keyof TierFile["limits"];
type Measure = {
  readonly name: keyof Resources;
  readonly parse: (written: string) => number | undefined;
  readonly format: (value: number) => string;
};

const count = (name: keyof Resources): Measure => ({ name, parse: Number, format: String });
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

/** Written values to numbers in base units, under the names that carry those. */
function numbers(written: Partial<TierFile["limits"]>): Partial<Resources> {
  const entries = Object.entries(written).map(([key, value]) => {
    const field = fields[key as Field];
    return [field.name, parsed(field.parse(String(value)))] as const;
  });
  return Object.fromEntries(entries);
}

/** What the schema has let pass can be parsed. */
function parsed(value: number | undefined): number {
  if (value === undefined || Number.isNaN(value))
    throw new Error("The schema lets a value pass that its unit does not parse.");
  return value;
}

function load(path: string, file: string): { text?: string; document?: Document; found: Problem[] } {
  const { text, problems } = readSource(path, file);
  if (text === undefined) return { found: [...problems] };
  const document = parseYaml(file, text);
  return { text, document, found: [...problems, ...document.problems] };
}

/** Names paths for people: relative to the working directory where they are below it, with "/" everywhere. */
function namer(): (path: string) => string {
  const folders = new Map<string, string>();
  return (path) => {
    const cut = path.lastIndexOf(sep);
    const folder = path.slice(0, cut);
    let near = folders.get(folder);
    if (near === undefined) folders.set(folder, (near = relative("", folder)));
    if (near === ".." || near.startsWith(`..${sep}`))
      return relative("", path) === "" ? "." : path.split(sep).join("/");
    return [...near.split(sep), path.slice(cut + 1)].filter((part) => part !== "").join("/");
  };
}
