import { join } from "node:path";
import { loadFleet } from "../../config/fleet";
import type { OpenReport } from "../../config/open-report";
import type { Hear } from "../open/events";
import type { openFleet } from "../open/open";
import { select } from "../open/selection";
import type { UpdatePlan } from "../plan";
import type { Workspace } from "../pulumi";
import { fleetStatus } from "../status";
import { unseen, type Approved, type Unseen } from "./approved";
import { everySubstation, objectOf, passes, type Review, type ReviewMember } from "./report";
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
  /** None where nothing may be done. */
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
  const allowed = passes(now) && found.length === 0;
  const members = now.members.filter(({ id }) => id !== "");
  const rings = allowed ? ringsOf([...members, ...(await leftOver(workspace, now))]) : [];
  return { review: now, unseen: found, rings, allowed };
}

/** Those that a deployment before has changed and not brought to their end: nothing of them changes any more, and they are not open. */
async function leftOver(workspace: Workspace, { base, members }: Review): Promise<readonly ReviewMember[]> {
  const changed = new Set(members.map(({ id }) => id));
  const selected = [...(await select(workspace.root, { changedSince: base })).values()].flat();
  const { groups } = loadFleet(join(workspace.root, "stacks"));
  const idle = [...groups.values()].flat().filter(({ id }) => selected.includes(id) && !changed.has(id));
  if (idle.length === 0) return [];
  const found = await fleetStatus(
    workspace,
    idle.map(({ id }) => id),
  );
  return found.filter(({ ok }) => !ok).map(({ id, group }) => ({ id, group, created: 0, steps: [] }));
}

/** Milliseconds that a group which another run has is waited for: one that a dead machine holds must not keep a job until its time is over. */
const wait = 30 * 60_000;

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
    const report = goOn
      ? await open(workspace, { ids }, { signal, objection, wait, maxTouched: everySubstation }, on)
      : undefined;
    done.push({ ids, report });
  }
  return done;
}

/** The plan may have become another since it was compared, so it is held against what was approved again where nobody can change it any more. */
function objectionTo(approved: Approved, group: string, steps: UpdatePlan["steps"]): string | undefined {
  const [first, ...more] = unseen(approved, membersOf(group, steps));
  if (!first) return undefined;
  const { type, name } = objectOf(first.step);
  const others = more.length > 0 ? ` (and ${more.length} more)` : "";
  return `the plan is not what was approved: it would ${first.step.kind} ${type} ${name}${others}, which no review has shown`;
}

/** Whatever else a report says: each of them is told of as open. */
export const isOpen = ({ ids, report }: Ring): boolean =>
  ids.every((id) =>
    report?.members.some(
      (member) => member.id === id && (member.outcome === "open" || member.outcome === "unchanged"),
    ),
  );
