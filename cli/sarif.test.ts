import { atLeast } from "./audit-report";
import { sarif } from "./sarif";
import { capabilities, liveRestore, report } from "./testing";

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly object[] } };
    readonly invocations: readonly object[];
    readonly automationDetails: object;
    readonly results: readonly object[];
  }[];
}

const context = {
  rules: [capabilities, liveRestore],
  version: "1.2.3",
  root: process.cwd(),
  platformFile: "stacks/Pulumi.platform.yaml",
};
const run = (shown = report, more = context) => (sarif(atLeast(shown, "low"), more) as Log).runs[0]!;

test("rules carry what a code scanning service shows: severity as a number, remedy, references as tags", () => {
  expect(sarif(atLeast(report, "low"), context)).toMatchObject({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver: { name: "substation", version: "1.2.3" } }, columnKind: "utf16CodeUnits" }],
  });
  expect(run().tool.driver.rules).toEqual([
    {
      id: "container-capabilities",
      shortDescription: { text: "Checks that a container drops all capabilities." },
      fullDescription: { text: "Checks that a container drops all capabilities." },
      help: { text: "Run `pulumi up`: the container is made anew." },
      defaultConfiguration: { level: "error" },
      properties: { tags: ["security", "D02", "CIS Docker 5.4"], "security-severity": "9.5" },
    },
    expect.objectContaining({ id: "host-live-restore", defaultConfiguration: { level: "note" } }),
  ]);
});

test("a finding points at its substation's file, one of the platform at the platform's settings", () => {
  const [low, first, second] = run().results;
  expect(first).toEqual({
    ruleId: "container-capabilities",
    ruleIndex: 0,
    level: "error",
    message: { text: "Container local-mengxiang-shop-abcdefghij must drop all capabilities" },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "stacks/demo/mengxiang.yaml", uriBaseId: "%SRCROOT%" },
          region: { startLine: 1 },
        },
        logicalLocations: [
          {
            name: "local-mengxiang-shop-abcdefghij",
            fullyQualifiedName: "local/demo/mengxiang/local-mengxiang-shop-abcdefghij",
            kind: "resource",
          },
        ],
      },
    ],
    partialFingerprints: { primaryLocationLineHash: expect.stringMatching(/^[0-9a-f]{16}:1$/) as string },
    properties: { severity: "critical", kind: "container" },
  });
  expect(second).toMatchObject({
    partialFingerprints: { primaryLocationLineHash: expect.stringMatching(/:2$/) as string },
  });
  expect(low).toMatchObject({
    ruleIndex: 1,
    level: "note",
    locations: [{ physicalLocation: { artifactLocation: { uri: "stacks/Pulumi.platform.yaml" } } }],
  });
});

test("paths are relative to the project, wherever it is run; without any file a logical place is named alone", () => {
  const [low, first] = run(report, { ...context, root: `${process.cwd()}/stacks`, platformFile: undefined! })
    .results as { locations: object[] }[];
  expect(first!.locations[0]).toMatchObject({
    physicalLocation: { artifactLocation: { uri: "demo/mengxiang.yaml" } },
  });
  expect(low!.locations).toEqual([
    {
      logicalLocations: [{ name: "live-restore", fullyQualifiedName: "live-restore", kind: "resource" }],
    },
  ]);
});

test("what could not be looked at is a failed invocation that says so, and never a clean one", () => {
  expect(run().invocations).toEqual([
    {
      executionSuccessful: false,
      exitCode: 2,
      toolExecutionNotifications: [
        {
          level: "error",
          descriptor: { id: "not-looked-at", index: 0 },
          message: { text: "pg_hba.conf of 127.0.0.1:5432: The provisioner may not read it. Grant it that." },
        },
      ],
    },
  ]);
  const clean = run({ ...report, findings: [], blind: [] });
  expect(clean.invocations).toEqual([
    { executionSuccessful: true, exitCode: 0, toolExecutionNotifications: [] },
  ]);
  expect(clean.results).toEqual([]);
});

test("an audit of some substations does not stand for one of all", () => {
  expect(run().automationDetails).toEqual({ id: "substation-audit/local/" });
  expect(run({ ...report, ids: ["mengxiang"] }).automationDetails).toEqual({
    id: "substation-audit/local/mengxiang/",
  });
});
