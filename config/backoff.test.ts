import * as fc from "fast-check";
import { backoff } from "./backoff";

test("a wait doubles from half a second to a minute, and is at least half of that", () => {
  expect([1, 2, 3, 8, 100].map((tries) => backoff(tries, () => 1))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (tries, random) => {
      const wait = backoff(tries, () => random);
      expect(wait).toBeGreaterThanOrEqual(250);
      expect(wait).toBeLessThanOrEqual(60_000);
    }),
  );
});
