import { tokenText } from "./zone";

test("a token's status is told with the days that it has left, where it ends", () => {
  const now = Date.parse("2026-11-01T12:00:00Z");
  const texts = [
    { status: "active" },
    { status: "active", expires_on: "2026-11-15T11:00:00Z" },
    { status: "active", expires_on: "2026-10-15T11:00:00Z" },
    { status: "expired", expires_on: "2026-10-15T11:00:00Z" },
  ].map((token) => tokenText(token, now));
  expect(texts).toEqual(["active", "active for 13 days", "active for 0 days", "expired"]);
});
