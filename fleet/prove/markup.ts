/** As much of HTML as the proof reads (docs/image-contract.md): elements with their attributes, and forms. No page is rendered, and no script runs. */

export interface Element {
  readonly name: string;
  /** Decoded; "" where an attribute has no value. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What stands behind its start tag, up to the next tag that ends an element of its name: markup and all. */
  readonly content: string;
}

export interface Form {
  readonly action: string;
  readonly method: string;
  readonly fields: readonly Field[];
}

export interface Field {
  readonly name: string;
  readonly value: string;
  /** hidden, text, … */
  readonly type: string;
  /** A whole match is right. */
  readonly pattern: string | undefined;
}

const tag = /<([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*"|='[^']*'|=[^\s"'>]+)?)*)\s*\/?>/gi;
const attribute = /([a-z-]+)(?:="([^"]*)"|='([^']*)'|=([^\s"'>]+))?/gi;

/** The elements that have an attribute, in the order of the page. */
export function elementsWith(html: string, wanted: string): Element[] {
  return elements(html).filter(({ attributes }) => wanted in attributes);
}

/** Forms that nest are none of HTML's. */
export function forms(html: string): Form[] {
  return elements(html)
    .filter(({ name }) => name === "form")
    .map(({ attributes, content }) => ({
      action: attributes["action"] ?? "",
      method: (attributes["method"] ?? "get").toLowerCase(),
      fields: elements(content)
        .filter(({ name, attributes }) => ["input", "button"].includes(name) && attributes["name"])
        .map(({ attributes: { name = "", value = "", type = "text", pattern } }) => ({
          name,
          value,
          type,
          pattern,
        })),
    }));
}

/** What a browser sends of a form, with what the visitor typed. */
export const filled = ({ fields }: Form, typed: Readonly<Record<string, string>> = {}): URLSearchParams =>
  new URLSearchParams(fields.map(({ name, value }) => [name, typed[name] ?? value] as [string, string]));

/** What a reader sees of markup, in one line: what comes from a shop may end on a terminal, so without control characters. */
export const textOf = (markup: string): string =>
  decoded(markup.replace(/<[^>]*>/g, " "))
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();

function elements(html: string): Element[] {
  return [...html.matchAll(tag)].map(({ 0: whole, 1: name = "", 2: rest = "", index }) => {
    const after = html.slice(index + whole.length);
    const end = after.search(new RegExp(`</${name}\\s*>`, "i"));
    const attributes = Object.fromEntries(
      [...rest.matchAll(attribute)].map(([, key = "", double, single, bare]) => [
        key.toLowerCase(),
        decoded(double ?? single ?? bare ?? ""),
      ]),
    );
    return { name: name.toLowerCase(), attributes, content: end < 0 ? "" : after.slice(0, end) };
  });
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const decoded = (text: string): string =>
  text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi,
    (whole, decimal: string, hex: string, name: string) =>
      name === undefined
        ? String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16))
        : (entities[name.toLowerCase()] ?? whole),
  );
