import { RateBound } from "./rate";

test("a caller has its burst and what has refilled since, and all together have theirs", () => {
  let now = 0;
  const bound = new RateBound(3, 1000, 2, () => now);
  const taken = (caller: string, times: number) =>
    Array.from({ length: times }, () => bound.take(caller)).filter(Boolean).length;
  expect(taken("a", 9)).toBe(3);
  now += 1500;
  expect(taken("a", 9)).toBe(1);
  now += 1_000_000;
  expect(["b", "c", "d"].map((caller) => taken(caller, 9))).toEqual([3, 3, 0]); // six for everybody
});

test("a flood of addresses is forgotten, oldest first", () => {
  const bound = new RateBound(1, 1e9, 1e6, () => 0);
  expect([bound.take("first"), bound.take("first")]).toEqual([true, false]);
  for (let i = 0; i < 4096; i++) bound.take(`other-${i}`);
  expect(bound.take("first")).toBe(true); // a new one as far as it knows
  expect(bound.take("other-4095")).toBe(false);
});
