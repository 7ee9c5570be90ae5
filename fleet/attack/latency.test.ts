import { percentile, summary } from "./latency";

test("a percentile is one of the values: the smallest that so many do not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  expect([1, 50, 99, 100].map((percent) => percentile(hundred, percent))).toEqual([1, 50, 99, 100]);
  expect([0, 50, 51, 99].map((percent) => percentile([3, 7], percent))).toEqual([3, 3, 7, 7]);
  expect(percentile([], 50)).toBeNaN();
});

test("failures are counted, and not among the times", () => {
  expect(summary([30, undefined, 10, 20, undefined])).toEqual({
    requests: 5,
    failures: 2,
    medianMs: 20,
    p99Ms: 30,
  });
});
