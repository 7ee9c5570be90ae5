import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { entry, type Entry, type Subject } from "./entry";

/** All journals of a project are below this folder. It belongs to this machine, not to git. */
export const journalFolder = (root: string): string => join(root, ".substation", "journal");

export const journalFile = (root: string, { group, id }: Subject): string =>
  join(journalFolder(root), group, `${id}.jsonl`);

export interface Lines {
  /** In their order; undefined stands for a whole line that is no entry: the file was changed by something else. */
  readonly entries: readonly (Entry | undefined)[];
  /** Bytes up to the end of the last whole line. What follows was cut off by a crash, and promised nothing. */
  readonly whole: number;
}

export function parseJournal(bytes: Buffer): Lines {
  const whole = bytes.lastIndexOf(10) + 1;
  const lines = bytes.toString("utf8", 0, whole).split("\n").slice(0, -1);
  return { entries: lines.map((line) => entry.safeParse(json(line)).data), whole };
}

/** The journal of one substation, open for writing. Only one run at a time may have it: whoever holds the group's lock. */
export class JournalFile {
  readonly #file: number;
  #sequence: number;

  constructor(path: string) {
    const isNew = ensureFolder(dirname(path));
    this.#file = openSync(path, "a+", 0o600);
    const { entries, whole } = parseJournal(readFileSync(this.#file));
    // A torn line would swallow the next one.
    if (whole < fstatSync(this.#file).size) ftruncateSync(this.#file, whole);
    this.#sequence = Math.max(0, ...entries.map((line) => line?.sequence ?? 0));
    if (entries.length === 0 || isNew) syncFolder(dirname(path));
  }

  /**
   * Appends a line.
   * @param durable waits until the disk has it
   */
  append(line: Omit<Entry, "sequence" | "at">, durable: boolean): void {
    const text = { sequence: ++this.#sequence, ...line, at: new Date().toISOString() } satisfies Entry;
    writeSync(this.#file, `${JSON.stringify(text)}\n`);
    if (durable) fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Makes the folder and those above it last. */
function ensureFolder(folder: string): boolean {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made === undefined) return false;
  for (let at = folder; at.length >= dirname(made).length; at = dirname(at)) syncFolder(at);
  return true;
}

function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // no entry either: the caller counts it
  }
}
