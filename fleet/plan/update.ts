import type { Position } from "../../config/problem";
import { stepFact } from "../../policies/facts/steps";
import { loadIntent } from "../../policies/intent";
import { noFacts, type StepFact } from "../../policies/rules/facts";
import type { Intent } from "../../policies/rules/intent";
import { planRules } from "../../policies/rules/plan";
import { judge, severities, type Severity } from "../../policies/rules/rule";
import { stackOf } from "../automation";
import { Heard } from "./heard";
import { heldOptions, keeping } from "../hold";
import { Patience, lostText, type PatienceOptions } from "../patience";
import { PulumiFailed, wordsOf, type EngineEvent, type PolicyViolation, type Workspace } from "../pulumi";

/** What an update would do, and what forbids it. */
export interface UpdatePlan {
  readonly stack: string;
  /** Without those that change nothing. */
  readonly steps: readonly StepFact[];
  readonly violations: readonly Violation[];
  /** Whether anything of a substation stands already, and was looked at. */
  readonly stands: boolean;
  /** What the program or a provider ended the preview with; empty where it came to its end. */
  readonly errors: readonly string[];
}

export interface Violation {
  /** Id of the rule. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** The file of the substation that it concerns, where it concerns one. */
  readonly file: Position | undefined;
}

export interface PlanOptions {
  readonly onEvent?: ((event: EngineEvent) => void) | undefined;
  /** Asks the engine to stop after the steps under way. */
  readonly signal?: AbortSignal | undefined;
  /** Substations that are left as they are, whatever their files say. @default none */
  readonly held?: ReadonlySet<string> | undefined;
  /** Resources that the engine works on at once. @default {@link resourcesAtOnce} */
  readonly parallel?: number | undefined;
  /** Looks first at what is really there, and takes that for what there was. @default false */
  readonly refresh?: boolean | undefined;
  /** Counts a change as the end that was not hoped for: the engine's exit code then bears out what its events told. @default false */
  readonly expectNoChanges?: boolean | undefined;
  /** URNs of the only resources that are looked at and changed. @default all */
  readonly target?: readonly string[] | undefined;
  /** How many of the standing substations one update may change, of 10,000. @default a quarter, and 5 in any case */
  readonly maxTouched?: number | undefined;
  /** What an engine that says nothing is granted. */
  readonly patience?: PatienceOptions | undefined;
}

/** Exit code where changes were found, and none were expected (pulumi, sdk/go/common/util/cmdutil/exit_codes.go). */
export const changesFound = 7;

/**
 * Resources that an engine works on, or looks at, at once. Of a full group it would read a hundred rights else, each over a connection of its own, since the provider has a pool for
 * each database: more than the provisioner may have.
 */
export const resourcesAtOnce = 8;

/** Ops of steps that change nothing: neither what is there nor what is known of it. */
export const isIdle = (op: string): boolean =>
  ["same", "read", "refresh", "read-discard", "discard"].includes(op);

/**
 * Previews an update of a stack with every rule: those of the policy pack, and those about the steps themselves, which a pack does not see. Changes nothing.
 * @throws UserError where the files do not tell what to judge the plan by
 */
export async function planUpdate(
  workspace: Workspace,
  stack: string,
  { maxTouched, held = new Set(), expectNoChanges = false, patience: asked, ...options }: PlanOptions = {},
): Promise<UpdatePlan> {
  const intent = planIntent(workspace.root, stack, held, maxTouched);
  const steps: StepFact[] = [];
  const found: PolicyViolation[] = [];
  const errors: string[] = [];
  let stands = false;
  let failed = false;
  const patience = new Patience(asked, options.signal);
  const heard = new Heard((event) => {
    patience.listen(event);
    const { resourcePreEvent, policyEvent, diagnosticEvent } = event;
    if (resourcePreEvent) {
      const step = stepFact(resourcePreEvent.metadata, intent.platform.name);
      steps.push(step);
      stands ||= step.op === "refresh" && step.owner !== undefined;
    }
    if (policyEvent) found.push(policyEvent);
    if (diagnosticEvent?.severity === "error") errors.push(plainText(diagnosticEvent.message));
    options.onEvent?.(event);
  });
  try {
    const { at, exclude } = await heldOptions(workspace, stack, held);
    await (
      await stackOf(at, stack, patience.spawned)
    ).preview({
      ...engineOptions(options),
      ...keeping(exclude, options.target),
      expectNoChanges,
      onEvent: heard.listen,
    });
  } catch (error) {
    if (!(error instanceof PulumiFailed)) throw error;
    failed = true; // which it has said by its exit code, whatever was heard
    if (patience.lost) errors.push(lostText(patience.lost));
    const told = error.code === changesFound && steps.some(({ op }) => !isIdle(op));
    if (!told && found.length === 0 && errors.length === 0) errors.push(wordsOf(error, stack, workspace));
  } finally {
    patience.end();
  }
  const missing = heard.missing();
  if (missing !== undefined && !failed) errors.push(missing);
  const forbidden = judge(planRules, { ...noFacts, step: steps }, intent).map((finding) => ({
    rule: finding.rule.id,
    severity: finding.rule.severity,
    message: `${finding.message}. ${finding.rule.remedy}`,
    file: finding.owner && intent.substations.get(finding.owner.id)?.file,
  }));
  const violations = [...found.map((violation) => violationOf(violation, steps, intent)), ...forbidden];
  // The engine's last word adds nothing to what it said before.
  const said =
    violations.length > 0 || errors.length > 1 ? errors.filter((text) => text !== "preview failed") : errors;
  return {
    stack,
    steps: steps.filter(({ op }) => !isIdle(op)),
    violations: sorted(violations),
    stands,
    errors: said,
  };
}

/** The rules, for a command of Pulumi that is run in the project's folder. */
export const policyPack = ["--policy-pack", "policies"] as const;

/** What previews and updates have in common. */
export const engineOptions = ({
  signal,
  parallel = resourcesAtOnce,
  refresh,
  target,
}: Pick<PlanOptions, "signal" | "parallel" | "refresh" | "target">) => ({
  policyPacks: ["policies"],
  color: "never" as const,
  ...(refresh ? { refresh } : {}),
  ...(target ? { target: [...target] } : {}),
  ...(signal ? { signal } : {}),
  parallel,
});

/** Whether the plan may be carried out. */
export const isAllowed = ({ violations, errors }: UpdatePlan): boolean =>
  violations.length === 0 && errors.length === 0;

/**
 * What the files ask for of a plan that leaves some substations as they are: these stand too, where it is counted how many it may change.
 * @internal
 */
export function planIntent(
  root: string,
  stack: string,
  held: ReadonlySet<string>,
  maxTouched: number | undefined,
): Intent {
  const intent = loadIntent(root, stack, held);
  return { ...intent, mayTouch: mayTouch(intent.substations.size + held.size, maxTouched) };
}

/**
 * How many of the standing substations one plan may change: a quarter of the fleet, and 5 in any case, where nothing else is said.
 * @param share of 10,000
 */
export const mayTouch = (substations: number, share: number | undefined): number =>
  share === undefined ? Math.max(5, Math.floor(substations / 4)) : Math.ceil((substations * share) / 10_000);

function violationOf(violation: PolicyViolation, steps: readonly StepFact[], intent: Intent): Violation {
  const { policyName, severity, message, resourceUrn, enforcementLevel } = violation;
  const id = steps.find(({ urn }) => urn === resourceUrn)?.owner?.id;
  const [description = "", ...rest] = plainText(message).trim().split("\n");
  const said = rest.join("\n").trim() || description;
  // What the program has left out is no resource of the plan: only words tell of it.
  const [, missing] = /^Substation (\S+) must have /.exec(said) ?? [];
  return {
    rule: policyName,
    // What the pack could not judge counts as the worst: it has told nothing of how bad it is.
    severity:
      severities.find((known) => known === severity && enforcementLevel === "mandatory") ?? "critical",
    message: said,
    file: intent.substations.get(id ?? missing ?? "")?.file,
  };
}

/** Worst first; then by file, rule and words. */
const sorted = (violations: readonly Violation[]): Violation[] =>
  [...violations].sort(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      compare(a.file?.file ?? "", b.file?.file ?? "") ||
      compare(a.rule, b.rule) ||
      compare(a.message, b.message),
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Without the engine's marks for colours. */
export const plainText = (text: string): string => text.replace(/<\{%.*?%\}>/g, "").trimEnd();
