import type { Finding } from "../problem";
import { nearest } from "../suggest";

/** What stands between double braces in a template's texts: `{{title}}`. */
const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** Names that every text of a template may use; those of the typed file. */
export const common = ["title", "host", "owner.name", "owner.contact"] as const;

/** Those that texts of goods may use too: the category's title, and the face value in yuan. */
export const ofGoods = ["category", "faceValue"] as const;

/** Why a text cannot be filled with values for `names`. */
export function placeholderFinding(text: string, names: readonly string[]): Finding | undefined {
  for (const [whole, name = ""] of text.matchAll(placeholder)) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    const known = `there are ${names.map((one) => `{{${one}}}`).join(", ")}`;
    const why = near === undefined ? known : `did you mean {{${near}}}? There ${known.slice(6)}`;
    return { code: "template/variable", why: `nothing is known by the name of ${whole}; ${why}` };
  }
  return /\{\{|\}\}/.test(text.replace(placeholder, ""))
    ? { code: "template/variable", why: "it has double braces that do not belong together; write {{name}}" }
    : undefined;
}

/** The text with values in place of names. */
export const fillText = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(placeholder, (whole, name: string) => values[name] ?? whole).trim();
