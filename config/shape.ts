import { z } from "zod";

import type { Path } from "./document";
import { ends, unshown } from "./forms";

/** What a schema says of each place of a value, for those who explain what is wrong there. */
export class Shape {
  /** @param value decides which schema is meant, where there are several for a place */
  constructor(
    private readonly schema: z.ZodType,
    private readonly value: unknown,
  ) {}

  /** Those that may be written. */
  keys(path: Path): string[] {
    const at = this.at(path);
    if (!(at instanceof z.ZodObject)) return [];
    const shape = at.shape as Readonly<Record<string, z.ZodType>>;
    return Object.keys(shape).filter((key) => unwrap(shape[key])?.meta()?.["not"] === undefined);
  }

  requiredKeys(path: Path): string[] {
    return this.keys(path).filter((key) => !this.isOptional([...path, key]));
  }

  isOptional(path: Path): boolean {
    return this.raw(path) instanceof z.ZodOptional;
  }

  /** What is wanted there; undefined where nothing may be written. */
  form(path: Path): "text" | "number" | "truth" | "list" | "keys" | undefined {
    const at = this.at(path);
    if (at instanceof z.ZodNumber) return "number";
    if (at instanceof z.ZodBoolean) return "truth";
    if (at instanceof z.ZodArray) return "list";
    if (at instanceof z.ZodObject || at instanceof z.ZodRecord) return "keys";
    return at === undefined ? undefined : "text";
  }

  /** Whether the value must not be shown. */
  hides(path: Path): boolean {
    const at = this.at(path);
    return at !== undefined && unshown.has(at);
  }

  /** The first of the examples for editors. */
  example(path: Path): unknown {
    const examples = this.at(path)?.meta()?.["examples"];
    return Array.isArray(examples) ? (examples[0] as unknown) : undefined;
  }

  /** What is meant where the value is absent, as it would be written; undefined where that is not the schema's to say. */
  default(path: Path): unknown {
    return this.at(path)?.meta()?.["default"];
  }

  /** What may be written there, in words; undefined where any text may. */
  bounds(path: Path): string | undefined {
    const at = this.at(path);
    const range = at && ends.get(at);
    if (range) return `${range.least} to ${range.most}`;
    if (at instanceof z.ZodNumber) return `${at.minValue} to ${at.maxValue}`;
    if (at instanceof z.ZodBoolean) return "true or false";
    const { enum: choices, minLength, maxLength } = at?.meta() ?? {};
    if (Array.isArray(choices)) return `one of ${choices.join(", ")}`;
    if (typeof minLength === "number" && typeof maxLength === "number")
      return `${minLength} to ${maxLength} characters`;
    return undefined;
  }

  /** What is below: the keys that may be written, or those of a value whose keys are free; undefined where a value ends. */
  children(path: Path): string[] | undefined {
    const at = this.at(path);
    if (at instanceof z.ZodObject) return this.keys(path);
    if (!(at instanceof z.ZodRecord)) return undefined;
    const value = valueAt(this.value, path);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** The values of the key at `path` by which one of several schemas is chosen. */
  choices(path: Path): string[] {
    const union = unwrap(this.raw(path.slice(0, -1)));
    return optionsOf(union).map(({ name }) => name);
  }

  private at(path: Path): z.ZodType | undefined {
    return chosen(unwrap(this.raw(path)), valueAt(this.value, path));
  }

  private raw(path: Path): unknown {
    let at: unknown = this.schema;
    path.forEach((step, i) => {
      const inner = chosen(unwrap(at), valueAt(this.value, path.slice(0, i)));
      if (inner instanceof z.ZodObject) at = (inner.shape as Record<string, unknown>)[String(step)];
      else if (inner instanceof z.ZodArray) at = inner.element;
      else at = inner instanceof z.ZodRecord ? inner.valueType : undefined;
    });
    return at;
  }
}

const unwrap = (schema: unknown): z.ZodType | undefined =>
  schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : (schema as z.ZodType | undefined);

/** Of several schemas the one that the value names; the first, where it names none. */
function chosen(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  const options = optionsOf(schema);
  const found = options.find(({ key, name }) => valueAt(value, [key]) === name) ?? options[0];
  return found ? found.option : schema;
}

function optionsOf(schema: z.ZodType | undefined) {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return [];
  const key = schema.def.discriminator;
  return schema.options.map((each) => {
    const option = each as z.ZodObject<Record<string, z.ZodLiteral<string>>>;
    return { key, name: option.shape[key]?.value ?? "", option };
  });
}

export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
