import type { OpenReport } from "../../config/open-report";
import type { Hear } from "../open/events";
import type { openFleet } from "../open/open";
import type { UpdatePlan } from "../plan";
import type { Workspace } from "../pulumi";
import { unseen, type Approved, type Unseen } from "./approved";
import { passes, type Review, type ReviewMember } from "./report";
import { review } from "./review";
import { ringsOf } from "./rings";
import { membersOf } from "./steps";

export interface DeployOptions {
  /** What was deployed last. */
  readonly base: string;
  readonly approved: Approved;
  readonly signal?: AbortSignal | undefined;
}

/** What would be done now, held against what was approved. */
export interface Comparison {
  readonly review: Review;
  /** Deletions and replacements that nobody has seen: the plan is not what was approved. */
  readonly unseen: readonly Unseen[];
  readonly rings: readonly (readonly ReviewMember[])[];
  /** Whether it may be done. */
  readonly allowed: boolean;
}

/** Those that are opened together. */
export interface Ring {
  readonly ids: readonly string[];
  /** Undefined where the ring before it did not end well. */
  readonly report: OpenReport | undefined;
}

/** Reviews the checked out commit again. Changes nothing. */
export async function compare(
  workspace: Workspace,
  { base, approved, signal }: DeployOptions,
): Promise<Comparison> {
  const now = await review(workspace, { base, signal });
  const found = unseen(approved, now.members);
  const members = now.members.filter(({ id }) => id !== "");
  return {
    review: now,
    unseen: found,
    rings: ringsOf(members),
    allowed: passes(now) && found.length === 0,
  };
}

/**
 * Does what a merge asks for, in rings, of which each is begun only when all of the one before are open and proved.
 * @param rings as `compare` tells them
 * @param open opens substations: `openFleet`
 */
export async function deploy(
  workspace: Workspace,
  rings: readonly (readonly string[])[],
  { approved, signal }: Pick<DeployOptions, "approved" | "signal">,
  open: typeof openFleet,
  on?: Hear,
): Promise<readonly Ring[]> {
  const done: Ring[] = [];
  for (const ids of rings) {
    const goOn = done.every(isOpen) && !signal?.aborted;
    const objection = (group: string, { steps }: UpdatePlan) => objectionTo(approved, group, steps);
    const report = goOn ? await open(workspace, { ids }, { signal, objection }, on) : undefined;
    done.push({ ids, report });
  }
  return done;
}

/** The plan may have become another since it was compared, so it is held against what was approved again where nobody can change it any more. */
function objectionTo(approved: Approved, group: string, steps: UpdatePlan["steps"]): string | undefined {
  const members = membersOf(group, steps).map((member) => ({ ...member, file: `stacks/${group}` }));
  const [first, ...more] = unseen(approved, members);
  if (!first) return undefined;
  const { kind, type, name } = first.step;
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  return `the plan is not what was approved: it would ${kind} ${type} ${name}${others}, which no review has shown`;
}

/** Whatever else a report says: each of them is told of as open. */
export const isOpen = ({ ids, report }: Ring): boolean =>
  ids.every((id) =>
    report?.members.some(
      (member) => member.id === id && (member.outcome === "open" || member.outcome === "unchanged"),
    ),
  );
