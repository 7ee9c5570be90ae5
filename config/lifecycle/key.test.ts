import { fleetOf, goodFile } from "../testFleet";
import { dayFinding, today } from "./day";
import { withoutSuspension, withSuspension } from "./key";

const path = "demo/mengxiang.yaml";
const suspension = { since: "2026-11-23", reason: '升级: "三天" # 内' };
const suspendedOf = (text: string) => {
  const { groups, lines } = fleetOf({ [path]: text });
  expect(lines).toEqual([]);
  return groups.get("demo")?.[0]?.suspended;
};

test("a suspension is written at the end of the file, and taken away to the letter", () => {
  const text = `# why:   a comment\n${goodFile}`;
  const suspended = withSuspension(text, suspension);
  expect(suspended).toBe(
    `${text}\n# Written by \`substation suspend\`; \`substation resume\` takes it away.\nsuspended:\n  since: 2026-11-23\n  reason: "升级: \\"三天\\" # 内"\n`,
  );
  expect([suspendedOf(suspended), suspendedOf(text)]).toEqual([suspension, undefined]);
  expect(withoutSuspension(suspended)).toBe(text);
  expect(withoutSuspension(text)).toBe(text);
  const other = { since: "2026-11-24", reason: "账号被盗" };
  expect(withSuspension(suspended, other)).toBe(withSuspension(text, other));
});

// prettier-ignore
test.each<[title: string, written: string]>([
  ["in braces", "suspended: { since: 2026-11-23, reason: a } # for now\n"],
  ["in the middle", "suspended:\n    # since the fire\n    since: 2026-11-23\n    reason: a\n# the next\nmarkup: 12%\n"],
  ["without a line end", "suspended: { since: 2026-11-23, reason: a }"],
])("one that a person wrote is taken away too: %s", (_, written) => {
  const text = withoutSuspension(goodFile + written);
  expect(text).toBe(goodFile + (written.includes("markup") ? "# the next\nmarkup: 12%\n" : ""));
  expect(suspendedOf(text)).toBeUndefined();
});

test("line ends stay what they are; what is written in another way is left to a person", () => {
  const windows = withSuspension(goodFile.trimEnd().replaceAll("\n", "\r\n"), suspension);
  expect(windows.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(withoutSuspension(windows)).toBe(`${goodFile.trimEnd()}\n`.replaceAll("\n", "\r\n"));
  expect(() => withSuspension("{ title: a }", suspension)).toThrow("not written as one key a line");
});

// prettier-ignore
test.each([
  ["suspended: true", "9:12  value/type  suspended is true, a truth value: keys and values are wanted, one \"key: value\" a line, indented below it."],
  ["suspended: { since: 2026-02-30, reason: a }", `9:21  value/text  suspended.since is "2026-02-30": it is no day; write one like ${today()}: year, month, day.`],
  ["suspended: { since: 2999-01-01, reason: a }", `9:21  value/range  suspended.since is "2999-01-01": that day is still to come; write today, ${today()}, or an earlier one.`],
  ["suspended: { since: 2026-11-23 }", "9:1  key/missing  suspended.reason is missing: add it, like reason: 店铺升级中."],
])("%s is refused", (line, expected) => {
  const { lines } = fleetOf({ [path]: `${goodFile}${line}\n` });
  expect(lines.map((l) => l.replace("stacks/demo/mengxiang.yaml:", ""))).toEqual([expected]);
});

test("a day counts as begun as soon as it has somewhere on earth", () => {
  const now = Date.parse("2026-11-23T11:00:00Z");
  expect(dayFinding("2026-11-24", now)).toBeUndefined();
  expect(dayFinding("2026-11-25", now)?.code).toBe("value/range");
  expect(dayFinding("2026-11-31", now)?.why).toContain("it is no day");
});
