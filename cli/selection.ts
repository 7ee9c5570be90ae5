import type { Command } from "commander";
import type { Selection } from "../fleet/open/selection";

export interface SelectionOptions {
  readonly all?: boolean;
  /** A commit; true where none is named. */
  readonly changed?: string | true;
}

/** Which substations a command line means: ids, `--changed` or `--all`, and one of these. Anything else ends the command with its usage. */
export function selectionOf(
  ids: readonly string[],
  { all, changed }: SelectionOptions,
  command: Command,
): Selection {
  if ([ids.length > 0, all, changed !== undefined].filter(Boolean).length !== 1)
    command.error("error: name substations, or say --changed or --all, and only one of these", {
      exitCode: 2,
    });
  if (all) return "all";
  return changed === undefined ? { ids } : { changedSince: changed === true ? undefined : changed };
}
