/**
 * What a new shop begins with. Of this file only types are used elsewhere, so that the storefront can share them without a schema library.
 */

/** A template that was filled with a substation's values: `initialData` of substation.json. */
export interface InitialData {
  readonly categories: readonly InitialCategory[];
  /** Of the modules that are on, for the categories and face values that they sell. */
  readonly goods: readonly InitialGoods[];
  readonly notices: readonly InitialNotice[];
  /** In the order of the links to them. */
  readonly pages: readonly InitialPage[];
}

export interface InitialCategory {
  readonly module: string;
  /** As settings name it: `steam`. */
  readonly name: string;
  /** As visitors read it. */
  readonly title: string;
}

export interface InitialGoods {
  readonly module: string;
  /** Names the article for ever: it is loaded once in a shop. Unique in the module. */
  readonly key: string;
  readonly category: string;
  /** Fen; null for what has none. */
  readonly faceValue: number | null;
  readonly title: string;
  readonly description: string;
  /** Fen, at the main station. */
  readonly mainPrice: number;
  /** Codes in stock that only payments of a sandbox take. */
  readonly sampleCards: number;
}

export interface InitialNotice {
  /** Names the notice for ever. */
  readonly key: string;
  readonly text: string;
}

export interface InitialPage {
  /** Names the page for ever, and ends its address: `/pages/about`. */
  readonly slug: string;
  readonly title: string;
  /** Plain text; an empty line begins a new paragraph. */
  readonly text: string;
}
