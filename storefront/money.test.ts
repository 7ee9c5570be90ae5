import fc from "fast-check";
import { mostFen, withMarkup, yuan } from "./money";

test("a markup is rounded half up to the fen, exactly as with unbounded integers", () => {
  expect([withMarkup(1, 5000), withMarkup(1, 4999), withMarkup(3, 5000), withMarkup(999, 1500)]).toEqual([
    2, 1, 5, 1149,
  ]);
  const fen = fc.integer({ min: 1, max: mostFen });
  fc.assert(
    fc.property(fen, fc.integer({ min: 0, max: 100_000 }), (price, markup) => {
      const exact = (BigInt(price) * BigInt(10_000 + markup) * 2n + 10_000n) / 20_000n;
      expect(BigInt(withMarkup(price, markup))).toBe(exact);
    }),
  );
});

test("fen are shown as yuan with two digits", () => {
  expect([0, 7, 60, 1234, mostFen].map(yuan)).toEqual(["0.00", "0.07", "0.60", "12.34", "1000000.00"]);
});
