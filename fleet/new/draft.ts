import { isMap, visit, YAMLSeq, type Document } from "yaml";
import type { Path } from "../../config/document";
import { substationSchema } from "../../config/schema";
import { Shape } from "../../config/shape";
import { sortKeys, type Source } from "./source";

/** A substation that is wanted. */
export interface Wanted {
  readonly id: string;
  readonly group: string;
  readonly source: Source;
  /** Values as people type them, by dotted key of the typed file: `domain.host`. */
  readonly values: ReadonlyMap<string, string>;
}

/** What will stand in the file of a new substation. */
export interface Draft {
  readonly text: string;
  /** What was not taken over, and why. */
  readonly left: readonly string[];
  /** Keys of `values` that cannot be set, since a value stands where keys are wanted. */
  readonly unset: readonly string[];
}

export const pathOf = (key: string): Path => key.split(".");

/** What each shop has to say for itself: none of it is another's. */
export const ownKeys = ["title", "domain.host", "owner.name", "owner.contact"] as const;

/** The file of a new substation: its source's, with its own values in place. Comments stay. */
export function draft({ source, values }: Wanted): Draft {
  const { document, left } = source.begin();
  const unset: string[] = [];
  // A channel's kind decides what its other fields are.
  const ordered = [...values].sort(([a], [b]) => Number(b.endsWith(".kind")) - Number(a.endsWith(".kind")));
  for (const [key, text] of ordered) if (!set(document, pathOf(key), text)) unset.push(key);
  if (source.group === undefined) sortKeys(document);
  return { text: textOf(document), left, unset };
}

/** As typed files are written: `[a, b]`, but `{ a: b }`, which the library would pad alike. */
function textOf(document: Document): string {
  visit(document, {
    Seq(_, seq) {
      seq.toString = (context, ...rest) =>
        YAMLSeq.prototype.toString.call(seq, context && { ...context, flowCollectionPadding: "" }, ...rest);
    },
  });
  return document.toString({ lineWidth: 0 });
}

function set(document: Document, path: Path, text: string): boolean {
  for (let i = 1; i < path.length; i++) {
    const above: unknown = document.getIn(path.slice(0, i), true);
    if (above !== undefined && above !== null && !isMap(above)) return false;
  }
  document.setIn(path, typed(document, path, text));
  return true;
}

/** The value that a text stands for, by what the schema wants there: lists are written with commas. */
function typed(document: Document, path: Path, text: string): unknown {
  const form = new Shape(substationSchema, document.toJS()).form(path);
  if (form === "list") {
    const items = text.trim().replace(/^\[(.*)\]$/s, "$1").split(","); // prettier-ignore
    const texts = items.map((item) => item.trim().replace(/^"(.*)"$/, "$1")).filter((item) => item !== "");
    return document.createNode(texts, { flow: true });
  }
  if (form === "number" && /^-?[0-9]+(?:\.[0-9]+)?$/.test(text.trim())) return Number(text);
  if (form === "truth" && /^(?:true|false)$/.test(text.trim())) return text.trim() === "true";
  return text;
}
