import { hide } from "./hide";

test("secrets are hidden as they are, as JSON has them, and line by line; one that holds another goes as a whole", () => {
  const key = '-----BEGIN-----\nAAAA"BBBB\n-----END-----';
  const values = ["pass", "password-of-migrate", key];
  expect(hide('FATAL: "password-of-migrate" was refused', values)).toBe('FATAL: "[secret]" was refused');
  expect(hide(`read ${JSON.stringify(key)} and AAAA"BBBB`, values)).toBe('read "[secret]" and [secret]');
  expect(hide("nothing of it", ["", "a", "  "])).toBe("nothing of it");
});
