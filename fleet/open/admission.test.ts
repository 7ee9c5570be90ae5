import * as fc from "fast-check";
import { Bucket, Limit } from "./admission";

const options = { start: 8, most: 32, settle: 5_000, interval: 5_000 };
const steps = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 20_000 }),
    overloaded: fc.boolean(),
    least: fc.constantFrom(1, 2),
  }),
  { maxLength: 200 },
);

test("the limit stays between 1 and the most, is halved at most once in 5 s, and grows by at most one in 5 s", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const limit = new Limit(options, 0);
      let [now, cutAt, lowest] = [0, -Infinity, 8];
      for (const { after, overloaded, least } of steps) {
        const before = limit.value;
        now += after;
        limit.tick(now);
        const grown = limit.value;
        expect(grown - before).toBeGreaterThanOrEqual(0);
        expect(grown - before).toBeLessThanOrEqual(Math.floor((now - Math.max(0, cutAt)) / 5_000));
        if (overloaded) limit.overloaded(now, least);
        if (limit.value < grown) {
          expect(limit.value).toBe(Math.max(Math.min(least, grown), Math.floor(grown / 2)));
          expect(now - cutAt).toBeGreaterThanOrEqual(5_000);
          cutAt = now;
        }
        expect(limit.value).toBeGreaterThanOrEqual(1);
        expect(limit.value).toBeLessThanOrEqual(32);
        lowest = Math.min(lowest, limit.value);
        expect(limit.lowest).toBe(lowest);
      }
    }),
  );
});

test("a limit that was cut to one recovers one by one, and a sign begins the wait anew", () => {
  const limit = new Limit(options, 0);
  for (const now of [0, 5_000, 10_000, 15_000]) limit.overloaded(now);
  expect(limit.value).toBe(1);
  limit.tick(19_999);
  expect(limit.value).toBe(1);
  limit.tick(20_000);
  expect(limit.value).toBe(2);
  limit.overloaded(24_000); // cut again
  limit.tick(28_999);
  expect(limit.value).toBe(1);
  limit.tick(39_000);
  expect(limit.value).toBe(4);
});

test("a bucket lets no more than its rate pass, and no more than its number be under way, whoever asks when", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ after: fc.integer({ min: 0, max: 700 }), answered: fc.integer({ min: 0, max: 3 }) }),
        {
          maxLength: 300,
        },
      ),
      (asks) => {
        const bucket = new Bucket({ rate: 3.5, underWay: 4 }, 0);
        const taken: number[] = [];
        let [now, underWay] = [0, 0];
        for (const { after, answered } of asks) {
          now += after;
          for (let i = 0; i < answered && underWay > 0; i++, underWay--) bucket.answered();
          if (bucket.wait(now) !== 0) continue;
          bucket.take(now);
          underWay++;
          expect(underWay).toBeLessThanOrEqual(4);
          taken.push(now);
        }
        // Any two that are n apart are at least n / 3.5 s apart.
        for (let n = 1; n < 10; n++)
          for (let at = n; at < taken.length; at++)
            expect(taken[at]! - taken[at - n]!).toBeGreaterThanOrEqual((n * 1000) / 3.5 - 1e-6);
      },
    ),
  );
});

test("a bucket that is refused pauses, longer with each refusal in a row, and only once for those that were under way together", () => {
  const bucket = new Bucket({ rate: 2, underWay: 2 }, 0);
  const pause = (refusals: number) => refusals * 10_000;
  bucket.take(0);
  bucket.refused(100, pause);
  bucket.refused(101, pause);
  expect(bucket.wait(100)).toBe(10_000);
  bucket.refused(10_100, pause);
  expect(bucket.wait(10_100)).toBe(20_000);
  bucket.answered();
  bucket.accepted();
  bucket.refused(40_000, pause);
  expect(bucket.wait(40_000)).toBe(10_000);
});
