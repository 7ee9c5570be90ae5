import { mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { displayNames } from "../../config/display-name";
import { parseYaml } from "../../config/document";
import { UserError } from "../../config/error";
import { loadFleet, problemsFor, type Fleet } from "../../config/fleet";
import { substationsPerGroup } from "../../config/ids";
import { formatProblem, quote, type Problem, type ProblemCode } from "../../config/problem";
import { valueAt } from "../../config/shape";
import { writeNew } from "../write-new";
import { draft, ownKeys, pathOf, type Draft, type Wanted } from "./draft";
import { readSources, type Sources } from "./source";
import { wantedOf, type Asked } from "./wanted";

/** A file that was written. */
export interface Written {
  readonly id: string;
  readonly group: string;
  readonly file: string;
  /** The template or substation that it was made from. */
  readonly from: string;
  /** What was not taken over from there, and why. */
  readonly left: readonly string[];
  /** Names of the secrets that its channels want, by whether these are the sandbox's. None is stored yet. */
  readonly secrets: { readonly sandbox: readonly string[]; readonly real: readonly string[] };
}

/** Why nothing was written. */
export interface Fault {
  /** Which of those that were asked for. */
  readonly index: number;
  /** The key that is at fault, or missing: `id`, `group`, `from`, or a dotted one; undefined where it is something else. */
  readonly key?: string;
  readonly code: ProblemCode;
  readonly message: string;
}

/** A file as it will be. */
export type Drafted = Wanted & Draft & { readonly index: number; readonly file: string };

/**
 * The files of new substations, and all that `substation check` would say of them: without a fault they pass it, but for secrets, which can only be stored then.
 * @throws UserError where the other typed files have problems that hide those of the new ones
 */
export function draftSubstations(
  stacks: string,
  asked: readonly Asked[],
): { readonly drafts: readonly Drafted[]; readonly faults: readonly Fault[] } {
  const root = resolve(stacks);
  const name = displayNames();
  const now = loadFleet(root);
  const sources = readSources(root, now.templates);
  const faults: Fault[] = [];
  const drafts = asked.flatMap((one, index): Drafted[] => {
    const wanted = wantedOf(one, sources, now);
    if ("code" in wanted) {
      faults.push({ index, ...wanted });
      return [];
    }
    const file = name(join(root, wanted.group, `${one.id}.yaml`));
    return [{ index, ...wanted, ...draft(wanted), file }];
  });
  const early = drafts.flatMap((one) => missing(one, drafts, sources));
  const fresh = drafts.filter(({ index }) => !early.some((f) => f.index === index && f.code === "id/taken"));
  const before = new Set(now.problems.map(formatProblem));
  const after = loadFleet(root, fresh);
  const news = after.problems.filter((problem) => !before.has(formatProblem(problem)));
  const late = faultsIn(news, fresh, sources).filter(
    (fault) => !early.some(({ index, key = "" }) => index === fault.index && tells(fault, key)),
  );
  faults.push(...early, ...late);
  if (faults.length === 0) refuseUnread(after, drafts, news);
  return { drafts, faults: faults.sort((a, b) => a.index - b.index) };
}

/** Whether a fault is about a key of which something was said already: `owner is missing` is, of `owner.name`. */
const tells = ({ key, code, message }: Fault, said: string): boolean =>
  key === said || (code === "key/missing" && `${said}.`.startsWith(`${message.split(" ", 1)[0]}.`));

/** What each shop has to say for itself, and ids that exist already. */
function missing(one: Drafted, all: readonly Drafted[], { files }: Sources): Fault[] {
  const { index, id, values, unset } = one;
  const file = files.get(id);
  const twin = all.find((other) => other.id === id);
  const owner = file ?? (twin !== one ? "another of the new ones" : undefined);
  const taken = `The id is ${quote(id)}, and ${owner} has it: no file is ever overwritten; choose another.`;
  const missed = ownKeys.filter((key) => !values.has(key) && !unset.includes(key));
  return [
    ...(owner === undefined ? [] : [{ index, key: "id", code: "id/taken" as const, message: taken }]),
    ...missed.map((key): Fault => ({
      index,
      key,
      code: "key/missing",
      message: `${key} is missing: each shop has its own.`,
    })),
    ...unset.map((key): Fault => {
      const message = `${key} cannot be set: a value stands above it, not keys.`;
      return { index, key, code: "key/unknown", message };
    }),
  ];
}

/** The problems that the new files bring, by the key that each comes from. */
function faultsIn(problems: readonly Problem[], drafts: readonly Drafted[], { groups }: Sources): Fault[] {
  return problems.flatMap(({ file, line, column, code, message }): Fault[] => {
    if (code === "secret/missing") return []; // a value can be stored once there is a file that names it
    const one = drafts.find((each) => each.file === file);
    if (one) {
      const key = keyAt(one, { line, column, code, message });
      return [{ index: one.index, code, message, ...(key === undefined ? {} : { key }) }];
    }
    if (code !== "group/full") return []; // what another file says of the same
    const inGroup = drafts.filter((each) => dirname(each.file) === file);
    const room = Math.max(0, substationsPerGroup - (groups.get(inGroup[0]?.group ?? "") ?? 0));
    const first = inGroup[room] ?? inGroup[0];
    return first ? [{ index: first.index, key: "group", code, message }] : [];
  });
}

type Place = Pick<Problem, "line" | "column" | "code" | "message">;

function keyAt({ file, text, values }: Drafted, { line, column, code, message }: Place): string | undefined {
  if (code.startsWith("id/")) return "id";
  if (code.startsWith("group/")) return "group";
  if (code === "template/value") return message.split(" ", 1)[0]; // a variable that is missing stands nowhere
  const document = parseYaml(file, text);
  return [...values.keys()].find((key) => {
    const path = pathOf(key);
    const value = valueAt(document.value, path);
    const items = Array.isArray(value) ? value.map((_, i) => document.at([...path, i])) : [];
    return [document.at(path), document.keyAt(path), ...items].some(
      (at) => at.line === line && at.column === column,
    );
  });
}

/** Where the tiers, say, have problems, those who use them have none, and yet nothing is known of them. */
function refuseUnread(after: Fleet, drafts: readonly Drafted[], news: readonly Problem[]): void {
  const unread = drafts.find(
    ({ id, group, file }) =>
      !after.groups.get(group)?.some((spec) => spec.id === id) && !news.some((one) => one.file === file),
  );
  if (!unread) return;
  const lines = problemsFor(after, unread.group).map(formatProblem).join("\n");
  throw new UserError(`nothing can be checked while the typed files have these problems:\n${lines}`);
}

/**
 * Writes files that have no faults, all or none, and none over another.
 * @throws UserError where one cannot be written
 */
export function writeSubstations(drafts: readonly Drafted[]): readonly Written[] {
  const done: string[] = [];
  try {
    for (const { file, text } of drafts) {
      mkdirSync(dirname(file), { recursive: true });
      writeNew(file, text);
      done.push(file);
    }
    return drafts.map(writtenOf);
  } catch (error) {
    for (const file of done) rmSync(file, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    const file = drafts[done.length]?.file ?? "a file";
    throw new UserError(`${file} cannot be written (${code ?? String(error)}). Nothing was written.`);
  }
}

function writtenOf({ id, group, file, source, left, text }: Drafted): Written {
  const { channels = {} } = parseYaml(file, text).value as { channels?: Record<string, Channel> };
  const names = (sandbox: boolean): string[] => [
    ...new Set(
      Object.values(channels)
        .filter((channel) => (channel.sandbox ?? false) === sandbox)
        .flatMap(({ secrets = {} }) => Object.values(secrets)),
    ),
  ];
  return { id, group, file, from: source.name, left, secrets: { sandbox: names(true), real: names(false) } };
}

interface Channel {
  readonly sandbox?: boolean;
  readonly secrets?: Readonly<Record<string, string>>;
}
