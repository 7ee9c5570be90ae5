import type { Fields } from "../fields";

/** What a substation sells of one module, as `substation.json` says it. */
export interface ModuleSettings {
  /** Goods of other categories (game platforms, carriers) are not shown. */
  readonly categories: readonly string[];
  /** Whole fen; goods of other face values are not shown. Undefined: any. */
  readonly faceValues?: readonly number[];
}

export interface ModuleConfig extends ModuleSettings {
  /** A module that is switched off sells nothing and keeps its data; what was paid for is still delivered. */
  readonly enabled: boolean;
}

/** A kind of goods. Adding one is a file like its neighbours, and a line in `index.ts`. */
export interface Module {
  readonly name: string;
  /** Heading on the home page. */
  readonly title: string;
  readonly contact: ContactField;
  /** "card": a code from stock. "receipt": a number under which the top-up was accepted. */
  readonly delivers: "card" | "receipt";
  readonly readSettings: (fields: Fields) => ModuleSettings;
}

/** The one thing that a buyer types in. */
export interface ContactField {
  readonly label: string;
  readonly hint: string;
  /** HTML `type`, `inputmode` and `autocomplete` of the input. */
  readonly type: "email" | "tel" | "text";
  readonly autocomplete: string;
  /** A whole match is right; also the input's `pattern`, so without flags. */
  readonly pattern: string;
}

export const isText = (item: unknown): item is string => typeof item === "string" && /\S/.test(item);
