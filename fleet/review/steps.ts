import { substationOf } from "../../policies/facts/steps";
import { isIdle } from "../plan";
import type { StepMetadata } from "../pulumi";
import { stepKinds, type ReviewMember, type ReviewStep, type StepKind } from "./report";

/** What an op of the engine comes to for whoever approves. What is not known here counts as the worst. */
const kindOf = (op: string): StepKind => {
  if (op === "create" || op === "import") return "create";
  if (op === "update") return "update";
  return /replace/.test(op) ? "replace" : "delete";
};

/**
 * The steps of a group's plan by substation: one for each object, where the engine tells of a replacement in three. What is no substation's is under "".
 */
export function membersOf(
  group: string,
  planned: readonly StepMetadata[],
): readonly Omit<ReviewMember, "file">[] {
  const members = new Map<string, Map<string, ReviewStep>>();
  for (const { op, urn, type, keys, diffs, new: next, old } of planned) {
    if (isIdle(op)) continue;
    const id = substationOf({ type, urn, parent: (next ?? old)?.parent }, "")?.id ?? "";
    const steps = members.get(id) ?? new Map<string, ReviewStep>();
    members.set(id, steps);
    const kind = kindOf(op);
    const known = steps.get(urn);
    const named = (kind === "replace" ? keys : kind === "update" ? diffs : undefined) ?? [];
    steps.set(urn, {
      kind: known ? worse(known.kind, kind) : kind,
      urn,
      type: type.split(":").at(-1) ?? type,
      name: urn.split("::").slice(3).join("::"),
      keys: [...new Set([...(known?.keys ?? []), ...named])].sort(),
    });
  }
  return [...members].map(([id, found]) => {
    const steps = [...found.values()];
    return {
      id,
      group,
      created: steps.filter(({ kind }) => kind === "create").length,
      steps: steps
        .filter(({ kind }) => kind !== "create")
        .sort((a, b) => rank(a.kind) - rank(b.kind) || (a.urn < b.urn ? -1 : 1)),
    };
  });
}

const rank = (kind: StepKind): number => stepKinds.indexOf(kind);
const worse = (a: StepKind, b: StepKind): StepKind => (rank(a) <= rank(b) ? a : b);
