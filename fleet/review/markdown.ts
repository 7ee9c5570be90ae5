import { printable } from "../../config/problem";
import type { ReviewFinding } from "./report";

/** Where files can be looked at: `https://github.com/owner/name/blob/<commit>`. */
export type FilesAt = string | undefined;

/**
 * Text of strangers as text: no mark-up, no row of a table that it could begin or end. One line. GitHub looks for people, issues and addresses in what has been rendered too,
 * where an escaped character is the character again: so these are broken by a place where a line may end.
 */
export const plain = (text: string): string =>
  printable(text.replaceAll("\n", " "))
    .replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] ?? c)
    .replace(/[\\`*_{}[\]()#|~!]/g, "\\$&")
    .replace(/(?<=[@#]|:(?=\/\/)|\bwww(?=\.)|\bGH-(?=\d))/gi, "<wbr>");

/** Words in the type of code. */
export const code = (text: string): string => `\`${printable(text).replace(/[`|\n]/g, "'")}\``;

/** `file:line`, as a link where there is something to link to. */
export function place({ file, line }: Pick<ReviewFinding, "file" | "line">, at: FilesAt): string {
  const shown = code(line === undefined ? file : `${file}:${line}`);
  if (at === undefined) return shown;
  const path = file.split("/").map(inAddress).join("/");
  return `[${shown}](${at}/${path}${line === undefined ? "" : `#L${line}`})`;
}

/** Also what an address may hold, and what in markdown ends it. */
const inAddress = (part: string): string =>
  encodeURIComponent(part).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

export const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
