import { retryAfter } from "./dns";

test("Retry-After is seconds or a date; anything else, and what is past, asks for no wait", () => {
  const now = Date.parse("Mon, 23 Nov 2026 18:00:00 GMT");
  expect(
    [null, "7", "Mon, 23 Nov 2026 18:00:30 GMT", "Mon, 23 Nov 2026 17:00:00 GMT", "soon", ""].map((text) =>
      retryAfter(text, now),
    ),
  ).toEqual([0, 7_000, 30_000, 0, 0, 0]);
});
