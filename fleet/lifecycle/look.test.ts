import { agreeOnTime } from "./look";

// What a look sees on real servers is in test/e2e/lifecycle.test.ts.

test("nothing is done by a clock that another does not bear out, whichever of them jumped", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const hour = 3_600_000;
  expect(() => agreeOnTime(now, now + hour)).not.toThrow();
  expect(() => agreeOnTime(now, now - hour)).not.toThrow();
  const apart =
    /^the clocks of this machine and of the database server are 43200 minutes apart, .*Nothing was changed/;
  expect(() => agreeOnTime(now + 30 * 24 * hour, now)).toThrow(apart);
  expect(() => agreeOnTime(now, now + 30 * 24 * hour)).toThrow(apart);
});
