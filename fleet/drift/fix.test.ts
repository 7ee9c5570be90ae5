import { fixesOf, merged } from "./fix";
import type { DriftFinding, DriftReport } from "./report";

// What is mended on real servers is in test/e2e/audit.test.ts.

const finding = (group: string | undefined, bad: DriftFinding["class"], name = "n"): DriftFinding => ({
  ...{ group, id: undefined, file: undefined, class: bad, fixable: true },
  ...{ object: { kind: "record", name }, seenBy: ["audit"], what: ["w"], remedy: "r" },
});
const report = (findings: readonly DriftFinding[], blind: DriftReport["blind"] = []): DriftReport => ({
  ...{ platform: "local", stacks: ["platform", "a", "b"], findings, blind, hostFindings: 1, seconds: 1 },
});

test("after a mending each finding is in its place: the worst first, of mended groups what is left, of others what was", () => {
  const before = [
    finding("a", "security"),
    finding("a", "config", "gone"),
    finding("b", "config"),
    finding(undefined, "benign"),
  ];
  const after = [finding("a", "benign", "new"), finding("a", "data-at-risk")];
  const done = merged(report(before, [{ what: "x", why: "1" }]), report(after, [{ what: "x", why: "2" }]), [
    "a",
  ]);
  expect(done.findings.map((one) => [one.group, one.class, one.object.name])).toEqual([
    ["a", "data-at-risk", "n"],
    ["b", "config", "n"],
    ["a", "benign", "new"],
    [undefined, "benign", "n"],
  ]);
  expect([done.blind, done.stacks, done.hostFindings]).toEqual([
    [{ what: "x", why: "2" }],
    ["platform", "a", "b"],
    1,
  ]);
});

test("mended is what another look does not find, and only where it saw everything", () => {
  const [gone, left] = [finding("a", "config", "gone"), finding("a", "config", "left")];
  expect(fixesOf([gone, left], report([left]), new Map([["a", "busy"]]))).toEqual([
    { finding: gone, mended: true },
    { finding: left, mended: false, why: "busy" },
  ]);
  expect(fixesOf([gone, left], report([left], [{ what: "x", why: "y" }]), new Map())).toMatchObject([
    { mended: false, why: "nobody could look at all of it again" },
    { mended: false },
  ]);
});
