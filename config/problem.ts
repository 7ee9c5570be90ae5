/** Where something stands: `line` and `column` count from 1, columns in UTF-16 units as editors do. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with the typed files. Any problem stops `substation check` and `pulumi up`. */
export interface Problem extends Position {
  /** Stable and searchable: the area, a slash, the mistake. */
  readonly code: ProblemCode;
  /** What is wrong, the value seen, what to do. One line. */
  readonly message: string;
}

/** What a check of a single value finds: the mapping to a place in a file happens in `issues.ts`. */
export interface Finding {
  readonly code: ProblemCode;
  /** Follows `<key> is <value seen>: `. Says why that cannot be and what to write instead. */
  readonly why: string;
}

export type ProblemCode =
  | `file/${"empty" | "extension" | "gone" | "kind" | "misplaced" | "missing" | "moved" | "renamed" | "symlink" | "too-large" | "unexpected" | "unreadable"}`
  | `text/${"bom" | "character" | "encoding"}`
  | `yaml/${"alias" | "directive" | "documents" | "duplicate-key" | "key" | "nesting" | "syntax" | "tag"}`
  | `key/${"missing" | "unknown"}`
  | `value/${"choice" | "range" | "repeated" | "text" | "type"}`
  | `unit/${"duration" | "money" | "share" | "size"}`
  | `image/${"syntax" | "tag"}`
  | `host/${"lookalike" | "nested" | "punycode" | "reserved" | "syntax" | "taken" | "zone"}`
  | "live/foreign"
  | `id/${"reserved" | "syntax" | "taken" | "truncated"}`
  | `group/${"full" | "reserved" | "syntax"}`
  | `tier/${"exceeded" | "syntax" | "unknown"}`
  | `module/${"excludes" | "requires" | "resources" | "tier"}`
  | `channel/${"adapter" | "field" | "limits" | "merchant" | "plain-secret" | "sandbox" | "syntax" | "tier" | "too-many"}`
  | `descriptor/${"field" | "merchant" | "syntax"}`
  | `closing/${"grace" | "id" | "substation"}`
  | `csv/${"column" | "row" | "syntax"}`
  | `template/${"goods" | "repeated" | "too-large" | "unknown" | "value" | "variable"}`
  | `secret/${"missing" | "plain" | "value"}`
  | `terms/${"bounds" | "floor" | "markup" | "share" | "total"}`;

/** `file:line:column  code  message`, safe to print: file names and values come from strangers. */
export function formatProblem(p: Problem): string {
  return `${printable(p.file)}:${p.line}:${p.column}  ${p.code}  ${printable(p.message)}`;
}

/** The problems that a text holds lines of, as `formatProblem` writes them. */
export const problemsIn = (text: string): Problem[] =>
  [...text.matchAll(/^(\S+):(\d+):(\d+) {2}([a-z-]+\/[a-z-]+) {2}(.*)$/gm)].map(
    ([, file = "", line, column, code, message = ""]) =>
      ({ file, line: Number(line), column: Number(column), code, message }) as Problem,
  );

/** By file, line, column, code; files in code unit order, so that every machine prints the same. */
export function compareProblems(a: Problem, b: Problem): number {
  return (
    order(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    order(a.code, b.code) ||
    order(a.message, b.message)
  );
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Turns UTF-16 offsets into `text` to positions. Lines are counted when the first position is asked for. */
export function locator(file: string, text: string): (offset: number) => Position {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Escapes what a terminal would obey or a reader would not see: control, bidirectional and other invisible characters. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** A value in quotes, printable, and short enough for a line. */
export function quote(text: string, longest = 80): string {
  const characters = [...text];
  const shown = characters.length > longest ? `${characters.slice(0, longest).join("")}…` : text;
  return printable(JSON.stringify(shown));
}
