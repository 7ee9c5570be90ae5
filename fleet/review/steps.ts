import type { StepFact } from "../../policies/rules/facts";
import { stepKinds, type ReviewMember, type ReviewStep, type StepKind } from "./report";

/** What an op of the engine comes to for whoever approves. What is not known here counts as the worst. */
const kindOf = (op: string): StepKind => {
  if (op === "create" || op === "import") return "create";
  if (op === "update") return "update";
  return /replace/.test(op) ? "replace" : "delete";
};

/** The steps of a group's plan by substation: one for each object, where the engine tells of a replacement in three. What is no substation's is under "". */
export function membersOf(group: string, planned: readonly StepFact[]): readonly ReviewMember[] {
  const members = new Map<string, Map<string, ReviewStep>>();
  for (const { op, urn, owner, keys = [] } of planned) {
    const id = owner?.id ?? "";
    const steps = members.get(id) ?? new Map<string, ReviewStep>();
    members.set(id, steps);
    const kind = kindOf(op);
    const known = steps.get(urn);
    steps.set(urn, {
      kind: known ? worse(known.kind, kind) : kind,
      urn,
      keys: [...new Set([...(known?.keys ?? []), ...keys])].sort(),
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
