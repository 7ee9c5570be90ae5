import type { Owner } from "../../config/names";
import type { StepFact } from "../rules/facts";

/** A step of a plan, as the engine tells of it. */
export interface PlannedStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly new?: StepState | null;
  readonly old?: StepState | null;
  /** Properties for which it is replaced. */
  readonly keys?: readonly string[] | null;
  /** Properties that differ. */
  readonly diffs?: readonly string[] | null;
}

interface StepState {
  readonly parent?: string;
  readonly retainOnDelete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** @param platform the platform's name */
export function stepFact(step: PlannedStep, platform: string): StepFact {
  const { op, urn, type } = step;
  const state = step.new ?? step.old;
  const named = state?.inputs?.["name"];
  const keys = [...((op === "update" ? step.diffs : step.keys) ?? [])].sort();
  return {
    name: urnName(urn),
    owner: substationOf({ type, urn, parent: state?.parent }, platform),
    op,
    type,
    urn,
    object: typeof named === "string" ? named : undefined,
    ...(step.old?.retainOnDelete ? { retained: true } : {}),
    ...(keys.length > 0 ? { keys } : {}),
    unknown: [],
  };
}

const component = "substation:index:Substation";

/**
 * The substation that a resource is the component of, or directly a part of; what is deeper in is nobody's, and rules refuse it.
 * @param platform the platform's name, which no URN tells
 */
export function substationOf(
  resource: { readonly type: string; readonly urn: string; readonly parent?: string | undefined },
  platform: string,
): Owner | undefined {
  const [, , parentType] = resource.parent?.split("::") ?? [];
  const of =
    resource.type === component
      ? resource.urn
      : parentType?.split("$").at(-1) === component
        ? resource.parent
        : undefined;
  return of === undefined ? undefined : { platform, group: urnStack(of), id: urnName(of) };
}

/** `urn:pulumi:<stack>::<project>::<types>::<name>` */
export const urnStack = (urn: string): string => urn.split(":")[2] ?? "";
export const urnName = (urn: string): string => urn.split("::").slice(3).join("::");
