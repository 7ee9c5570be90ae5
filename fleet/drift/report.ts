import type { Blind } from "../audit/report";

/** How bad a drift is, the worst first. */
export const driftClasses = ["data-at-risk", "security", "config", "benign"] as const;
export type DriftClass = (typeof driftClasses)[number];

/**
 * Who saw it. "intent": what is live is not what the files ask for, by an update's preview; "state": it is not what the last update left, by a refresh; "audit": it breaks a rule,
 * which both may be blind to.
 */
export const driftLooks = ["intent", "state", "audit"] as const;
export type DriftLook = (typeof driftLooks)[number];

/** One object that is not as it should be, with all that is wrong with it. */
export interface DriftFinding {
  /** The group that it concerns, or the platform's stack; undefined where nobody can tell. */
  readonly group: string | undefined;
  /** The substation that it concerns. */
  readonly id: string | undefined;
  readonly object: DriftObject;
  readonly class: DriftClass;
  readonly seenBy: readonly DriftLook[];
  /** Sentences without a full stop. */
  readonly what: readonly string[];
  readonly remedy: string;
  /** Whether `--fix` would mend it. */
  readonly fixable: boolean;
  /** The substation's file, where it has one. */
  readonly file: string | undefined;
}

export interface DriftObject {
  /** "container", "record", "role", …; "substation", "stack" and "folder" where more is meant than one object. */
  readonly kind: string;
  readonly name: string;
}

export interface DriftReport {
  readonly platform: string;
  /** The stacks that were looked at. */
  readonly stacks: readonly string[];
  /** The worst first. */
  readonly findings: readonly DriftFinding[];
  /** What nobody could look at: nobody may take it for clean. */
  readonly blind: readonly Blind[];
  /** Findings about the Docker host, which no file describes: `substation audit` tells them. */
  readonly hostFindings: number;
  /** What `--fix` did; undefined where it was not asked for. */
  readonly fixes?: readonly Fix[];
  readonly seconds: number;
}

/** One mended finding, or why it is not. */
export interface Fix {
  readonly finding: DriftFinding;
  /** Proved by looking again. */
  readonly mended: boolean;
  /** Where it is not. */
  readonly why?: string;
}

/** 0 no drift, 1 drift, 2 something could not be looked at, whatever else was found. */
export const exitCodeOf = ({ findings, blind }: Pick<DriftReport, "findings" | "blind">): 0 | 1 | 2 =>
  blind.length > 0 ? 2 : findings.length > 0 ? 1 : 0;

/** Tells findings apart, from look to look. */
export const findingKey = ({ group, id, object }: Pick<DriftFinding, "group" | "id" | "object">): string =>
  JSON.stringify([group, id, object.kind, object.name]);
