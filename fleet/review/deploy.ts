import type { OpenReport } from "../../config/open-report";
import type { Hear } from "../open/events";
import type { openFleet } from "../open/open";
import type { Workspace } from "../pulumi";
import { unseen, type Approved, type Unseen } from "./approved";
import { passes, type Review, type ReviewMember } from "./report";
import { review } from "./review";
import { ringsOf } from "./rings";

export interface DeployOptions {
  /** What was deployed last. */
  readonly base: string;
  readonly approved: Approved;
  /** Of the substations that changed, these only, as one ring. @default all */
  readonly only?: readonly string[] | undefined;
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

export interface Ring {
  readonly ids: readonly string[];
  /** Undefined where the ring before it did not end well. */
  readonly report: OpenReport | undefined;
}

export interface Deployment extends Comparison {
  /** None where nothing may be done. */
  readonly done: readonly Ring[];
  /** Whether all of it is open and proved. */
  readonly good: boolean;
}

/** Reviews the checked out commit again. Changes nothing. */
export async function compare(
  workspace: Workspace,
  { base, approved, only, signal }: DeployOptions,
): Promise<Comparison> {
  const now = await review(workspace, { base, only, signal });
  const found = unseen(approved, now);
  const members = now.members.filter(({ id }) => id !== "");
  const rings = only === undefined ? ringsOf(members) : [members].filter(({ length }) => length > 0);
  return { review: now, unseen: found, rings, allowed: passes(now) && found.length === 0 };
}

/**
 * Does what a merge asks for, if that is what was approved: in rings, of which each is begun only when all of the one before are open and proved.
 * @param open opens substations: `openFleet`
 */
export async function deploy(
  workspace: Workspace,
  options: DeployOptions,
  open: typeof openFleet,
  on?: Hear,
): Promise<Deployment> {
  const comparison = await compare(workspace, options);
  if (!comparison.allowed) return { ...comparison, done: [], good: false };
  const done: Ring[] = [];
  let good = true;
  for (const ring of comparison.rings) {
    const ids = ring.map(({ id }) => id);
    const report: OpenReport | undefined = good
      ? await open(workspace, { ids }, { signal: options.signal }, on)
      : undefined;
    good &&= report !== undefined && allOpen(report, ids);
    done.push({ ids, report });
  }
  return { ...comparison, done, good };
}

/** Whatever else a report says: each of them is told of as open. */
export const allOpen = ({ members }: OpenReport, ids: readonly string[]): boolean =>
  ids.every((id) =>
    members.some(
      (member) => member.id === id && (member.outcome === "open" || member.outcome === "unchanged"),
    ),
  );
