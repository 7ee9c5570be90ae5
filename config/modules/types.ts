import type { z } from "zod";

import type { modules } from "./index";

/**
 * A part of the shop that is switched on by the typed file. One folder or file of `config/modules/` is one module, and one line of
 * `index.ts` makes it known.
 */
export interface Module<Shape extends z.ZodRawShape = z.ZodRawShape, Settings extends object = object> {
  /** What people call it. */
  readonly title: string;
  readonly description: string;
  /** Its keys in the typed file, with descriptions and examples for editors. `enabled` is every module's, and not among them. */
  readonly settings: Shape;
  /** What templates may hold goods of. */
  readonly goods: GoodsForm;
  /** What it needs beyond the shop itself; held against the substation's resources while it is on. */
  readonly needs: Needs;
  /** Names of modules that must be on where this one is. @default none */
  readonly requires?: readonly string[];
  /** Names of modules that cannot be on where this one is. @default none */
  readonly excludes?: readonly string[];
  /** Written settings to what stands in substation.json: plain data, numbers in base units. */
  normalise(written: z.infer<z.ZodObject<Shape>>): Settings;
  /** What settings put on sale. */
  sold(settings: Settings): Sold;
}

export interface GoodsForm {
  /** The categories that there are. @default any word */
  readonly categories?: readonly string[];
  /** Whether the settings say which face values are sold. */
  readonly faceValues: boolean;
}

/** What a shop sells of a module. */
export interface Sold {
  readonly categories: readonly string[];
  /** Fen. @default any */
  readonly faceValues?: readonly number[];
}

export interface Needs {
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
}

export type ModuleName = keyof typeof modules;

/**
 * The modules of a substation as they stand in substation.json. A module that is not there was never asked for; one that is there and
 * not enabled keeps its data.
 */
export type Modules = {
  readonly [Name in ModuleName]?: { readonly enabled: boolean } & Readonly<
    ReturnType<(typeof modules)[Name]["normalise"]>
  >;
};
