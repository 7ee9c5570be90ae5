import type { Platform } from "../../config/platform";
import { problemsBefore, problemsOfPlan, type Failure } from "../open/problems";
import { Watch } from "../open/watch";
import type { Workspace } from "../pulumi";
import { isAllowed, planUpdate, type PlanOptions, type UpdatePlan, type Violation } from "./update";

export interface Asked extends Omit<PlanOptions, "held" | "onEvent"> {
  /** Members that are to be opened. */
  readonly ids: readonly string[];
  /** The others of the group, which are left as they are. */
  readonly others: readonly string[];
  readonly platform: Platform;
  /** Whether it is known without a preview that nothing is to be done. @default it is not */
  readonly isSettled?: (held: ReadonlySet<string>) => Promise<boolean>;
}

export interface Gate {
  /** The last preview; undefined where there was none. */
  readonly plan: UpdatePlan | undefined;
  /** Members that are left as they are: the others, and those that cannot be opened. */
  readonly held: ReadonlySet<string>;
  /** Why members cannot be opened. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** By which rules; of members that are held by now too. */
  readonly violations: readonly Violation[];
  /** What concerns all of the group: then nothing of it may be done. */
  readonly refused: readonly string[];
}

/**
 * Finds the members that cannot be opened, and a plan of the others that no rule forbids. Changes nothing.
 * @throws UserError where a server cannot be looked at
 */
export async function planGate(
  workspace: Workspace,
  group: string,
  { ids, others, platform, isSettled, ...options }: Asked,
): Promise<Gate> {
  const held = new Set(others);
  const failures = new Map<string, Failure>();
  const violations: Violation[] = [];
  const hold = (found: ReadonlyMap<string, Failure>) => {
    for (const [id, failure] of found) {
      held.add(id);
      failures.set(id, failure);
    }
  };
  const gate = { held, failures, violations };
  const before = await problemsBefore(workspace.root, group, platform, held);
  hold(before.members);
  if (before.group.length > 0) return { ...gate, plan: undefined, refused: before.group };
  if (await isSettled?.(held)) return { ...gate, plan: undefined, refused: [] };
  for (;;) {
    if (ids.every((id) => held.has(id))) return { ...gate, plan: undefined, refused: [] };
    const watch = new Watch([...ids, ...others]);
    const plan = await planUpdate(workspace, group, { ...options, held, onEvent: watch.listen });
    if (isAllowed(plan) || options.signal?.aborted) return { ...gate, plan, refused: [] };
    violations.push(...plan.violations);
    const found = problemsOfPlan(workspace.root, group, plan, watch.said);
    const fresh = new Map([...found.members].filter(([id]) => !held.has(id)));
    // Those that single members are to blame for go with them; what is left without them is seen by another look.
    if (fresh.size === 0) {
      const all = [...found.group, ...plan.errors];
      return { ...gate, plan, refused: [...new Set(all)] };
    }
    hold(fresh);
  }
}
