import { atLeast, auditJson, auditSummary, auditText, fingerprints } from "./audit-report";
import { report } from "./testing";

const clean = { ...report, findings: [], blind: [] };
const shown = (text: string): string[] => text.split("\n");

// prettier-ignore
test("people read findings by substation, what to do about each rule once, what nobody looked at, and the sum", () => {
  expect(shown(auditText(atLeast(report, "low")))).toEqual([
    "platform local",
    "  low  host-live-restore  live-restore  Host setting live-restore must be on",
    "",
    "demo/mengxiang  stacks/demo/mengxiang.yaml",
    "  critical  container-capabilities  local-mengxiang-shop-abcdefghij  Container local-mengxiang-shop-abcdefghij must drop all capabilities",
    "  critical  container-capabilities  local-mengxiang-shop-abcdefghij  Container local-mengxiang-shop-abcdefghij must not add NET_ADMIN",
    "",
    "What to do",
    '  host-live-restore       D25, CIS Docker 2.15  Set "live-restore": true in daemon.json.',
    "  container-capabilities  D02, CIS Docker 5.4   Run `pulumi up`: the container is made anew.",
    "",
    "Could not be looked at",
    "  pg_hba.conf of 127.0.0.1:5432  The provisioner may not read it. Grant it that.",
    "",
    "5 containers, 1 role, 3 pg_hba.conf lines judged by 2 rules in 1.3 s",
    "3 findings (2 critical, 1 low), 1 part that could not be looked at",
    "",
  ]);
  expect(shown(auditText(atLeast(clean, "low")))).toEqual([
    "5 containers, 1 role, 3 pg_hba.conf lines judged by 2 rules in 1.3 s",
    "0 findings",
    "",
  ]);
});

test("what has no mark stands with the substation that the audit took it for", () => {
  const [daemon, shop] = report.findings;
  const unmarked = { ...daemon!, file: "stacks/demo/mengxiang.yaml" };
  const lines = shown(auditText({ ...clean, findings: [unmarked, shop!], hidden: 0 }));
  expect(lines.filter((line) => /^\S+\/\S+/.test(line))).toEqual([
    "demo/mengxiang  stacks/demo/mengxiang.yaml",
  ]);
});

test("what a stranger has named reaches no terminal as a command", () => {
  const [first] = report.findings;
  const evil = { ...first!, subject: "a\u001b[2Jb", message: "DNS record a\u001b[2Jb\u202e must go" };
  const text = auditText({ ...clean, findings: [evil], hidden: 0 });
  expect(text).toContain("a\\u001b[2Jb  DNS record a\\u001b[2Jb\\u202e must go");
  expect(text).not.toMatch(/[\u001b\u202e]/);
});

test("colours are by severity, worst first in each substation", () => {
  const [low, critical] = report.findings;
  const mixed = { ...clean, findings: [{ ...low!, owner: critical!.owner }, critical!], hidden: 0 };
  const lines = shown(auditText(mixed, (style, text) => `<${String(style)}>${text}</>`));
  expect(lines[0]).toBe("<bold>demo/mengxiang</>  stacks/demo/mengxiang.yaml");
  expect(lines[1]).toMatch(/^ {2}<bold,red>critical<\/> +container-capabilities/);
  expect(lines[2]).toMatch(/^ {2}<dim>low<\/> +host-live-restore/);
});

test("--severity leaves out what is less severe, says how much, and never what nobody looked at", () => {
  expect(auditSummary(atLeast(report, "medium"))).toBe(
    "2 findings (2 critical), 1 less severe not shown, 1 part that could not be looked at",
  );
  const high = JSON.parse(auditJson(atLeast({ ...report, blind: [] }, "critical"))) as object;
  expect(high).toMatchObject({ exitCode: 1, hidden: 1, counts: { critical: 2, high: 0, medium: 0, low: 0 } });
  const onlyLow = { ...clean, findings: report.findings.slice(0, 1) };
  expect(JSON.parse(auditJson(atLeast(onlyLow, "high")))).toMatchObject({ exitCode: 0, hidden: 1 });
});

test("machines read every part of it, under names that last", () => {
  const [low, , second] = (JSON.parse(auditJson(atLeast(report, "low"))) as { findings: unknown[] }).findings;
  expect(JSON.parse(auditJson(atLeast(report, "low")))).toEqual({
    platform: "local",
    ids: [],
    exitCode: 2,
    counts: { critical: 2, high: 0, medium: 0, low: 1 },
    hidden: 0,
    findings: [low, expect.anything(), second],
    blind: report.blind,
    looked: report.looked,
    rules: 2,
    seconds: 1.25,
  });
  expect(low).toMatchObject({ owner: null, file: null });
  expect(second).toEqual({
    rule: "container-capabilities",
    severity: "critical",
    kind: "container",
    subject: "local-mengxiang-shop-abcdefghij",
    owner: { platform: "local", group: "demo", id: "mengxiang" },
    file: "stacks/demo/mengxiang.yaml",
    message: "Container local-mengxiang-shop-abcdefghij must not add NET_ADMIN",
    remedy: "Run `pulumi up`: the container is made anew.",
    references: ["D02", "CIS Docker 5.4"],
    fingerprint: expect.stringMatching(/^[0-9a-f]{16}:2$/) as string,
  });
});

test("a finding keeps its fingerprint until it is mended: neither its neighbours nor a new container change it", () => {
  const [low, first, second] = report.findings;
  const before = fingerprints([low!, first!, second!]);
  expect(new Set(before).size).toBe(3);
  expect(fingerprints([first!])).toEqual([before[1]]);
  const anew = { ...first!, subject: "local-mengxiang-shop-zyxwvutsrq" };
  expect(fingerprints([anew])).toEqual([before[1]]);
  expect(fingerprints([{ ...first!, owner: { ...first!.owner!, id: "haitang" } }])).not.toEqual([before[1]]);
  expect(fingerprints([{ ...first!, kind: "record", subject: "shop-abcdefghij" }])).not.toEqual(
    fingerprints([{ ...first!, kind: "record", subject: "shop" }]),
  );
});
