import type { OpenReport } from "../../config/open-report";
import type { Workspace } from "../pulumi";
import type { Hear } from "./events";
import type { Selection } from "./selection";

export interface OpenOptions {
  /** Groups that are worked on at one time. @default the cores, or the gigabytes of memory where that is less */
  readonly engines?: number | undefined;
  /** Resources that each engine works on at one time. @default 4 for each core */
  readonly parallel?: number | undefined;
  /** How many of a group's standing substations the run may change, of 10,000. @default a quarter, and 5 in any case */
  readonly maxTouched?: number | undefined;
  /** Whether a group that another run has is waited for. @default true */
  readonly wait?: boolean | undefined;
  /** Whether what was opened is proved by buying from it. @default true */
  readonly prove?: boolean | undefined;
  /** Engines finish what is under way, and nothing more is begun. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens substations, and goes on with the others where one cannot be opened. What is not selected is left as it is.
 * @throws UserError where nothing can be begun: for an id that no file has
 */
export type OpenFleet = (
  workspace: Workspace,
  selection: Selection,
  options?: OpenOptions,
  on?: Hear,
) => Promise<OpenReport>;
