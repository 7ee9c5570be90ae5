import type { Latency } from "./latency";
import type { Judged, Verdict } from "./verdict";

/** How one attempt went. */
export interface AttemptResult extends Judged {
  /** Stable: `<category>/<name>`. */
  readonly id: string;
  readonly title: string;
  /** Codes that count as a refusal. */
  readonly expected: readonly string[];
}

export interface AttackReport {
  /** The substation's mark. */
  readonly substation: string;
  readonly attempts: readonly AttemptResult[];
  /** What an attempt left behind: nothing, unless something got through and could not be undone. */
  readonly leftovers: readonly string[];
  /** What the neighbour's visitors noticed; absent where there is no neighbour. */
  readonly latency?: { readonly host: string; readonly before: Latency; readonly during: Latency };
  readonly seconds: number;
}

export const count = ({ attempts }: AttackReport, verdict: Verdict): number =>
  attempts.filter((attempt) => attempt.verdict === verdict).length;

/**
 * 0 where all that was tried was refused, 1 where something got through or stayed, 2 where something failed by another cause than the one that should refuse it, so that
 * nothing is known.
 */
export function attackExitCode(report: AttackReport): 0 | 1 | 2 {
  if (count(report, "through") > 0 || report.leftovers.length > 0) return 1;
  return count(report, "unclear") > 0 || count(report, "refused") === 0 ? 2 : 0;
}
