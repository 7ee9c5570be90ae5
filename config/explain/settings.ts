import { parseYaml } from "../document";
import type { Document } from "../document";
import type { Position } from "../problem";
import { readSource } from "../source";
import { valueAt } from "../shape";

/** The settings file of a stack, as far as it can be read without Pulumi: plain values, and that a secret one is there. */
export class Settings {
  /** As people name the file. */
  readonly file: string;
  private readonly document: Document | undefined;

  constructor(path: string, display: (path: string) => string) {
    this.file = display(path);
    const { text } = readSource(path, this.file);
    this.document = text === undefined ? undefined : parseYaml(this.file, text);
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
