import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { YAMLMap } from "yaml";
import { Document, isMap, isScalar, parseDocument, type Pair } from "yaml";
import { channelKinds } from "../../config/channels";
import { UserError } from "../../config/error";
import { displayNames } from "../../config/display-name";
import { formatProblem } from "../../config/problem";
import { substationSchema } from "../../config/schema";
import { nearest } from "../../config/suggest";
import type { Template, Templates } from "../../config/templates";
import { readTree } from "../../config/tree";

/** What new files are made from. */
export interface Sources {
  /** @throws UserError where there is no template and no substation of that name, or both */
  find(from: string): Source;
  /** Names of the groups, and how many substations each has. */
  readonly groups: ReadonlyMap<string, number>;
  /** Files of substations, by id. */
  readonly files: ReadonlyMap<string, string>;
}

/** A template, or a substation whose file is copied. */
export interface Source {
  readonly name: string;
  /** The group of the substation. */
  readonly group?: string;
  /** Host of the substation. */
  readonly host?: string;
  /** A file to begin with, with all that a new one may share; `left` is what it may not, in words. */
  begin(): { readonly document: Document; readonly left: readonly string[] };
}

export function readSources(stacks: string, templates: Templates): Sources {
  const name = displayNames();
  const { groups } = readTree(resolve(stacks), name);
  const files = groups.flatMap((group) => group.files.map((file) => ({ ...file, group: group.name })));
  const ids = files.map(({ id }) => id);

  function find(from: string): Source {
    const [, kind, plain = from] = /^(?:(template|substation):)?(.*)$/.exec(from) ?? [];
    const template = kind === "substation" ? undefined : templates.get(plain);
    const file = kind === "template" ? undefined : files.find(({ id }) => id === plain);
    if (template && file)
      throw new UserError(
        `"${plain}" is a template and a substation: write template:${plain} or substation:${plain}.`,
      );
    if (template) return fromTemplate(template);
    if (file) return fromSubstation(file.id, file.path, file.group, name(file.path));
    const near = nearest(plain, [...templates.names, ...ids]);
    const all = `the templates are ${templates.names.join(", ")}; the substations ${ids.join(", ") || "none"}`;
    throw new UserError(
      `there is no template or substation "${plain}": ${near === undefined ? all : `did you mean "${near}"? ${all}`}.`,
    );
  }

  return {
    find,
    groups: new Map(groups.map((group) => [group.name, group.files.length])),
    files: new Map(files.map(({ id, path }) => [id, name(path)])),
  };
}

function fromTemplate(template: Template): Source {
  const { name, document, problems } = template;
  if (problems.length > 0 || !document) {
    const lines = problems.map(formatProblem).join("\n");
    throw new UserError(`the template ${name} has problems: mend them first.\n${lines}`);
  }
  return {
    name,
    begin() {
      const made = new Document({ template: name }, { version: "1.2", schema: "core" });
      made.commentBefore = " yaml-language-server: $schema=../../schemas/substation.schema.json";
      const part = parse(template.file, readFileSync(template.file, "utf8")).get("substation");
      if (isMap(part)) for (const pair of part.items) (made.contents as YAMLMap).items.push(pair);
      return { document: made, left: [] };
    },
  };
}

function fromSubstation(id: string, path: string, group: string, file: string): Source {
  const text = readFileSync(path, "utf8");
  const host: unknown = parse(file, text).getIn(["domain", "host"]);
  return {
    name: id,
    group,
    ...(typeof host === "string" ? { host } : {}),
    begin() {
      const document = parse(file, text);
      // What is that one's alone: its number at the CRM, how often its secrets were renewed, and who gets the money.
      for (const key of [["owner", "crmId"], ["secretVersions"]]) document.deleteIn(key);
      return { document, left: dropMerchants(document, id) };
    },
  };
}

/** Channels of real merchants do not pass to another shop: its buyers would pay somebody else. */
function dropMerchants(document: Document, id: string): string[] {
  const channels = document.get("channels");
  if (!isMap(channels)) return [];
  const real = channels.items.flatMap(({ key, value }) =>
    isScalar(key) && isMap(value) && value.get("sandbox") !== true
      ? [[String(key.value), value] as const]
      : [],
  );
  for (const [name] of real) channels.delete(name);
  if (channels.items.length === 0) document.delete("channels");
  return real.map(([name, value]) => {
    const kind = String(value.get("kind"));
    const fields = (channelKinds as Readonly<Record<string, { merchant: readonly string[] } | undefined>>)[
      kind
    ];
    const account = fields ? ` (${fields.merchant.join(", ")})` : "";
    return `channels.${name} was left out: its merchant is that of ${id}. Write it with the new shop's own${account}`;
  });
}

function parse(file: string, text: string): Document {
  const document = parseDocument(text, { version: "1.2", schema: "core" });
  if (document.errors.length === 0 && isMap(document.contents) && !document.contents.flow) return document;
  throw new UserError(`${file} cannot be copied: it is not YAML with one key a line. Check it first.`);
}

/** Keys in the order of the schema, whichever was written first. */
export function sortKeys(document: Document): void {
  const order = Object.keys(substationSchema.shape);
  const place = ({ key }: Pair): number => order.indexOf(isScalar(key) ? String(key.value) : String(key));
  if (isMap(document.contents)) document.contents.items.sort((a, b) => place(a) - place(b));
}
