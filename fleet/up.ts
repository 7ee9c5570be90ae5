import { isAllowed, planUpdate, policyPack, type PlanOptions, type UpdatePlan } from "./plan";
import { pulumi, type EngineEvent, type Workspace } from "./pulumi";

export type Outcome =
  /** Nothing was changed. */
  | { readonly kind: "refused" | "declined"; readonly plan: UpdatePlan }
  /** `output` is what Pulumi printed. */
  | { readonly kind: "updated" | "failed"; readonly plan: UpdatePlan; readonly output: string };

export interface UpOptions extends Omit<PlanOptions, "onEvent"> {
  /** Asked before anything is changed, with a plan that no rule forbids. */
  readonly confirm: (plan: UpdatePlan) => Promise<boolean>;
}

/**
 * Updates a stack, if no rule forbids its plan. The same rules hold during the update, for each resource before it is touched; those about the steps of a plan hold the plan
 * alone.
 * @param on hears of each event of the update itself
 * @throws UserError where the files do not tell what to judge the plan by
 */
export async function up(
  workspace: Workspace,
  stack: string,
  { confirm, ...options }: UpOptions,
  on: (event: EngineEvent) => void = () => undefined,
): Promise<Outcome> {
  const plan = await planUpdate(workspace, stack, options);
  if (!isAllowed(plan)) return { kind: "refused", plan };
  if (options.signal?.aborted || !(await confirm(plan))) return { kind: "declined", plan };
  const { code, stdout, stderr } = await pulumi(
    workspace,
    ["up", "-s", stack, "--yes", "--skip-preview", ...policyPack],
    { signal: options.signal, onEvent: on },
  );
  const output = `${stdout.trimEnd()}\n${stderr.trimEnd()}`.trim();
  return { kind: code === 0 ? "updated" : "failed", plan, output };
}
