import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { parseYaml, type Document } from "../document";
import type { Problem } from "../problem";
import { readSource } from "../source";
import { templateFileName } from "../tree";
import { readTemplate } from "./check";
import type { TemplateFile } from "./schema";

export type { TemplateFile } from "./schema";

/** The template of a substation whose file names none. */
export const defaultTemplate = "standard";

/** Where the templates are that come with the code. */
const shippedFolder = resolve(__dirname, "../../templates");

/** A template by name, as it is written. */
export interface Template {
  readonly name: string;
  /** As problems name it. */
  readonly file: string;
  /** Absent where its file has problems. */
  readonly value?: TemplateFile;
  readonly document?: Document;
  readonly problems: readonly Problem[];
}

/** Those of stacks/templates/ and those that come with the code; one of the former takes the place of its namesake. */
export class Templates {
  private readonly read = new Map<string, Template>();
  private readonly places: ReadonlyMap<string, string>;

  constructor(
    own: readonly { readonly name: string; readonly path: string }[],
    private readonly displayName: (path: string) => string,
  ) {
    const shipped = shippedNames().map(
      (name) => [name, join(shippedFolder, name, templateFileName)] as const,
    );
    this.places = new Map([...shipped, ...own.map(({ name, path }) => [name, path] as const)]);
  }

  /** Of all, in code unit order. */
  get names(): readonly string[] {
    return [...this.places.keys()].sort();
  }

  /** Of their files, whether they were read or not. */
  get paths(): readonly string[] {
    return [...this.places.values()];
  }

  /** Read when it is first asked for; undefined where there is none of that name. */
  get(name: string): Template | undefined {
    const path = this.places.get(name);
    if (path === undefined) return undefined;
    let found = this.read.get(name);
    if (!found) this.read.set(name, (found = load(name, path, this.displayName(path))));
    return found;
  }

  /** Of those that were asked for. */
  get problems(): readonly Problem[] {
    return [...this.read.values()].flatMap(({ problems }) => problems);
  }
}

const shippedNames = (): string[] =>
  readdirSync(shippedFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

function load(name: string, path: string, file: string): Template {
  const source = readSource(path, file);
  if (source.text === undefined) return { name, file, problems: source.problems };
  const document = parseYaml(file, source.text);
  const { value, problems } = readTemplate(document);
  const all = [...source.problems, ...problems];
  return { name, file, document, problems: all, ...(value && all.length === 0 ? { value } : {}) };
}
