import { printable } from "../../config/problem";
import type { ReviewFinding } from "./report";

/** Where files can be looked at: `https://github.com/owner/name/blob/<commit>`. */
export type FilesAt = string | undefined;

/** Text of strangers as text: no mark-up, no mention of anybody, no row of a table that it could begin or end. One line. */
export const plain = (text: string): string =>
  printable(text.replaceAll("\n", " "))
    .replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] ?? c)
    .replace(/[\\`*_{}[\]()#|~!]/g, "\\$&")
    .replaceAll("@", "&#64;")
    .replace(/:\/\//g, "&#58;//");

/** Words in the type of code. */
export const code = (text: string): string => `\`${printable(text).replace(/[`|\n]/g, "'")}\``;

/** `file:line`, as a link where there is something to link to. */
export function place({ file, line }: Pick<ReviewFinding, "file" | "line">, at: FilesAt): string {
  const shown = code(line === undefined ? file : `${file}:${line}`);
  if (at === undefined) return shown;
  const path = file.split("/").map(encodeURIComponent).join("/");
  return `[${shown}](${at}/${path}${line === undefined ? "" : `#L${line}`})`;
}

export const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
