import * as fs from "node:fs";
import * as path from "node:path";
import { writeFileAtomic } from "../../local/files";
import type { Machine } from "./machine";
import { rounded, type Case } from "./report";

/** What one case measured, where, and when: a file of its own, so that a bench can be run in parts, and go on after it was stopped. */
export interface Result {
  /** RFC 3339, when it was done. */
  readonly at: string;
  readonly machine: Machine;
  readonly case: Case;
}

const suffix = ".json";

/** Writes `<folder>/<case>.json`. */
export function keepResult(folder: string, result: Result): void {
  fs.mkdirSync(folder, { recursive: true });
  writeFileAtomic(
    path.join(folder, `${result.case.name}${suffix}`),
    `${JSON.stringify(rounded(result), null, 2)}\n`,
    0o644,
  );
}

/** What a folder holds of these cases, in their order. */
export function readResults(folder: string, names: readonly string[]): Result[] {
  const kept = fs.existsSync(folder) ? new Set(fs.readdirSync(folder)) : new Set<string>();
  return names
    .filter((name) => kept.has(`${name}${suffix}`))
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, `${name}${suffix}`), "utf8")) as Result);
}
