import { chinaDay, chinaHour, chinaMidnight, chinaTime } from "./china";

test("the clock of China is eight hours ahead, over midnight and new year", () => {
  const time = new Date("2026-12-31T16:00:01.999Z");
  expect(chinaTime(time)).toBe("2027-01-01T00:00:01");
  expect([chinaDay(time), chinaHour(time)]).toEqual(["2027-01-01", "00:00"]);
});

test("a day begins there at 16:00 UTC", () => {
  const began = (time: string) => chinaMidnight(new Date(time)).toISOString();
  expect(["2026-12-31T16:00:00Z", "2027-01-01T15:59:59.999Z"].map(began)).toEqual(
    Array(2).fill("2026-12-31T16:00:00.000Z"),
  );
  expect(began("2027-01-01T16:00:00Z")).toBe("2027-01-01T16:00:00.000Z");
});
