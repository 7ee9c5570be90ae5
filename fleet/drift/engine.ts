import { PulumiFailed, wordsOf, type EngineEvent, type StepMetadata, type Workspace } from "../pulumi";
import { stackOf } from "../automation";
import { Patience, lostText } from "../patience";
import { changesFound, isIdle, planUpdate, resourcesAtOnce, type PlanOptions, type Violation } from "../plan";
import { stepFact } from "../../policies/facts/steps";

/** What the engine says of one resource. */
export interface EngineStep {
  readonly urn: string;
  readonly type: string;
  /** "create", "update", "replace", "delete" */
  readonly op: string;
  /** The substation that it is a part of. */
  readonly id: string | undefined;
  /** The object's name, as Docker, PostgreSQL or the DNS zone has it; the resource's where it has none. */
  readonly name: string;
  /** Properties that differ. */
  readonly diffs: readonly string[];
  /** What the program asks for; in a look at the state, what is live. Without secrets. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface EngineLook {
  /** One for each resource that differs. */
  readonly steps: readonly EngineStep[];
  /** Of rules that forbid what the files ask for. */
  readonly violations: readonly Violation[];
  /** Why it came to no end, so that what it saw may not be all. */
  readonly errors: readonly string[];
}

export type EngineOptions = Pick<PlanOptions, "held" | "parallel" | "signal" | "target">;

/** What is live against what the files ask for: the preview of an update that looks around first, by every rule. Changes nothing. */
export async function intentDrift(
  workspace: Workspace,
  stack: string,
  platform: string,
  options: EngineOptions,
): Promise<EngineLook> {
  const steps = collector(platform);
  const { violations, errors } = await planUpdate(workspace, stack, {
    ...options,
    refresh: true,
    expectNoChanges: true,
    maxTouched: 10_000, // it is not going to be carried out
    onEvent: ({ resourcePreEvent }) => resourcePreEvent && steps.add(resourcePreEvent.metadata),
  });
  return { steps: steps.list(), violations, errors };
}

/** What is live against what the last update left. The program does not run, so it also tells of a group whose files nobody can read. Changes nothing. */
export async function stateDrift(
  workspace: Workspace,
  stack: string,
  platform: string,
  { parallel = resourcesAtOnce, signal }: EngineOptions,
): Promise<EngineLook> {
  const steps = collector(platform);
  const errors: string[] = [];
  const patience = new Patience({}, signal);
  const onEvent = (event: EngineEvent) => {
    const { resOutputsEvent, diagnosticEvent } = event;
    patience.listen(event);
    if (resOutputsEvent) steps.add(resOutputsEvent.metadata);
    if (diagnosticEvent?.severity === "error")
      errors.push(diagnosticEvent.message.replace(/<\{%.*?%\}>/g, ""));
  };
  try {
    const found = await stackOf(workspace, stack, patience.spawned);
    await found.previewRefresh({
      color: "never",
      expectNoChanges: true,
      onEvent,
      parallel,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof PulumiFailed)) throw error;
    const seen = error.code === changesFound && steps.list().length > 0;
    if (patience.lost) errors.push(lostText(patience.lost));
    if (!seen && errors.length === 0) errors.push(wordsOf(error, stack, workspace));
  } finally {
    patience.end();
  }
  return { steps: steps.list(), violations: [], errors };
}

/** Of the several steps that replace a resource one is kept. */
function collector(platform: string) {
  const byUrn = new Map<string, EngineStep>();
  return {
    add(metadata: StepMetadata) {
      // Stacks and providers are no objects of anybody: providers are how objects are reached.
      if (isIdle(metadata.op) || metadata.type.startsWith("pulumi:")) return;
      const op = metadata.op.includes("replace") ? "replace" : metadata.op;
      const before = byUrn.get(metadata.urn);
      const step = engineStep(metadata, op, platform);
      // The step that removes the old one knows nothing of the new one.
      byUrn.set(metadata.urn, before?.op === "replace" && !metadata.new ? before : step);
    },
    list: (): readonly EngineStep[] => [...byUrn.values()],
  };
}

function engineStep(metadata: StepMetadata, op: string, platform: string): EngineStep {
  const { name, owner, object } = stepFact(metadata, platform);
  const { urn, type, diffs } = metadata;
  const inputs = (metadata.new ?? metadata.old)?.inputs ?? {};
  // A right is known by who has it.
  const grantee = typeof inputs["role"] === "string" ? inputs["role"] : undefined;
  return { urn, type, op, id: owner?.id, name: object ?? grantee ?? name, diffs: diffs ?? [], inputs };
}
