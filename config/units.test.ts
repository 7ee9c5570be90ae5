import fc from "fast-check";

import { duration, money, share, size, unitFinding } from "./units";
import { quantity } from "./forms";
import type { Unit } from "./units";

// prettier-ignore
test("the allowed forms, in base units", () => {
  expect(["64 MB", "1 GB", "999999 MB"].map((text) => size.parse(text))).toEqual([67_108_864, 1_073_741_824, 999_999 * 2 ** 20]);
  expect(["500ms", "30s", "5m", "2h"].map((text) => duration.parse(text))).toEqual([500, 30_000, 300_000, 7_200_000]);
  expect(["0%", "0.01%", "0.1%", "8.75%", "12.50%", "100%", "100.00%"].map((text) => share.parse(text))).toEqual([0, 1, 10, 875, 1250, 10_000, 10_000]);
  expect(["0.01", "0.10", "12.34", "99999999.99"].map((text) => money.parse(text))).toEqual([1, 10, 1234, 9_999_999_999]);
});

test.each<[Unit, string, string[]]>([
  [size, "128", ["128 MB"]],
  [size, "134217728", ["128 MB"]],
  [size, "512MB", ["512 MB"]],
  [size, "512  mb", ["512 MB"]],
  [size, "512m", ["512 MB"]],
  [size, "2Gi", ["2 GB"]],
  [size, "0.5 GB", ["512 MB"]],
  [size, "５１２ＭＢ", ["512 MB"]],
  [size, "2048 KB", ["2 MB"]],
  [size, "1024 MB ", ["1 GB"]],
  [size, "0 MB", []],
  [size, "-1 MB", []],
  [size, "1e3 MB", []],
  [size, "much", []],
  [duration, "30", ["30s"]],
  [duration, "30000", ["30s"]],
  [duration, "30 s", ["30s"]],
  [duration, "1.5s", ["1500ms"]],
  [duration, "2 minutes", ["2m"]],
  [duration, "10秒", ["10s"]],
  [duration, "60s ", ["1m"]],
  [duration, "1d", []],
  [share, "12.5", ["12.5%"]],
  [share, "12.5 %", ["12.5%"]],
  [share, "12,5%", ["12.5%"]],
  [share, "１２．５％", ["12.5%"]],
  [share, "0.125", ["12.5%", "0.12%", "0.13%"]],
  [share, "0.5", ["50%", "0.5%"]],
  [share, "12.555%", ["12.55%", "12.56%"]],
  [share, "99.999%", ["99.99%", "100%"]],
  [share, "005%", ["5%"]],
  [share, "100.01%", []],
  [share, "-5%", []],
  [share, "1e1%", []],
  [money, "12", ["12.00"]],
  [money, "1.5", ["1.50"]],
  [money, "1,234.50", ["1234.50"]],
  [money, "￥１２．３４", ["12.34"]],
  [money, "12.34 元", ["12.34"]],
  [money, "12.345", ["12.34", "12.35"]],
  [money, "12.3400", ["12.34"]],
  [money, "012.34", ["12.34"]],
  [money, "999999999.00", []],
  [money, "-1.00", []],
  [money, "1e2", []],
  [money, "1.234,50", []],
])("%p is no allowed form; %p was meant as %p", (unit, text, meant) => {
  expect(unit.parse(text)).toBeUndefined();
  expect(unit.suggest(text)).toEqual(meant);
  expect(unitFinding(unit, text)).toMatchObject({ code: unit.code });
});

test("what is formatted is parsed to the same, exactly, and is matched by the pattern that editors use", () => {
  const values: readonly [Unit, fc.Arbitrary<number>][] = [
    [size, fc.integer({ min: 1, max: 900_000 }).map((mb) => mb * 2 ** 20)],
    [duration, fc.integer({ min: 1, max: 999_999 })],
    [share, fc.integer({ min: 0, max: 10_000 })],
    [money, fc.integer({ min: 0, max: 9_999_999_999 })],
  ];
  for (const [unit, value] of values) {
    fc.assert(
      fc.property(value, (number) => {
        const text = unit.format(number);
        expect(unit.parse(text)).toBe(number);
        expect(text).toMatch(new RegExp(unit.pattern));
      }),
    );
  }
});

test("whatever is written, suggestions are allowed forms, and a number is an integer", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[0-9]{1,9}[.,]?[0-9]{0,4} ?(MB|g|ms|min|%|元|)$/),
  );
  fc.assert(
    fc.property(fc.constantFrom(size, duration, share, money), text, (unit, written) => {
      for (const guess of unit.suggest(written)) expect(Number.isSafeInteger(unit.parse(guess))).toBe(true);
      const value = unit.parse(written);
      expect(value === undefined || Number.isSafeInteger(value)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("a bound with a typing mistake is no bound, and never let pass", () => {
  const docs = { description: "x", examples: ["1.00"] as const };
  expect(() => quantity(money, "1.0", "2.00", docs)).toThrow('"1.0" was let pass');
  expect(() => quantity(money, "1.00", "2", docs)).toThrow('"2" was let pass');
});
