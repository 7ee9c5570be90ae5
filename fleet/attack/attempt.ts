import type { Question } from "./questions";

/** One thing that an intruder would try. */
export interface Attempt {
  /** Stable: `<category>/<name>`. */
  readonly id: string;
  /** What the intruder wants: "read its neighbour's rows". */
  readonly title: string;
  /** Codes of the answers that are a refusal; see `judge`. */
  readonly expected: readonly string[];
  /** Tried inside the container; the worst answer counts. */
  readonly questions: readonly Question[];
  /** Goes against a neighbour, so that it says nothing where there is none. */
  readonly neighbour?: boolean;
  /** Why it cannot be tried here. */
  readonly untried?: string;
}
