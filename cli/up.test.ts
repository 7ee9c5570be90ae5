import type { UpdatePlan } from "../fleet/plan";
import type { StepFact } from "../policies/rules/facts";
import { main } from "./main";
import { outcomeText, planText } from "./up";

const step = (id: string | undefined, op: string, type: string, name: string): StepFact => ({
  name,
  owner: id === undefined ? undefined : { platform: "local", group: "demo", id },
  op,
  type: `x:index:${type}`,
  urn: `urn:${name}`,
  object: undefined,
  unknown: [],
});

const plan = (change: Partial<UpdatePlan> = {}): UpdatePlan => ({
  stack: "demo",
  steps: [],
  violations: [],
  stands: false,
  errors: [],
  ...change,
});

test("a plan is shown by substation: what is new is counted, what stands is named", () => {
  const steps = [
    step(undefined, "create", "Stack", "demo"),
    step("mengxiang", "update", "Container", "mengxiang"),
    step("mengxiang", "delete", "DnsRecord", "mengxiang"),
    step("haitang", "create", "Role", "haitang-app"),
    step("haitang", "create", "Role", "haitang-group"),
  ];
  expect(planText(plan({ steps }))).toBe(
    [
      "(no substation)  create 1",
      "mengxiang        update Container mengxiang; delete DnsRecord mengxiang",
      "haitang          create 2",
      "",
    ].join("\n"),
  );
  expect(planText(plan())).toBe("demo: no change\n");
});

test("a refusal names file, rule and remedy, and says that nothing was changed", () => {
  const file = { file: "stacks/demo/mengxiang.yaml", line: 1, column: 1 };
  const violations = [
    {
      rule: "container-privileged",
      severity: "critical" as const,
      message: "Container x must not be privileged. Unset it.",
      file,
    },
    { rule: "plan-touched", severity: "high" as const, message: "Plan of demo must …", file: undefined },
  ];
  expect(outcomeText({ kind: "refused", plan: plan({ violations, errors: ["it is protected"] }) })).toBe(
    [
      "stacks/demo/mengxiang.yaml:1:1  critical container-privileged  Container x must not be privileged. Unset it.",
      "(no file)  high plan-touched  Plan of demo must …",
      "it is protected",
      "2 violations of rules; the preview ended with 1 error; nothing was changed",
      "",
    ].join("\n"),
  );
  expect(outcomeText({ kind: "declined", plan: plan() })).toBe("nothing was changed\n");
});

test("without a terminal and --yes nothing is begun; a share that is none is wrong usage", async () => {
  const said: string[] = [];
  const write = jest.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
  const terminal = process.stdin.isTTY;
  process.stdin.isTTY = false;
  try {
    expect(await main(["up", "demo"])).toBe(2);
    expect(said.join("")).toContain("there is no terminal to ask on: add --yes");
    expect(await main(["up", "demo", "--yes", "--max-touched", "200%"])).toBe(2);
    expect(said.join("")).toContain("the form is a percentage from 0% to 100%");
  } finally {
    process.stdin.isTTY = terminal;
    write.mockRestore();
  }
});
