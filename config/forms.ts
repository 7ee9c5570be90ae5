import { z } from "zod";

import type { Finding } from "./problem";
import { nearest } from "./suggest";
import { proseFinding, textFinding } from "./text";
import { unitFinding } from "./units";
import type { Unit } from "./units";

/** The kinds of values that stand in typed files. No transforms: the JSON Schema for editors says the same. */

export interface Docs {
  readonly description: string;
  /** The first is shown where the value is missing. */
  readonly examples: readonly [string, ...string[]];
  /** What is meant where the value is absent, as it would be written. */
  readonly default?: string;
}

/** Ends of what may be written, for those who explain a value. */
export const ends = z.registry<{ readonly least: string; readonly most: string }>();

/** Schemas whose values no complaint shows, since somebody may have written a secret there. */
export const unshown = z.registry<{ readonly unshown: true }>();

/** A check of one value as zod wants it. */
export const checked =
  <T>(check: (value: T) => Finding | undefined) =>
  (value: T, context: z.RefinementCtx): void => {
    const finding = check(value);
    if (finding) context.addIssue({ code: "custom", message: finding.why, params: { code: finding.code } });
  };

/** One line of text that people read. JSON Schema counts characters as we do, and leaves the invisible ones to `check`. */
export const line = (least: number, most: number, docs: Docs) =>
  z
    .string()
    .superRefine(checked((value) => textFinding(value, least, most)))
    .meta({ ...docs, minLength: least, maxLength: most });

/** Text that people read, of one line or more. */
export const prose = (most: number, docs: Docs) =>
  z
    .string()
    .superRefine(checked((value) => proseFinding(value, most)))
    .meta({ ...docs, minLength: 1, maxLength: most });

/** A value with a unit, from `least` to `most`, in the unit's own words. */
export function quantity(unit: Unit, least: string, most: string, docs: Docs) {
  const [low, high] = [unit.value(least), unit.value(most)];
  const check = (text: string): Finding | undefined => {
    const value = unit.parse(text);
    if (value === undefined) return unitFinding(unit, text);
    if (value < low)
      return { code: "value/range", why: `the least that works is ${least}; write that or more` };
    return value > high
      ? { code: "value/range", why: `the most that is allowed is ${most}; write that or less` }
      : undefined;
  };
  const whyNot = (input: unknown): string | undefined => {
    if (input === undefined || input === null) return undefined;
    return typeof input === "number" ? unitFinding(unit, String(input))?.why : `the form is ${unit.form}`;
  };
  return z
    .string({ error: ({ input }) => whyNot(input) })
    .superRefine(checked(check))
    .meta({ ...docs, description: `${docs.description} From ${least} to ${most}.`, pattern: unit.pattern })
    .register(ends, { least, most });
}

/** A word that matches `pattern`, which is `form` in words. */
export const word = (pattern: string, form: string, docs: Docs) =>
  z
    .string()
    .superRefine(
      checked((value) =>
        new RegExp(pattern).test(value) ? undefined : { code: "value/text", why: `write ${form}` },
      ),
    )
    .meta({ ...docs, pattern });

/** Names that people choose: of tiers, templates, secrets, categories. */
export const namePattern = "^[a-z][a-z0-9-]{0,30}$";
export const nameForm = 'up to 31 of a-z, 0-9 and "-", beginning with a letter';

/** Keys that people choose: of variables, and of fields. */
export const keyPattern = "^[a-z][A-Za-z0-9]{0,30}$";
export const keyForm = "up to 31 letters and digits, beginning with a small letter";

export const name = (docs: Docs) => word(namePattern, nameForm, docs);

/** A key of a map; what does not match `pattern` is told as `otherwise`. */
export const mapKey = (pattern: string, otherwise: Finding, description: string) =>
  z
    .string()
    .superRefine(checked((key) => (new RegExp(pattern).test(key) ? undefined : otherwise)))
    .meta({ description, pattern });

/** One of some words. */
export const choice = (choices: readonly string[], docs: Docs) =>
  z
    .string()
    .superRefine(checked((value) => choiceFinding(value, choices)))
    .meta({ ...docs, enum: [...choices] });

export function choiceFinding(value: string, choices: readonly string[]): Finding | undefined {
  if (choices.includes(value)) return undefined;
  const near = nearest(value, choices);
  const all = `the choices are ${choices.join(", ")}`;
  return { code: "value/choice", why: near === undefined ? all : `did you mean "${near}"? ${capital(all)}` };
}

/** `least` to `most` values, none of them twice. */
export const list = <T extends z.ZodType<string>>(
  item: T,
  least: number,
  most: number,
  docs: { readonly description: string; readonly examples: readonly [readonly string[]] },
) =>
  z
    .array(item)
    .min(least)
    .max(most)
    .superRefine((values, context) => {
      values.forEach((value, i) => {
        if (values.indexOf(value) === i) return;
        const message = "it stands in the list already; remove one of them";
        context.addIssue({ code: "custom", message, path: [i], params: { code: "value/repeated" } });
      });
    })
    .meta({ ...docs, examples: docs.examples.map((example) => [...example]), uniqueItems: true });

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
