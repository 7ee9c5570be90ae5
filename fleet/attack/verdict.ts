import type { Answer } from "./questions";

/** `refused`: as expected. `through`: it went well for the intruder. `unclear`: it failed, but not by what should refuse it. `untried`: it says nothing. */
export type Verdict = "refused" | "through" | "unclear" | "untried";

/** Stands among the expected codes where an empty answer is the refusal: nothing found, nothing seen. */
export const nothing = "nothing";

export interface Judged {
  readonly verdict: Verdict;
  /** The codes that came, each once; "ok" where it went through. */
  readonly got: string;
  /** What the system said, of the answers that decided. */
  readonly detail: string;
}

const worst: readonly Verdict[] = ["through", "unclear", "untried", "refused"];

/** Judges the answers to one attempt's questions: as bad as the worst of them. */
export function judge(answers: readonly Answer[], expected: readonly string[]): Judged {
  const all = answers.map((answer) => judgeOne(answer, expected));
  const verdict = worst.find((one) => all.some((each) => each.verdict === one)) ?? "untried";
  const deciding = all.filter((each) => each.verdict === verdict);
  const list = (texts: readonly string[], glue: string) => [...new Set(texts)].filter(Boolean).join(glue);
  return {
    verdict,
    got: list(deciding.map(({ got }) => got).sort(), " "),
    detail: list(
      deciding.map(({ detail }) => detail),
      "; ",
    ),
  };
}

function judgeOne(answer: Answer, expected: readonly string[]): Judged {
  if ("missing" in answer) return { verdict: "untried", got: "", detail: answer.missing };
  if ("failed" in answer) {
    const verdict = expected.includes(answer.failed) ? "refused" : "unclear";
    return { verdict, got: answer.failed, detail: answer.message };
  }
  const { ok } = answer;
  if (expected.includes(nothing) && (ok === "" || (Array.isArray(ok) && ok.length === 0)))
    return { verdict: "refused", got: nothing, detail: "" };
  return {
    verdict: "through",
    got: "ok",
    detail: (typeof ok === "string" ? ok : JSON.stringify(ok)).slice(0, 300),
  };
}
