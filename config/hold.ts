import { basename, dirname } from "node:path";
import type { Fleet, Problem } from "./fleet";
import { orderSuffix } from "./lifecycle/order";

/**
 * Substations that one update leaves as they are, whatever their files say, so that the others of their group need not wait until they are mended. Whoever runs the
 * update names them in the environment of `pulumi`, where both the program and the policy pack find them, and excludes those that stand from it.
 */
export const holdVariable = "SUBSTATION_HOLD";

/** The process that holds them: pid and start, parted by a dot. Names that were left in an environment, with nobody who excludes anything, would have them removed. */
export const holderVariable = "SUBSTATION_HOLD_BY";

export const heldIds = (env: NodeJS.ProcessEnv = process.env): ReadonlySet<string> =>
  new Set((env[holdVariable] ?? "").split(",").filter((id) => id !== ""));

export const formatHeld = (ids: Iterable<string>): string => [...ids].sort().join(",");

/** The fleet without the held ones and the problems of their files; what is wrong with anything else stays. */
export function withoutHeld(fleet: Fleet, held: ReadonlySet<string>): Fleet {
  if (held.size === 0) return fleet;
  return {
    ...fleet,
    groups: new Map(
      [...fleet.groups].map(([group, specs]) => [group, specs.filter(({ id }) => !held.has(id))]),
    ),
    problems: fleet.problems.filter((problem) => !held.has(substationIn(fleet, problem) ?? "")),
  };
}

/** The substation whose file, or closing order, a problem is in; undefined where it is in another kind of file. */
export function substationIn(fleet: Fleet, { file }: Pick<Problem, "file">): string | undefined {
  const [folder, name] = [basename(dirname(file)), basename(file)];
  const id = name.replace(new RegExp(`(?:\\${orderSuffix})?\\.yaml$`), "");
  return fleet.groups.has(folder) && id !== name ? id : undefined;
}
