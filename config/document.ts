import { isAlias, isMap, isPair, isScalar, isSeq, parseDocument, visit } from "yaml";
import type { Node, Pair } from "yaml";

import { locator, printable, quote } from "./problem";
import type { Position, Problem } from "./problem";

export type Path = readonly (string | number)[];

/** One YAML file, read once: its plain value, and where each part of it stands. */
export interface Document {
  /** Objects have no prototype; of a duplicate key the first counts. Whatever could be read, if there are problems. */
  readonly value: unknown;
  /** What is wrong with the YAML itself. */
  readonly problems: readonly Problem[];
  /** True where the YAML has a syntax error, so that more complaints about its content would be guesses. */
  readonly broken: boolean;
  /** Where the value at `path` stands, or else the nearest thing around it that exists. */
  at(path: Path): Position;
  /** Where the last key of `path` stands. */
  keyAt(path: Path): Position;
  /** The scalar at `path` as it is written: `0123` where the value is 123. */
  source(path: Path): string | undefined;
}

const deepest = 16;
const mostSyntaxErrors = 20;
const tooDeep = `This is nested more than ${deepest} levels deep: no key of a typed file is.`;
const betterCodes: Readonly<Record<string, Problem["code"]>> = {
  BAD_ALIAS: "yaml/alias",
  TAG_RESOLVE_FAILED: "yaml/tag",
};
const secondDocument = "Here begins a second document: write one file for each substation.";

export function parseYaml(file: string, text: string): Document {
  const problems: Problem[] = [];
  const locate = locator(file, text);
  const report = (offset: number, code: Problem["code"], message: string): void => {
    problems.push({ ...locate(offset), code, message });
  };
  const parsed = parse(text);
  const directive = /^%.*$/m.exec(text);
  if (
    directive &&
    text
      .slice(0, directive.index)
      .split("\n")
      .every((line) => /^\s*(?:[#%]|$)/.test(line))
  ) {
    const seen = quote(directive[0].trim(), 40);
    report(directive.index, "yaml/directive", `The directive ${seen} changes how YAML is read: remove it.`);
  }
  const value = new Reader(locate, report).read(parsed.contents, 0);
  const told = (code: Problem["code"], offset: number): boolean =>
    problems.some((problem) => problem.code === code && problem.line === locate(offset).line);
  const places = new Set<number>();
  for (const { code, message, pos } of parsed.errors) {
    const offset = message.includes("closing") ? openQuote(parsed, pos[0]) : pos[0];
    // An error at the place of another is its consequence.
    if (places.has(offset) || places.size === mostSyntaxErrors) continue;
    // The reader below has better words for these, where it got to see them.
    const better = message.includes("call stack") ? "yaml/nesting" : betterCodes[code];
    if (better !== undefined && told(better, offset)) continue;
    places.add(offset);
    if (code === "MULTIPLE_DOCS") report(offset, "yaml/documents", secondDocument);
    else if (better === "yaml/nesting") report(offset, better, tooDeep);
    else report(offset, better ?? "yaml/syntax", syntaxMessage(code, message, text, offset));
  }
  return {
    value,
    problems,
    broken: parsed.errors.some(({ code }) => code !== "MULTIPLE_DOCS" && !(code in betterCodes)),
    at: (path) => locate((find(parsed.contents, path)?.node ?? parsed.contents)?.range?.[0] ?? 0),
    keyAt: (path) => locate(find(parsed.contents, path)?.key?.range?.[0] ?? 0),
    source: (path) => {
      const found = find(parsed.contents, path);
      return found?.whole && isScalar(found.node) ? found.node.source : undefined;
    },
  };
}

interface Parsed {
  readonly contents: Node | null;
  readonly errors: readonly {
    readonly code: string;
    readonly message: string;
    readonly pos: [number, number];
  }[];
}

function parse(text: string): Parsed {
  try {
    // Version 1.2 whatever a file may say; duplicates are found below, with both their places.
    return parseDocument(text, {
      version: "1.2",
      schema: "core",
      prettyErrors: false,
      uniqueKeys: false,
      merge: false,
      logLevel: "error",
    });
  } catch (error) {
    // The composer is recursive; and what it throws on a hostile file is that file's problem, not ours.
    return { contents: null, errors: [{ code: "IMPOSSIBLE", message: String(error), pos: [0, 0] }] };
  }
}

/** Where the quoted text that runs to `end` begins. */
function openQuote(parsed: Parsed, end: number): number {
  let start = end;
  visit(parsed.contents, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith("QUOTE") && range && range[0] <= end && range[1] >= end) start = range[0];
    },
  });
  return start;
}

function syntaxMessage(code: string, message: string, text: string, offset: number): string {
  const line =
    text
      .slice(offset, offset + 200)
      .split(/\r?\n/, 1)[0]
      ?.trim() ?? "";
  const seen = line === "" ? "at the end of the line" : `at ${quote(line, 40)}`;
  const advice: Readonly<Record<string, string>> = {
    TAB_AS_INDENT: "indent with spaces",
    BAD_INDENT: "give all keys of one level the same indent",
    MISSING_CHAR: 'add what is missing (a space after ":", a closing quote or bracket)',
    BLOCK_AS_IMPLICIT_KEY: 'put text that contains ": " in quotes',
    BAD_SCALAR_START: "put text that begins with @ or ` in quotes",
    BAD_DQ_ESCAPE: "write \\\\ for a backslash, or use single quotes",
    UNEXPECTED_TOKEN: "remove it, or put the text in quotes",
    MULTILINE_IMPLICIT_KEY: 'write "key: value" on one line',
    IMPOSSIBLE: "write one key and its value on each line",
  };
  const what = printable(message).replace(/\s+/g, " ").replace(/\.$/, "").slice(0, 160);
  return `This is not YAML, ${seen} (${what}): ${advice[code] ?? "correct the line"}.`;
}

/** Turns nodes into plain values, and refuses what a typed file has no use for. */
class Reader {
  constructor(
    private readonly locate: (offset: number) => Position,
    private readonly report: (offset: number, code: Problem["code"], message: string) => void,
  ) {}

  read(node: Node | null | undefined, depth: number): unknown {
    if (!node) return null;
    const offset = node.range?.[0] ?? 0;
    if (isAlias(node)) {
      const what = `${quote(`*${node.source}`, 40)} is an alias, which stands for a value elsewhere`;
      this.report(
        offset,
        "yaml/alias",
        `${what}: write the value out, or put it in quotes if it is meant so.`,
      );
      return undefined;
    }
    if (this.refuseProperties(node, offset)) return undefined;
    if (isScalar(node)) return node.value;
    if (depth >= deepest) {
      this.report(offset, "yaml/nesting", tooDeep);
      return undefined;
    }
    if (isSeq(node)) return node.items.map((item) => this.read(item as Node, depth + 1));
    if (!isMap(node)) return undefined;
    const value = Object.create(null) as Record<string, unknown>;
    const firsts = new Map<string, number>();
    for (const pair of node.items) this.readPair(pair as Pair<Node, Node | null>, value, firsts, depth);
    return value;
  }

  private readPair(
    pair: Pair<Node, Node | null>,
    value: Record<string, unknown>,
    firsts: Map<string, number>,
    depth: number,
  ): void {
    const { key } = pair;
    const offset = key?.range?.[0] ?? pair.value?.range?.[0] ?? 0;
    if (!isScalar(key) || typeof key.value !== "string") {
      const seen = isScalar(key) && key.source ? quote(key.source, 40) : "This";
      const instead = isMap(key) ? 'put text that begins with "{{" in quotes' : "write a word";
      this.report(offset, "yaml/key", `${seen} is no text and cannot be a key: ${instead}.`);
      return;
    }
    this.refuseProperties(key, offset);
    const name = key.value;
    const first = firsts.get(name);
    if (first !== undefined) {
      const { line } = this.locate(first);
      this.report(
        offset,
        "yaml/duplicate-key",
        `${quote(name, 40)} stands in line ${line} already: keep one of them.`,
      );
      return;
    }
    firsts.set(name, offset);
    const read = this.read(pair.value, depth + 1);
    if (read !== undefined) value[name] = read;
    else value[name] = refused;
  }

  /** @returns whether the node has a tag, so that its value is not what stands there */
  private refuseProperties(node: Node, offset: number): boolean {
    const { anchor, tag } = node as { anchor?: string; tag?: string };
    if (anchor) {
      const what = `The anchor ${quote(`&${anchor}`, 40)} gives this value a name`;
      this.report(offset, "yaml/alias", `${what}: remove it and write values out.`);
    }
    if (tag) {
      this.report(offset, "yaml/tag", `The tag ${quote(tag, 40)} changes how the value is read: remove it.`);
    }
    return Boolean(tag);
  }
}

/** In place of a value that was refused: it is reported already, and must not be reported as missing too. */
export const refused = Symbol("refused");

interface Found {
  readonly node: Node;
  readonly key?: Node;
  /** False where the path ends earlier than asked. */
  readonly whole: boolean;
}

function find(root: Node | null, path: Path): Found | undefined {
  if (!root) return undefined;
  let found: Found = { node: root, whole: true };
  for (const step of path) {
    const { node } = found;
    const item: unknown = isMap(node)
      ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === step)
      : isSeq(node) && typeof step === "number"
        ? node.items[step]
        : undefined;
    if (!item) return { ...found, whole: false };
    if (isPair(item)) found = { node: (item.value ?? item.key) as Node, key: item.key as Node, whole: true };
    else found = { node: item as Node, whole: true };
  }
  return found;
}
