import type { Answer } from "./questions";
import { judge, nothing, type Verdict } from "./verdict";

const refusal: Answer = { failed: "42501", message: "permission denied" };
const other: Answer = { failed: "42601", message: "syntax error" };
const success: Answer = { ok: [{ rolname: "postgres" }] };
const missing: Answer = { missing: "no busybox" };

test("an answer is judged by what was expected", () => {
  const cases: [Answer, readonly string[], Verdict, string][] = [
    [refusal, ["42501"], "refused", "42501"],
    [refusal, ["28000", "42501"], "refused", "42501"],
    [refusal, ["28000"], "unclear", "42501"],
    [success, ["42501"], "through", "ok"],
    [{ ok: [] }, ["42501"], "through", "ok"], // SET ROLE returns no row where it goes well
    [{ ok: [] }, [nothing], "refused", nothing],
    [{ ok: "" }, [nothing], "refused", nothing],
    [success, [nothing], "through", "ok"],
    [{ ok: 0 }, [nothing], "through", "ok"],
    [missing, ["42501"], "untried", ""],
  ];
  for (const [answer, expected, verdict, got] of cases)
    expect([answer, expected, judge([answer], expected)]).toMatchObject([answer, expected, { verdict, got }]);
});

test("an attempt is as bad as the worst of its answers, and shows those", () => {
  const verdicts = (...answers: Answer[]) => judge(answers, ["42501"]).verdict;
  expect(verdicts(refusal, refusal)).toBe("refused");
  expect(verdicts(refusal, missing)).toBe("untried");
  expect(verdicts(missing, other, refusal)).toBe("unclear");
  expect(verdicts(other, refusal, success, missing)).toBe("through");
  expect(verdicts()).toBe("untried");
  expect(judge([refusal, other, other], ["42501"])).toEqual({
    verdict: "unclear",
    got: "42601",
    detail: "syntax error",
  });
  expect(judge([refusal, { failed: "28000", message: "no line" }], ["28000", "42501"])).toEqual({
    verdict: "refused",
    got: "28000 42501",
    detail: "permission denied; no line",
  });
  expect(judge([success], ["42501"]).detail).toBe('[{"rolname":"postgres"}]');
});
