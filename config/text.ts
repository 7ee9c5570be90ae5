import type { Finding } from "./problem";

/** Characters that a reader does not see or that reorder what he sees: control, bidirectional, zero-width, private, unassigned. */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Why `text` cannot be shown to people as one line of `least` to `most` characters (code points). */
export function textFinding(text: string, least: number, most: number): Finding | undefined {
  const bad = unseen.exec(text)?.[0];
  if (bad !== undefined) {
    const breaks = bad === "\n" || bad === "\r";
    const what = breaks ? "a line break" : `the invisible character ${codePoint(bad)}`;
    return { code: "value/text", why: `it contains ${what}; write one line of visible characters` };
  }
  if (text !== text.trim()) return { code: "value/text", why: "it begins or ends with a space; remove that" };
  const length = [...text].length;
  if (length < least || length > most) {
    return { code: "value/text", why: `it has ${length} characters; write ${least} to ${most}` };
  }
  if (/\p{M}{3}/u.test(text))
    return { code: "value/text", why: "it piles up combining marks; write plain characters" };
  return undefined;
}

/** The same for text of several lines, `most` characters in all. Line ends of YAML's block texts are no fault. */
export function proseFinding(text: string, most: number): Finding | undefined {
  const length = [...text].length;
  if (text.trim() === "" || length > most)
    return { code: "value/text", why: `it has ${length} characters; write 1 to ${most}` };
  const bad = unseen.exec(text.replaceAll("\n", ""))?.[0];
  return bad === undefined
    ? undefined
    : { code: "value/text", why: `it contains the invisible character ${codePoint(bad)}; remove that` };
}

/** `U+200B`, as character tables write it. */
export const codePoint = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
