import { stackOf } from "./automation";
import { heldOptions, keeping } from "./hold";
import { Patience, type Silence } from "./patience";
import {
  engineOptions,
  isAllowed,
  planUpdate,
  resourcesAtOnce,
  type PlanOptions,
  type UpdatePlan,
} from "./plan";
import { PulumiFailed, type EngineEvent, type Workspace } from "./pulumi";

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
  return { plan, ...(await carryOut(workspace, stack, options, on)) };
}

export interface CarryOutOptions extends Omit<PlanOptions, "onEvent" | "maxTouched"> {
  /** Goes on with the others where one fails. @default false */
  readonly continueOnError?: boolean;
  /**
   * When it is looked at what is really there: in an engine of its own before, by {@link resourcesAtOnce} however many are changed at once, or not at all.
   * @default by the update itself, as Pulumi.yaml says
   */
  readonly look?: "before" | "not";
}

export interface CarriedOut {
  readonly kind: "updated" | "failed";
  /** What Pulumi printed. */
  readonly output: string;
  /** The engine was ended from outside: what it did last is not in the state. */
  readonly killed: boolean;
  /** It was asked to stop, and killed where it did not, since it said nothing for so long. */
  readonly lost?: Silence;
}

/** Updates a stack whose plan was judged before. */
export async function carryOut(
  workspace: Workspace,
  stack: string,
  { held = new Set(), continueOnError = false, look, patience: asked, ...options }: CarryOutOptions,
  onEvent: (event: EngineEvent) => void,
): Promise<CarriedOut> {
  const { at, exclude } = await heldOptions(workspace, stack, held);
  const patience = new Patience(asked, options.signal);
  const hear = (event: EngineEvent) => {
    patience.listen(event);
    onEvent(event);
  };
  try {
    const update = await stackOf(at, stack, patience.spawned, look ? ["--refresh=false"] : []);
    const kept = keeping(exclude, options.target);
    const settings = { ...engineOptions(options), ...kept, onEvent: hear };
    if (look === "before") {
      const { color, signal, target } = settings;
      await update.refresh({ color, signal, target, ...kept, onEvent: hear, parallel: resourcesAtOnce });
    }
    const done = await update.up({ ...settings, continueOnError });
    return { kind: "updated", output: said(done), killed: false };
  } catch (error) {
    if (!(error instanceof PulumiFailed)) throw error;
    const { lost } = patience;
    return { kind: "failed", output: said(error), killed: error.code === null, ...(lost ? { lost } : {}) };
  } finally {
    patience.end();
  }
}

const said = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string =>
  `${stdout.trimEnd()}\n${stderr.trimEnd()}`.trim();
