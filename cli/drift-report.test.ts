import { driftReportSchema } from "../config/drift-report";
import type { DriftFinding, DriftReport } from "../fleet/drift/report";
import { driftJson, driftText } from "./drift-report";
import { runCli } from "./testing";

jest.setTimeout(60_000); // two processes

const record: DriftFinding = {
  ...{ group: "shops", id: "jia", file: "stacks/shops/jia.yaml", class: "security", fixable: true },
  object: { kind: "record", name: "jia.example" },
  seenBy: ["intent", "state", "audit"],
  what: ["Record jia.example is not as the last update left it: content", "It leads\nelsewhere"],
  remedy: "Do this.",
};
const server: DriftFinding = {
  ...{ group: undefined, id: undefined, file: undefined, class: "config", fixable: false },
  object: { kind: "server", name: "pg_hba.conf:1" },
  seenBy: ["audit"],
  what: ["Line 1 must not be there"],
  remedy: "Remove it.",
};
const report: DriftReport = {
  ...{ platform: "local", stacks: ["platform", "shops"], findings: [record, server] },
  blind: [{ what: "the DNS zone", why: "It does not answer." }],
  ...{ hostFindings: 1, seconds: 4.25 },
};

test("for people: each object with what is wrong with it, what was mended, what nobody saw, and the sum", () => {
  const fixes = [
    { finding: record, mended: true },
    {
      finding: { ...record, object: { kind: "container", name: "c" } },
      mended: false,
      why: "process 7 on vm works on the group",
    },
  ];
  expect(driftText({ ...report, fixes }))
    .toBe(`security  shops/jia record jia.example  stacks/shops/jia.yaml  (intent, state, audit)
  Record jia.example is not as the last update left it: content
  It leads\\u000aelsewhere
  → Do this.

config  platform server pg_hba.conf:1  (audit)
  Line 1 must not be there
  → Remove it.

mended  shops/jia record jia.example
not mended  shops/jia container c: process 7 on vm works on the group

Could not be looked at
  the DNS zone: It does not answer.

2 objects drifted: 1 security, 1 config; 1 could not be looked at, so this is not all; 1 finding about the host: substation audit (2 stacks, 4.3 s)
`);
});

test("where nothing drifted, that is all that it says; for machines the exit code comes first", () => {
  const clean = { ...report, findings: [], blind: [], hostFindings: 0 };
  expect(driftText(clean)).toBe("no drift (2 stacks, 4.3 s)\n");
  expect(JSON.parse(driftJson(report))).toMatchObject({ exitCode: 2, findings: [{ class: "security" }, {}] });
  expect(JSON.parse(driftJson(clean))).toMatchObject({ exitCode: 0, findings: [] });
  const fixes = [{ finding: record, mended: false, why: "busy" }];
  const written = JSON.parse(driftJson({ ...report, fixes })) as object;
  expect(driftReportSchema.parse(written)).toEqual(written);
  expect(driftReportSchema.safeParse({ ...written, more: 1 }).success).toBe(false);
});

test("wrong usage is no clean look", async () => {
  const root = `${__dirname}/..`;
  expect((await runCli(["drift", "--engines", "0"], { cwd: root })).code).toBe(2);
  const env = { ...process.env, GITHUB_TOKEN: "" };
  const { code, stderr } = await runCli(["drift", "--issue"], { cwd: root, env });
  expect(stderr).toContain("GITHUB_TOKEN is not set");
  expect(code).toBe(2);
});
