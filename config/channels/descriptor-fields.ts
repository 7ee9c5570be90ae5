import { z } from "zod";

import type { Path } from "../document";
import { checked, choice, keyForm, keyPattern, line, list, word } from "../forms";
import type { Finding, ProblemCode } from "../problem";
import { quote } from "../problem";
import { plainValueFinding } from "./plain-value";
import type { Field, FieldType } from "./types";

/** The fields of a descriptor file, one by one and between them. */

/** Keys that every channel has. */
const taken =
  "kind adapter title sandbox minimum maximum dailyCap fee weight enabled secrets image port".split(" ");

const fieldTypes: readonly FieldType[] = ["text", "publicKey", "privateKey", "url", "choice"];

const fieldName = word(keyPattern, `${keyForm}, like merchantId`, {
  description: "The key in a substation's file.",
  examples: ["merchantId"],
});

export const fieldSchema = z
  .strictObject({
    name: fieldName,
    type: choice(fieldTypes, {
      description:
        "What the value must be: one line of text, an RSA key of 2,048 bits or more, an https address, or one of `choices`.",
      examples: ["text"],
    }),
    secret: z
      .boolean()
      .meta({
        description: "Whether the file names a secret in place of the value. false where it is absent.",
        examples: [true],
      })
      .optional(),
    description: line(1, 200, {
      description: "One sentence, for operators.",
      examples: ["The merchant's number."],
    }),
    example: line(1, 200, {
      description: "A value that fits; of a secret, a name for it.",
      examples: ["1001"],
    }),
    pattern: z
      .string()
      .superRefine(checked(patternFinding))
      .meta({
        description: "Of a text: an ECMAScript regular expression for the whole value.",
        examples: ["^[0-9]{4,12}$"],
      })
      .optional(),
    form: line(1, 200, { description: "`pattern` in words.", examples: ["4 to 12 digits"] }).optional(),
    choices: list(line(1, 60, { description: "A choice.", examples: ["v1"] }), 2, 20, {
      description: "Of a choice: the values that are allowed.",
      examples: [["v1", "v2"]],
    }).optional(),
    when: z
      .strictObject({
        field: fieldName,
        is: line(1, 60, { description: "The value of that field.", examples: ["v2"] }),
      })
      .meta({
        description: "The field is wanted, and allowed, only where another one, a choice, has a value.",
      })
      .optional(),
  })
  .meta({ description: "One key of a channel of this payment system." });

function patternFinding(pattern: string): Finding | undefined {
  try {
    new RegExp(pattern, "u");
  } catch {
    return { code: "descriptor/field", why: "that is no regular expression; mend it, or remove it" };
  }
  return /^\^.*\$$/su.test(pattern)
    ? undefined
    : { code: "descriptor/field", why: "it fits a part of a value too; begin it with ^ and end it with $" };
}

type Found = readonly [path: Path, code: ProblemCode, why: string];

/** What fields that are right by themselves cannot be together, and what `merchant` cannot name; of a file whose other keys may be wrong. */
export function fieldFindings(value: unknown): Found[] {
  const { fields: written, merchant, gateway } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(written)) return [];
  const fields = written.flatMap((one, at) => {
    const read = fieldSchema.safeParse(one);
    return read.success ? [{ at, field: read.data as Field }] : [];
  });
  const found = fields.flatMap(({ at, field }) => {
    const before = fields.filter((other) => other.at < at);
    return ownFindings(field, [
      ...before.map((other) => other.field.name),
      ...taken,
      ...(gateway === undefined ? [] : ["gateway"]),
    ])
      .concat(
        conditionFindings(
          field,
          fields.map((one) => one.field),
        ),
      )
      .map(([key, why]): Found => [["fields", at, ...key], "descriptor/field", why]);
  });
  if (!Array.isArray(merchant) || fields.length < written.length) return found;
  const named = merchant.flatMap((name: unknown, at): Found[] => {
    const field = fields.find((one) => one.field.name === name)?.field;
    if (typeof name !== "string" || (field && !field.secret && !field.when)) return [];
    const choices = fields.filter(({ field: { secret, when } }) => !secret && !when);
    const all = choices.map((one) => one.field.name).join(", ") || "none of yours";
    const why = `is ${quote(name, 40)}: that must be a field that every channel has and that is no secret (${all})`;
    return [[["merchant", at], "descriptor/merchant", why]];
  });
  return [...found, ...named];
}

type Own = [key: Path, why: string];

function ownFindings(field: Field, names: readonly string[]): Own[] {
  const { name, type, secret = false, pattern, form, choices, example } = field;
  const found: Own[] = [];
  if (names.includes(name))
    found.push([["name"], `is ${quote(name)}: there is such a key already; choose another name`]);
  if (type === "privateKey" && !secret)
    found.push([["type"], "is privateKey: that is no thing for a file; add secret: true"]);
  if (secret && type !== "privateKey" && type !== "text")
    found.push([["secret"], `is true: a ${type} is no secret; remove it, or write type: text`]);
  if ((type === "choice") !== (choices !== undefined))
    found.push([
      choices ? ["choices"] : ["type"],
      choices
        ? `is for type: choice, and type is ${type}: remove it`
        : "is choice: add choices: [first, second]",
    ]);
  if (pattern !== undefined && type !== "text")
    found.push([["pattern"], `is for type: text, and type is ${type}: remove it`]);
  if ((pattern === undefined) !== (form === undefined))
    found.push([
      pattern === undefined ? ["form"] : ["pattern"],
      pattern === undefined
        ? "says a pattern in words, and there is none: remove it, or add pattern"
        : "is a regular expression, which helps nobody who breaks it: add form, the same in words",
    ]);
  if (found.length > 0 || secret || type === "publicKey") return found;
  const why = plainValueFinding(field, example);
  return why ? [[["example"], `is ${quote(example, 40)}, which the field does not take: ${why.why}`]] : [];
}

function conditionFindings({ when }: Field, fields: readonly Field[]): Own[] {
  if (!when) return [];
  const other = fields.find(({ name }) => name === when.field);
  if (other?.type !== "choice" || other.when)
    return [
      [["when", "field"], `is ${quote(when.field)}: that must be a field of type choice, without when`],
    ];
  if (other.choices?.includes(when.is) ?? true) return [];
  return [
    [["when", "is"], `is ${quote(when.is)}: the choices of ${other.name} are ${other.choices!.join(", ")}`],
  ];
}
