import { isDeepStrictEqual } from "node:util";
import { isMap, isNode, parse, parseDocument, type Pair } from "yaml";
import type { Suspension } from "./suspension";

const key = "suspended";
const comment = "# Written by `substation suspend`; `substation resume` takes it away.";

/**
 * The text of a substation's file with the suspension in it, as its last key. All else stays as it is, to the letter.
 * @throws Error where the file is not written as one key a line: then a person has to write it
 */
export function withSuspension(text: string, { since, reason }: Suspension): string {
  const before = withoutSuspension(text);
  const eol = before.includes("\r\n") ? "\r\n" : "\n";
  const ended = before === "" || before.endsWith("\n") ? before : `${before}${eol}`;
  const lines = ["", comment, `${key}:`, `  since: ${since}`, `  reason: ${JSON.stringify(reason)}`, ""];
  return checked(`${ended}${lines.join(eol)}`, text, { since, reason });
}

/** The same without it; a text that has none comes back as it is. */
export function withoutSuspension(text: string): string {
  const { contents } = parseDocument(text, { version: "1.2", schema: "core" });
  if (!isMap(contents) || contents.flow) throw new Error("it is not written as one key a line");
  const pair = (contents.items as Pair[]).find(({ key: name }) => isNode(name) && name.toJSON() === key);
  if (!pair) return text;
  const start = isNode(pair.key) ? pair.key.range?.[0] : undefined;
  const end = (isNode(pair.value) ? pair.value.range?.[1] : undefined) ?? start;
  if (start === undefined || end === undefined) throw new Error(`${key} stands nowhere`);
  // A block ends at the beginning of what follows it: the line that its last word is on is the last one that goes.
  const last = text.slice(start, end).trimEnd().length + start;
  const lineEnd = text.indexOf("\n", last);
  const head = text.slice(0, start).replace(new RegExp(`(?:\\r?\\n)?${escaped(comment)}\\r?\\n$`), "");
  return checked(head + (lineEnd < 0 ? "" : text.slice(lineEnd + 1)), text, undefined);
}

/** Makes sure that the change is what it should be, and nothing else. */
function checked(after: string, before: string, suspended: Suspension | undefined): string {
  const wanted = { ...parsed(before), [key]: suspended };
  if (!suspended) delete wanted[key];
  if (!isDeepStrictEqual(parsed(after), wanted))
    throw new Error(`${key} cannot be changed there without changing something else`);
  return after;
}

const parsed = (text: string): Record<string, unknown> =>
  (parse(text, { version: "1.2", schema: "core" }) ?? {}) as Record<string, unknown>;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
