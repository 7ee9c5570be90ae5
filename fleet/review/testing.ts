import type { Review, ReviewMember, ReviewStep } from "./report";

/** A review of whatever a test says, on commits that do not exist. */
export const reviewOf = (members: readonly ReviewMember[], change: Partial<Review> = {}): Review => ({
  version: 1,
  base: "a".repeat(40),
  commit: "b".repeat(40),
  tree: "c".repeat(40),
  scope: "plan",
  members: [...members],
  unchanged: 3,
  findings: [],
  errors: [],
  notes: [],
  ...change,
});

export const memberOf = (
  id: string,
  steps: readonly ReviewStep[] = [],
  created = steps.length === 0 ? 13 : 0,
): ReviewMember => ({ id, group: "demo", created, steps: [...steps] });

export const stepOf = (
  id: string,
  kind: ReviewStep["kind"],
  keys: readonly string[] = [],
  type = "Container",
): ReviewStep => ({
  kind,
  keys: [...keys],
  urn: `urn:pulumi:demo::substation::${type}::${id}`,
});
