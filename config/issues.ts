import type { z } from "zod";

import { refused } from "./document";
import type { Document, Path } from "./document";
import { choiceFinding } from "./forms";
import { quote } from "./problem";
import type { Position, Problem, ProblemCode } from "./problem";
import { Shape, valueAt } from "./shape";
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
  const shape = new Shape(schema, document.value);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const message = `${pathText([...path, key])} is no key here: ${meant(key, path, shape)}`;
      return problem(document.keyAt([...path, key]), "key/unknown", message);
    });
  }
  if (value === undefined) return [missing(path, shape, document)];
  const hidden = shape.hides(path);
  if (value === null && !hidden) return [empty(path, shape, document)];

  const source = hidden ? undefined : document.source(path);
  const is = `${path.length === 0 ? "The file" : pathText(path)} ${hidden ? "(not shown)" : `is ${seen(value, source)}`}`;
  const at = document.at(path);
  if (issue.code === "custom") {
    return [problem(at, issue.params?.["code"] as ProblemCode, `${is}: ${issue.message}`)];
  }
  if (issue.code === "invalid_union" && typeof value === "string") {
    const finding = choiceFinding(value, shape.choices(path));
    if (finding) return [problem(at, finding.code, `${is}: ${finding.why}`)];
  }
  if (issue.code === "too_small")
    return [problem(at, "value/range", `${is}: write ${amount("at least", issue.minimum, value)}`)];
  if (issue.code === "too_big")
    return [problem(at, "value/range", `${is}: write ${amount("at most", issue.maximum, value)}`)];
  if (issue.code === "invalid_key") {
    const [inner] = issue.issues;
    const code = (inner?.code === "custom" && (inner.params?.["code"] as ProblemCode)) || "key/unknown";
    return [problem(document.keyAt(path), code, `${pathText(path)} is ${inner?.message ?? "no key here"}`)];
  }
  return [problem(at, "value/type", `${is}: ${issue.message || wanted(issue, value, source)}`)];
}

/** `resources.memory`, `a[0]`; a strange key in quotes. */
export const pathText = (path: Path): string =>
  path
    .map((step, i) => {
      if (typeof step === "number") return `[${step}]`;
      return `${i > 0 ? "." : ""}${/^[\w-]+$/.test(step) ? step : quote(step, 40)}`;
    })
    .join("");

/** Says what is wrong with the value at a path, in words that follow the path: `is "x": that cannot be; write y`. */
export type Report = (path: Path, code: ProblemCode, why: string) => Problem;

export const reporter =
  (document: Document): Report =>
  (path, code, why) =>
    problem(document.at(path), code, `${pathText(path)} ${why}`);

/** `at least 16`; of a list `at least 1 value`. */
const amount = (words: string, count: number | bigint, value: unknown): string =>
  `${words} ${count}${Array.isArray(value) ? ` value${Number(count) === 1 ? "" : "s"}` : ""}`;

const problem = (at: Position, code: ProblemCode, message: string): Problem => ({
  ...at,
  code,
  message: `${message}.`,
});

function missing(path: Path, shape: Shape, document: Document): Problem {
  const parent = path.slice(0, -1);
  const at = parent.length > 0 ? document.keyAt(parent) : document.at(parent);
  return problem(at, "key/missing", `${pathText(path)} is missing: add it${example(shape, path)}`);
}

function empty(path: Path, shape: Shape, document: Document): Problem {
  if (path.length === 0) {
    return problem(
      document.at(path),
      "file/empty",
      `The file is empty: write ${shape.requiredKeys(path).join(", ")}`,
    );
  }
  const remove = shape.isOptional(path) ? ", or remove the key" : "";
  const message = `${pathText(path)} is empty: give it a value${example(shape, path)}${remove}`;
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
  if (expected === "boolean") return "true or false is wanted";
  if (expected === "array") return "a list is wanted, like [first, second]";
  return 'keys and values are wanted, one "key: value" a line, indented below it';
}

/** A value as its writer sees it: text in quotes, all else as it stands in the file, with its kind. */
function seen(value: unknown, source: string | undefined): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return `${quote(source ?? String(value)).slice(1, -1)}, a number`;
  if (typeof value === "boolean") return `${String(value)}, a truth value`;
  return Array.isArray(value) ? "a list" : "a set of keys";
}

function meant(key: string, path: Path, shape: Shape): string {
  const keys = shape.keys(path);
  const near = nearest(key, keys);
  if (near !== undefined) return `did you mean "${near}"? The keys are ${keys.join(", ")}`;
  // A key that belongs deeper or higher than it stands.
  const places: Path[] = [[], ...shape.keys([]).map((name) => [name])];
  const place = places.find((at) => shape.keys(at).includes(key));
  if (place === undefined) return `the keys are ${keys.join(", ")}`;
  return place.length > 0 ? `it belongs below ${pathText(place)}` : "it belongs at the top, without indent";
}

/** `, like memory: 128 MB`, from the examples that editors show too. */
function example(shape: Shape, path: Path): string {
  const first = shape.example(path);
  if (first !== undefined) return `, like ${String(path.at(-1))}: ${yaml(first)}`;
  const keys = shape.requiredKeys(path);
  return keys.length > 0 ? `, with ${keys.join(" and ")} below it` : "";
}

/** As it is written in a file: what would be read as a number is in quotes. */
function yaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yaml).join(", ")}]`;
  return typeof value === "string" && /^[0-9.]+$/.test(value) ? `"${value}"` : String(value);
}
