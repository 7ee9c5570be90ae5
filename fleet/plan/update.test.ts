import { isAllowed, isIdle, mayTouch } from "./update";

// Whole plans are made and judged on the real engine in test/e2e/policy.test.ts.

test("a plan may change a quarter of the fleet, or the share that is asked for, rounded up so that one can always be changed", () => {
  expect([0, 1, 20, 24, 100].map((fleet) => mayTouch(fleet, undefined))).toEqual([5, 5, 5, 6, 25]);
  expect([1, 3, 10].map((fleet) => mayTouch(fleet, 6000))).toEqual([1, 2, 6]);
  expect([mayTouch(100, 0), mayTouch(100, 10_000)]).toEqual([0, 100]);
});

test("a violation or an error forbids a plan, of whatever severity", () => {
  const plan = { stack: "demo", steps: [], violations: [], errors: [] };
  const violation = { rule: "x", severity: "low" as const, message: "", file: undefined };
  expect(isAllowed(plan)).toBe(true);
  expect(isAllowed({ ...plan, violations: [violation] })).toBe(false);
  expect(isAllowed({ ...plan, errors: ["no"] })).toBe(false);
});

test("steps that only look are none", () => {
  expect(["same", "read", "refresh"].every(isIdle)).toBe(true);
  expect(["create", "update", "replace", "delete", "delete-replaced", "import"].some(isIdle)).toBe(false);
});
