import fc from "fast-check";
import { yuan } from "../money";
import { fenOf, isFresh, paidAtOf, subjectOf } from "./values";

test.each([
  ["12.34", 1234],
  ["0.01", 1],
  ["1", 100],
  ["1.5", 150],
  ["0.29", 29], // 0.29 * 100 is 28.999999999999996 as a float
  ["999999999.99", 99_999_999_999],
])("%s yuan are %d fen", (text, fen) => expect(fenOf(text)).toBe(fen));

test.each([
  "",
  "1.234",
  "1.",
  ".5",
  "-1.00",
  "+1",
  "01.00",
  "1e3",
  "0x10",
  " 1.00",
  "1.00\n",
  "1,00",
  "NaN",
  "1000000000",
])("%j is no amount", (text) => expect(fenOf(text)).toBeUndefined());

test("every amount that the shop writes is read back", () =>
  fc.assert(fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (fen) => fenOf(yuan(fen)) === fen)));

test("a time is fresh up to five minutes from ours, before and after, and only as whole seconds", () => {
  jest.spyOn(Date, "now").mockReturnValue(1_700_000_000_000);
  expect(["1699999700", "1700000000", "1700000300"].map(isFresh)).toEqual([true, true, true]);
  expect(["1699999699", "1700000301", "", "1.7e9", "1700000000000", "0x6553f100"].map(isFresh)).toEqual(
    Array(6).fill(false),
  );
  jest.restoreAllMocks();
});

test("a subject is clean, at most 127 bytes, and ends with a whole character", () => {
  expect(subjectOf("Steam 50元 A&B=C/D <b>\"'\u0000\u202e😀 x")).toBe("Steam 50元 A B C D b x");
  const long = subjectOf("充".repeat(60));
  expect([long, Buffer.byteLength(long)]).toEqual(["充".repeat(42), 126]);
  expect(subjectOf(`aa${"充".repeat(42)}`)).toBe(`aa${"充".repeat(41)}`); // 128 bytes would be one too many
  expect(subjectOf("😀😀")).toBe("订单");
});

test.each([
  ["2026-11-23 09:10:11", "2026-11-23T01:10:11.000Z"],
  ["2026-11-23T09:10:11+08:00", "2026-11-23T01:10:11.000Z"],
  ["2026-11-23T09:10:11.123Z", "2026-11-23T09:10:11.000Z"],
])("%s is a time of payment", (text, time) => expect(paidAtOf(text).paidAt?.toISOString()).toBe(time));

test.each([undefined, "", "1763860211", "2026-11-23", "2026-13-41 09:10:11", "2026-11-23 09:10:11 PST"])(
  "%j is none",
  (text) => expect(paidAtOf(text)).toEqual({}),
);
