import { existsSync } from "node:fs";

import { parseYaml } from "../document";
import type { Document } from "../document";
import type { Position, Problem } from "../problem";
import { readSource } from "../source";
import { valueAt } from "../shape";

/** Bytes. A group's settings hold every secret of its substations, about 2 KiB for each private key: more than any typed file. */
const largestSettings = 4 * 2 ** 20;

/** The settings file of a stack, as far as it can be read without Pulumi: plain values, and that a secret one is there. */
export class Settings {
  /** As people name the file. */
  readonly file: string;
  /** Why there is a file, and it could not be read. */
  readonly problems: readonly Problem[];
  private readonly document: Document | undefined;

  constructor(path: string, display: (path: string) => string) {
    this.file = display(path);
    if (!existsSync(path)) {
      this.problems = []; // a stack without settings has no file
      return;
    }
    const { text, problems } = readSource(path, this.file, largestSettings);
    this.document = text === undefined ? undefined : parseYaml(this.file, text);
    this.problems = [...problems, ...(this.document?.broken ? this.document.problems : [])];
  }

  /** False where there is no file that could be read. */
  get known(): boolean {
    return this.document !== undefined;
  }

  /** A plain setting of any project's namespace; undefined where there is none, or an encrypted one. */
  get(key: string): { readonly value: string; readonly at: Position } | undefined {
    const path = ["config", this.fullKey(key)];
    const value = valueAt(this.document?.value, path);
    if (!this.document || !["string", "number", "boolean"].includes(typeof value)) return undefined;
    return { value: String(value), at: this.document.at(path) };
  }

  private fullKey(key: string): string {
    const config = valueAt(this.document?.value, ["config"]);
    const keys = typeof config === "object" && config !== null ? Object.keys(config) : [];
    return keys.find((full) => full.endsWith(`:${key}`)) ?? key;
  }
}
