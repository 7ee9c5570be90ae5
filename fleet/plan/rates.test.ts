import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { estimate, keepRate, readRates, type Rate } from "./rates";

const rate = (members: number, seconds: number): Rate => ({
  when: "2026-01-01T00:00:00Z",
  members,
  engines: 2,
  seconds,
});

let root: string;
beforeEach(() => void (root = fs.mkdtempSync(path.join(os.tmpdir(), "substation-rates-"))));
afterEach(() => fs.rmSync(root, { recursive: true }));

test("rates are kept, the newest 50; a file that cannot be read counts for nothing and is written anew", () => {
  expect(readRates(root)).toEqual([]);
  for (let i = 1; i <= 52; i++) keepRate(root, rate(i, 10 * i));
  expect(readRates(root).map(({ members }) => members)).toEqual(Array.from({ length: 50 }, (_, i) => i + 3));
  expect(fs.readdirSync(path.join(root, ".substation"))).toEqual(["rates.json"]);
  fs.writeFileSync(path.join(root, ".substation", "rates.json"), "{");
  expect(readRates(root)).toEqual([]);
  keepRate(root, rate(1, 5));
  expect(readRates(root)).toEqual([rate(1, 5)]);
});

test("an estimate is a line through what was measured; without that it says whose figures it takes", () => {
  expect(estimate([rate(1, 7), rate(11, 27), rate(21, 47)], 100)).toEqual({
    seconds: expect.closeTo(205, 5) as number,
    source: "3 openings here: 5.0 s and 2.00 s for each",
  });
  expect(estimate([rate(10, 23.2), rate(10, 23.2)], 20).seconds).toBeCloseTo(43.2, 5);
  // More that took less time is chance, and gives no line that falls.
  expect(estimate([rate(1, 30), rate(20, 10)], 40).seconds).toBeGreaterThan(10);
  const guess = estimate([], 10);
  expect(guess.seconds).toBeGreaterThan(3.2);
  expect(guess.source).toContain("README.md's benchmark");
  expect(estimate([rate(1, 30)], 0).source).toBe("nothing is created");
});
