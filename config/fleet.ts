import { createHash } from "node:crypto";
import { relative, resolve, sep } from "node:path";

import { channelProblems, channelsIn, secretProblems } from "./channels/check";
import { readAdapter, type Adapters } from "./channels/descriptor";
import type { Adapter, ChannelSpec } from "./channels/types";
import { collisions } from "./collisions";
import type { Claim } from "./collisions";
import { displayNames } from "./display-name";
import { parseYaml } from "./document";
import type { Document, Path } from "./document";
import { groupFinding, idFinding, substationsPerGroup } from "./ids";
import { validate } from "./issues";
import { minimumGrace } from "./lifecycle/grace";
import { orphanOrder, readOrder, type ClosingOrder } from "./lifecycle/order";
import type { Suspension } from "./lifecycle/suspension";
import { moduleProblems } from "./modules/check";
import { modulesOf } from "./modules/schema";
import type { Modules } from "./modules/types";
import { compareProblems, formatProblem, quote } from "./problem";
import type { Position, Problem } from "./problem";
import { resourcesSchema, substationSchema } from "./schema";
import type { SubstationFile } from "./schema";
import { secretVersions, type SecretVersions } from "./secret-versions";
import { decode, readSource } from "./source";
import { groupWithSecret, storedSecrets, type StoredSecret } from "./stack-secrets";
import { Templates } from "./templates";
import type { InitialData } from "./templates/types";
import { initialDataOf, sizeProblems, templateOf, templateProblems } from "./templates/use";
import { termProblems } from "./term-problems";
import { readTiers, resourcesOf, tierProblems } from "./tiers";
import type { Resources, Tier, Tiers } from "./tiers";
import { readTree, withFiles } from "./tree";
import type { NewFile, TreeFile } from "./tree";
import { share } from "./units";

export { compareProblems, formatProblem } from "./problem";
export type { Position, Problem, ProblemCode } from "./problem";
export type { Resources, Tier } from "./tiers";

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
  /** The platform's share of the margin, which is what `markup` brings: 1,250 is 12.5%. */
  readonly revenueShareBasisPoints: number;
  /** Added to the main station's price: 1,500 is 15%. */
  readonly markupBasisPoints: number;
  readonly modules: Modules;
  /** In the order of the file. */
  readonly channels: readonly ChannelSpec[];
  /** The template with this substation's values. */
  readonly initialData: InitialData;
  /** The tier's, with what the file asks for in place of it. */
  readonly resources: Resources;
  readonly secretVersions: SecretVersions;
  /** Absent while it is to sell. One that is to be closed is suspended from the order on. */
  readonly suspended?: Suspension;
  /** Where it was ordered that it be closed. */
  readonly closing?: ClosingOrder;
  /** Where the value at a path of the file stands, for problems that are found later: `at(["domain", "host"])`. */
  at(path: Path): Position;
}

/** All the typed files. Nothing may be changed anywhere while there are problems: see `problemsFor`. */
export interface Fleet {
  /** The folder of the typed files, absolute. */
  readonly root: string;
  readonly tiers: ReadonlyMap<string, Tier>;
  /** The payment systems of stacks/channels/. */
  readonly adapters: Adapters;
  readonly templates: Templates;
  /** The substations by group and file name; those files whose own content has problems are left out. */
  readonly groups: ReadonlyMap<string, readonly SubstationSpec[]>;
  /** By `<group>/<id>`, those that can be read. One whose removal has begun is not among the substations any more. */
  readonly closings: ReadonlyMap<string, ClosingOrder>;
  /** How many files were looked into. */
  readonly fileCount: number;
  /** Of all files and between them, sorted by place. */
  readonly problems: readonly Problem[];
}

/**
 * Reads and checks all typed files. Never throws for what stands in them: that is what `problems` is for.
 * @param added files that are not written yet: what is said of them is what will be said
 */
export function loadFleet(stacksDir: string, added: readonly NewFile[] = []): Fleet {
  const root = resolve(stacksDir);
  const displayName = displayNames();
  const tree = withFiles(readTree(root, displayName), root, displayName, added);
  const problems: Problem[] = [...tree.problems];
  const templates = new Templates(tree.templates, displayName);
  // Before they are read: what changes in between is then found again the next time.
  const shared = sharedKey([tree.tiers ?? "", ...tree.channels.map(({ path }) => path), ...templates.paths]);
  const tiers = loadTiers(tree.tiers, displayName);
  const adapters = loadAdapters(tree.channels, displayName);
  for (const { name } of tree.templates) templates.get(name); // also those that no file names yet
  problems.push(...tiers.problems, ...adapters.problems);
  const groups = new Map<string, SubstationSpec[]>();
  const claims: Claim[] = [];
  const closings = new Map<string, ClosingOrder>();

  for (const { name: group, path, files, orders } of tree.groups) {
    for (const file of orders) {
      const { order, problems: found } = loadOrder(root, group, file, files, displayName);
      problems.push(...found);
      if (order) closings.set(`${group}/${order.id}`, order);
    }
    const specs: SubstationSpec[] = [];
    const secrets = lazySecrets(root, group, (message) =>
      problems.push({ file: displayName(path), line: 1, column: 1, code: "yaml/syntax", message }),
    );
    for (const file of files) {
      const { claim, spec, found } = loadSubstation(file, displayName(file.path), group, {
        shared,
        tiers,
        templates,
        adapters,
        secrets,
        secretsIn: (id, name) => groupWithSecret(root, id, name),
      });
      problems.push(...found);
      claims.push(claim);
      const order = closings.get(`${group}/${file.id}`);
      if (spec && !idFinding(spec.id) && !order?.removing) specs.push(order ? closing(spec, order) : spec);
    }
    if (files.length > substationsPerGroup) {
      const message = `The group has ${files.length} substations: at most ${substationsPerGroup} share a stack; move ${files.length - substationsPerGroup} to another group.`;
      problems.push({ file: displayName(path), line: 1, column: 1, code: "group/full", message });
    }
    if (!groupFinding(group)) groups.set(group, specs);
  }
  problems.push(...collisions(claims), ...templates.problems);
  const orderCount = tree.groups.reduce((sum, { orders }) => sum + orders.length, 0);
  const fileCount =
    claims.length +
    orderCount +
    tree.channels.length +
    tree.templates.length +
    (tree.tiers === undefined ? 0 : 1);
  return {
    root,
    tiers: tiers.byName,
    adapters,
    templates,
    groups,
    closings,
    fileCount,
    problems: problems.sort(compareProblems),
  };
}

/** What visitors read of one that is to be closed: why is not theirs to know. */
const closing = (spec: SubstationSpec, order: ClosingOrder): SubstationSpec => ({
  ...spec,
  suspended: spec.suspended ?? { since: order.ordered, reason: "本店即将关闭" },
  closing: order,
});

function loadOrder(
  root: string,
  group: string,
  { id, path }: TreeFile,
  files: readonly TreeFile[],
  displayName: (path: string) => string,
): ReturnType<typeof readOrder> {
  const file = displayName(path);
  const { document, found } = load(path, file);
  const orphan = files.some((one) => one.id === id) ? [] : [orphanOrder(id, { file, line: 1, column: 1 })];
  if (!document || document.broken) return { problems: [...found, ...orphan] };
  const { order, problems } = readOrder(id, group, document, minimumGrace(root, group));
  // At the very end of a closing the substation's file goes before its order.
  const all = [...found, ...problems, ...(order?.removing ? [] : orphan)];
  return order && all.length === 0 ? { order, problems: [] } : { problems: all };
}

/** The problems that concern one group: its own, those of the tiers, and those of the folder itself, but not those of other groups. */
export function problemsFor(fleet: Fleet, group: string): Problem[] {
  return fleet.problems.filter((problem) => {
    const [first = ""] = relative(fleet.root, resolve(problem.file)).split(sep);
    return first === group || !fleet.groups.has(first);
  });
}

function loadTiers(path: string | undefined, displayName: (path: string) => string): Tiers {
  const { document, found } = path === undefined ? { found: [] } : load(path, displayName(path));
  const tiers = document ? readTiers(document) : { byName: new Map<string, Tier>(), problems: [] };
  return { ...tiers, problems: [...found, ...tiers.problems] };
}

function loadAdapters(
  files: readonly TreeFile[],
  displayName: (path: string) => string,
): Adapters & { readonly problems: readonly Problem[] } {
  const byName = new Map<string, Adapter>();
  const problems = files.flatMap(({ id, path }) => {
    const { document, found } = load(path, displayName(path));
    const { adapter, problems } = document ? readAdapter(id, document) : { problems: [] };
    if (adapter && found.length === 0) byName.set(id, adapter);
    return [...found, ...problems];
  });
  return { byName, names: files.map(({ id }) => id), problems };
}

/** Names of a group's stored secrets; undefined where the group has no settings file yet, so that nobody knows what will be stored. */
type Secrets = () => readonly StoredSecret[] | undefined;

/** Settings files are large, and most files name no secret: they are read when the first one does. */
function lazySecrets(root: string, group: string, report: (message: string) => void): Secrets {
  let read: { readonly stored: ReturnType<Secrets> } | undefined;
  return () => (read ??= { stored: tryRead() }).stored;

  function tryRead(): ReturnType<Secrets> {
    try {
      return storedSecrets(root, group);
    } catch (error) {
      const why = quote((error as Error).message.split("\n", 1)[0] ?? "");
      report(
        `The settings of this stack, Pulumi.${group}.yaml, cannot be read (${why}): restore them from git.`,
      );
      return undefined;
    }
  }
}

interface Loaded {
  readonly claim: Claim;
  readonly spec?: SubstationSpec;
  readonly found: readonly Problem[];
}

interface Known {
  /** Differs where the next three do. */
  readonly shared: string;
  readonly tiers: Tiers;
  readonly templates: Templates;
  readonly adapters: Adapters;
  readonly secrets: Secrets;
  /** The group whose settings hold a secret. */
  readonly secretsIn: (id: string, name: string) => string | undefined;
}

/** What came of a file that has no problem. */
interface Kept {
  /** Of all that it came from, but for the secrets. */
  readonly key: string;
  /** The secrets of its group, where it names any. */
  readonly stored: string | undefined;
  readonly loaded: Loaded;
}

/**
 * By path. A command asks for the fleet again wherever a file may have changed meanwhile, and few have: it takes a millisecond for each file to find out again what the same text is
 * among the same tiers, templates and payment systems.
 */
const kept = new Map<string, Kept>();

function loadSubstation(treeFile: TreeFile, file: string, group: string, known: Known): Loaded {
  const { id, path } = treeFile;
  const source =
    treeFile.text === undefined ? readSource(path, file) : decode(Buffer.from(treeFile.text), file);
  if (source.text === undefined)
    return { claim: { id, group, file, at: () => ({ file, line: 1, column: 1 }) }, found: source.problems };
  const key = [known.shared, file, group, id, source.text].join("\0");
  const before = kept.get(path);
  if (before?.key === key && (before.stored === undefined || before.stored === textOf(known.secrets())))
    return before.loaded;
  let stored: string | undefined;
  const secrets = () => {
    const found = known.secrets();
    stored = textOf(found);
    return found;
  };
  const loaded = readSubstation(id, group, file, source.text, source.problems, { ...known, secrets });
  if (loaded.found.length === 0) kept.set(path, { key, stored, loaded });
  return loaded;
}

const textOf = (stored: ReturnType<Secrets>): string => JSON.stringify(stored ?? null);

/** Of the content of files that all substations may name, and of which there are. */
const sharedKey = (paths: readonly string[]): string =>
  createHash("sha256")
    .update(JSON.stringify(paths.map((path) => [path, path && readSource(path, path).text])))
    .digest("hex");

function readSubstation(
  id: string,
  group: string,
  file: string,
  text: string,
  written: readonly Problem[],
  known: Known,
): Loaded {
  const document = parseYaml(file, text);
  const found = [...written, ...document.problems];
  // Few are ever asked: to read a text again costs less than to keep the nodes of a thousand files.
  const at = (where: Path): Position => parseYaml(file, text).at(where);
  const host = (document.value as { domain?: { host?: unknown } } | null)?.domain?.host;
  const claim: Claim = { id, group, file, at, ...(typeof host === "string" ? { host } : {}) };
  if (document.broken) return { claim, found };

  const { value, problems } = validate(substationSchema, document);
  const channels = channelsIn(document, known.adapters);
  const all = once([...found, ...problems, ...problemsBetween(document, id, channels, known)]);
  const tier = value && known.tiers.byName.get(value.tier);
  const name = templateOf(document.value) ?? "";
  const template = known.templates.get(name)?.value;
  // A custom channel is not read where the file of its payment system has problems.
  const unread = Object.keys(value?.channels ?? {}).length > channels.length;
  if (!value || !tier || !template || unread || all.length > 0) return { claim, found: all };
  const spec = specOf(value, tier);
  const initialData = initialDataOf(template, value, spec.modules);
  const tooMuch = sizeProblems(document, name, initialData);
  if (tooMuch.length > 0) return { claim, found: tooMuch };
  return { claim, found: all, spec: { id, group, file, at, ...spec, channels, initialData } };
}

/** What keys say of each other, of the tier and of what is stored; of a file whose form may be wrong elsewhere. */
function problemsBetween(
  document: Document,
  id: string,
  channels: readonly ChannelSpec[],
  { tiers, templates, adapters, secrets, secretsIn }: Known,
): Problem[] {
  const file = (document.value ?? {}) as { tier?: unknown; resources?: unknown };
  const tier = typeof file.tier === "string" ? tiers.byName.get(file.tier) : undefined;
  const names = channels.some((channel) => Object.keys(channel.secrets).length > 0);
  const stored = names ? secrets() : undefined;
  const found = [
    ...tierProblems(document, tiers),
    ...templateProblems(document, templates),
    ...channelProblems(document, channels, adapters, tier, tiers),
    ...(stored ? secretProblems(document, id, channels, stored, (name) => secretsIn(id, name)) : []),
  ];
  if (!tier) return found;
  const asked = resourcesSchema.safeParse(file.resources);
  const resources = { ...tier.limits, ...resourcesOf((asked.success && asked.data) || {}) };
  return [
    ...found,
    ...moduleProblems(document, tier, resources, channels),
    ...termProblems(document, tier, tiers, channels),
  ];
}

/** Without what was said of the same place in the same words: a custom channel is held against two schemas. */
function once(problems: readonly Problem[]): Problem[] {
  const said = new Set<string>();
  return problems.filter((problem) => {
    const what = formatProblem(problem);
    return !said.has(what) && said.add(what);
  });
}

type Written = Omit<SubstationSpec, "id" | "group" | "file" | "at" | "channels" | "initialData">;

function specOf(value: SubstationFile, tier: Tier): Written {
  const { crmId, ...owner } = value.owner;
  return {
    title: value.title,
    tier,
    owner: { ...owner, ...(crmId === undefined ? {} : { crmId }) },
    host: value.domain.host,
    ...(value.image === undefined ? {} : { image: value.image }),
    revenueShareBasisPoints: share.value(value.revenueShare),
    markupBasisPoints: value.markup === undefined ? tier.markup.default : share.value(value.markup),
    modules: modulesOf(value.modules),
    resources: { ...tier.limits, ...resourcesOf(value.resources ?? {}) },
    secretVersions: secretVersions(value.secretVersions),
    ...(value.suspended === undefined ? {} : { suspended: value.suspended }),
  };
}

function load(path: string, file: string): { document?: Document; found: readonly Problem[] } {
  const { text, problems } = readSource(path, file);
  if (text === undefined) return { found: problems };
  const document = parseYaml(file, text);
  return { document, found: [...problems, ...document.problems] };
}
