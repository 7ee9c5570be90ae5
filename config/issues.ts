import { z } from "zod";

import { refused } from "./document";
import type { Document, Path } from "./document";
import { quote } from "./problem";
import type { Position, Problem, ProblemCode } from "./problem";
import { nearest } from "./suggest";

export interface Validated<T> {
  readonly value?: T;
  readonly problems: readonly Problem[];
}

/**
 * Holds a document against a schema. A complaint reads `<key> is <value seen>: <why, and what to write>`, and stands at the value,
 * or at the key where there is no value.
 */
export function validate<T>(schema: z.ZodType<T>, document: Document): Validated<T> {
  // Where the schema has no words of its own, ours are below.
  const result = schema.safeParse(document.value, { error: () => "" });
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => explain(issue, schema, document));
  // One complaint about a value is enough: the next may be a consequence of it.
  const said = new Set<string>();
  return {
    problems: problems.filter(({ line, column, code, message }) => {
      const what = code.startsWith("key/") ? message : `${line}:${column}`;
      return !said.has(what) && said.add(what);
    }),
  };
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, document: Document): Problem[] {
  const path = issue.path as Path;
  const value = valueAt(document.value, path);
  if (value === refused) return [];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const message = `${show([...path, key])} is no key here: ${meant(key, path, schema)}`;
      return problem(document.keyAt([...path, key]), "key/unknown", message);
    });
  }
  if (value === undefined) return [missing(path, schema, document)];
  if (value === null) return [empty(path, schema, document)];

  const source = document.source(path);
  const is = `${path.length === 0 ? "The file" : show(path)} is ${seen(value, source)}`;
  const at = document.at(path);
  if (issue.code === "custom") {
    return [problem(at, issue.params?.["code"] as ProblemCode, `${is}: ${issue.message}`)];
  }
  if (issue.code === "too_small")
    return [problem(at, "value/range", `${is}: write at least ${issue.minimum}`)];
  if (issue.code === "too_big") return [problem(at, "value/range", `${is}: write at most ${issue.maximum}`)];
  if (issue.code === "invalid_key") {
    const why = 'a tier\'s name is up to 31 of a-z, 0-9 and "-", beginning with a letter';
    return [problem(document.keyAt(path), "tier/syntax", `${show(path)} is no name for a tier: ${why}`)];
  }
  return [problem(at, "value/type", `${is}: ${issue.message || wanted(issue, value, source)}`)];
}

const problem = (at: Position, code: ProblemCode, message: string): Problem => ({
  ...at,
  code,
  message: `${message}.`,
});

function missing(path: Path, schema: z.ZodType, document: Document): Problem {
  const parent = path.slice(0, -1);
  const at = parent.length > 0 ? document.keyAt(parent) : document.at(parent);
  return problem(at, "key/missing", `${show(path)} is missing: add it${example(schema, path)}`);
}

function empty(path: Path, schema: z.ZodType, document: Document): Problem {
  if (path.length === 0) {
    return problem(
      document.at(path),
      "file/empty",
      `The file is empty: write ${requiredKeys(schema).join(", ")}`,
    );
  }
  const remove = rawAt(schema, path) instanceof z.ZodOptional ? ", or remove the key" : "";
  const message = `${show(path)} is empty: give it a value${example(schema, path)}${remove}`;
  return problem(document.keyAt(path), "value/type", message);
}

/** What to write where the type is wrong. */
function wanted(issue: z.core.$ZodIssue, value: unknown, source: string | undefined): string {
  const expected = "expected" in issue ? issue.expected : undefined;
  if (expected === "string") {
    const quotes = source === undefined ? ", on the same line" : `; put it in quotes: ${quote(source)}`;
    return `text is wanted${quotes}`;
  }
  if (expected === "number" || expected === "int") {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : NaN;
    const unquoted = Number.isFinite(number) ? `; write ${number} without quotes` : "";
    const what =
      expected === "int" ? "a whole number" : typeof value === "number" ? "a finite number" : "a number";
    return `${what} is wanted${unquoted}`;
  }
  return 'keys and values are wanted, one "key: value" a line, indented below it';
}

/** A value as its writer sees it: text in quotes, all else as it stands in the file, with its kind. */
function seen(value: unknown, source: string | undefined): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return `${quote(source ?? String(value)).slice(1, -1)}, a number`;
  if (typeof value === "boolean") return `${String(value)}, a truth value`;
  return Array.isArray(value) ? "a list" : "a set of keys";
}

function meant(key: string, path: Path, schema: z.ZodType): string {
  const keys = keysOf(schemaAt(schema, path));
  const near = nearest(key, keys);
  if (near !== undefined) return `did you mean "${near}"? The keys are ${keys.join(", ")}`;
  // A key that belongs deeper or higher than it stands.
  const places: Path[] = [[], ...keysOf(schema).map((name) => [name])];
  const place = places.find((at) => keysOf(schemaAt(schema, at)).includes(key));
  if (place === undefined) return `the keys are ${keys.join(", ")}`;
  return place.length > 0 ? `it belongs below ${show(place)}` : "it belongs at the top, without indent";
}

// --- the schema, by path ---

const keysOf = (schema: z.ZodType | undefined): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

const requiredKeys = (schema: z.ZodType | undefined): string[] =>
  schema === undefined
    ? []
    : keysOf(schema).filter((key) => !(rawAt(schema, [key]) instanceof z.ZodOptional));

const unwrap = (schema: unknown): z.ZodType | undefined =>
  schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : (schema as z.ZodType | undefined);

function rawAt(schema: z.ZodType, path: Path): unknown {
  let at: unknown = schema;
  for (const step of path) {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) at = (inner.shape as Record<string, unknown>)[String(step)];
    else at = inner instanceof z.ZodRecord ? inner.valueType : undefined;
  }
  return at;
}

const schemaAt = (schema: z.ZodType, path: Path): z.ZodType | undefined => unwrap(rawAt(schema, path));

/** `, like memory: 128 MB`, from the examples that editors show too. */
function example(schema: z.ZodType, path: Path): string {
  const at = schemaAt(schema, path);
  const [first] = (at?.meta()?.["examples"] ?? []) as (string | number)[];
  if (first !== undefined) return `, like ${String(path.at(-1))}: ${first}`;
  const keys = requiredKeys(at);
  return keys.length > 0 ? `, with ${keys.join(" and ")} below it` : "";
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** `resources.memory`, `a[0]`; a strange key in quotes. */
const show = (path: Path): string =>
  path
    .map((step, i) => {
      if (typeof step === "number") return `[${step}]`;
      return `${i > 0 ? "." : ""}${/^[\w-]+$/.test(step) ? step : quote(step, 40)}`;
    })
    .join("");
