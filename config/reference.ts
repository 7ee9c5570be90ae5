import { jsonSchemas } from "./jsonSchema";

/** The part of JSON Schema that the schemas of the typed files are made of. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly not?: object;
}

/** What stands before and after the tables in a page. */
const marks = {
  begin: "<!-- keys: written by `substation schema --reference` -->",
  end: "<!-- end of keys -->",
};

/**
 * A page with its tables of keys made anew, from the schemas.
 * @throws Error where the page has no marks
 */
export function withReference(page: string): string {
  const [from, to] = [page.indexOf(marks.begin), page.indexOf(marks.end)];
  if (from < 0 || to < from)
    throw new Error(`the page needs a line ${marks.begin}, and after it ${marks.end}`);
  return `${page.slice(0, from)}${marks.begin}\n\n${reference()}\n${page.slice(to)}`;
}

/** A table of all keys for each typed file that operators write, Markdown. */
function reference(): string {
  const schemas = jsonSchemas();
  const sections = ["substation.schema.json", "tiers.schema.json"].map((name) => {
    const schema = JSON.parse(schemas.get(name) ?? "") as Schema;
    const { own, options } = collect(schema, "");
    const tables = options.map(({ path, name: option, rows }) => [
      `### \`${path}\`, ${option}`,
      "",
      ...table(rows),
      "",
    ]);
    return [
      `## \`${schema.title}\``,
      "",
      plain(schema.description),
      "",
      ...table(own),
      "",
      ...tables.flat(),
    ].join("\n");
  });
  return sections.join("\n");
}

type Row = readonly [key: string, mayBe: string, absent: string, description: string];
interface Option {
  readonly path: string;
  readonly name: string;
  readonly rows: readonly Row[];
}

/** The keys below a schema; where it has several forms, those of each apart. */
function collect(schema: Schema, path: string): { own: Row[]; options: Option[] } {
  const own: Row[] = [];
  const options: Option[] = [];
  const below = (key: string, child: Schema, absent: string): void => {
    const at = path === "" ? key : `${path}.${key}`;
    if (child.not) return; // a secret's place in plain: never to be written
    own.push([`\`${at}\``, formOf(child), absent, plain(child.description)]);
    const inner = collect(child, at);
    own.push(...inner.own);
    options.push(...inner.options);
  };
  for (const [key, child] of Object.entries(schema.properties ?? {}))
    below(key, child, absentOf(child, schema.required?.includes(key) ?? false));
  if (typeof schema.additionalProperties === "object" && Object.keys(schema.additionalProperties).length > 1)
    below(`<${path === "channels" ? "id" : "name"}>`, schema.additionalProperties, "");
  for (const option of schema.oneOf ?? []) {
    const kind = option.properties?.["kind"]?.const ?? "";
    const { own: rows } = collect(option, "");
    options.push({ path, name: `\`kind: ${kind}\`. ${plain(option.description)}`, rows });
  }
  return { own, options };
}

/** `<name>` is no tag, outside of code. */
const plain = (text = ""): string =>
  text
    .split("`")
    .map((part, at) => (at % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("`");

const absentOf = ({ default: standing }: Schema, wanted: boolean): string =>
  wanted
    ? "**wanted**"
    : standing === undefined
      ? ""
      : `\`${typeof standing === "string" ? standing : JSON.stringify(standing)}\``;

function formOf({ type, items, ...schema }: Schema): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (items) return `list: ${formOf(items)}`;
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(", ");
  if (type === "boolean") return "`true`, `false`";
  if (type === "number" || type === "integer") return `${schema.minimum} to ${schema.maximum}`;
  if (type !== "string") return "";
  const [example] = schema.examples ?? [];
  return typeof example === "string" ? `like \`${example}\`` : "text";
}

const table = (rows: readonly Row[]): string[] => [
  "| key | may be | absent | what it is |",
  "| --- | --- | --- | --- |",
  ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
];
