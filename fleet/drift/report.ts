import type { DriftFinding, DriftReport } from "../../config/drift-report";

export * from "../../config/drift-report";

/** 0 no drift, 1 drift, 2 something could not be looked at, whatever else was found. */
export const exitCodeOf = ({ findings, blind }: Pick<DriftReport, "findings" | "blind">): 0 | 1 | 2 =>
  blind.length > 0 ? 2 : findings.length > 0 ? 1 : 0;

/** Tells findings apart, from look to look. */
export const findingKey = ({ group, id, object }: Pick<DriftFinding, "group" | "id" | "object">): string =>
  JSON.stringify([group, id, object.kind, object.name]);
