import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ResourceValidationPolicy,
  type StackValidationArgs,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { goodTiers, withHost } from "../config/testFleet";
import { policiesOf } from "./pack";
import { rules } from "./rules";
import { asInPreview } from "./testing";

// The pack as Pulumi's server calls it. That the engine does call it, test/e2e/policy.test.ts shows.

const root = mkdtempSync(join(tmpdir(), "substation-pack-"));
beforeAll(() => {
  mkdirSync(join(root, "stacks/demo"), { recursive: true });
  const settings = {
    name: "local",
    zone: "substation.test",
    ingressAddress: "127.0.0.1",
    databaseUser: "provisioner",
  };
  const lines = Object.entries(settings).map(([key, value]) => `  substation:${key}: ${value}`);
  writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
  writeFileSync(join(root, "stacks/Pulumi.platform.yaml"), `config:\n${lines.join("\n")}\n`);
  writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
  writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), withHost("mengxiang.substation.test"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const host = { memoryBytes: 8 * 2 ** 30, cpus: 4 };
const pack = (capacity = () => Promise.resolve(host)) => policiesOf(rules, root, capacity);

const prefix = "urn:pulumi:demo::substation::substation:index:Substation";
const role = (props: Record<string, unknown>, parent = `${prefix}::mengxiang`) => ({
  type: "postgresql:index/role:Role",
  name: "mengxiang-app",
  urn: `${prefix}$postgresql:index/role:Role::mengxiang-app`,
  props: asInPreview(props),
  opts: {
    protect: true,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: {},
    additionalSecretOutputs: [],
    parent,
  },
});

/** Violations of a resource, by policy, as the engine would hear of them. */
async function violations(of: ReturnType<typeof role>, policies = pack()): Promise<string[]> {
  const found: string[] = [];
  for (const policy of policies as ResourceValidationPolicy[]) {
    const { validateResource } = policy;
    if (typeof validateResource !== "function") continue;
    const { __pulumiType: only } = validateResource as { __pulumiType?: string };
    if (only !== undefined && only !== of.type) continue;
    await validateResource(of as never, (message) => found.push(`${policy.name}: ${message}`));
  }
  return found;
}

const stackPolicies = (policies = pack()) =>
  policies.filter((policy): policy is StackValidationPolicy => "validateStack" in policy);

test("each rule that a plan can be judged by is a policy of its own: mandatory, with severity, remedy and address", () => {
  const policies = pack();
  const names = policies.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const told = {
    enforcementLevel: "mandatory",
    url: expect.stringMatching(/^docs\/security\.md#[a-z]\d\d$/) as string,
  };
  for (const policy of policies) {
    expect(policy).toMatchObject(told);
    expect([policy.severity, policy.remediationSteps, policy.framework?.reference]).not.toContain(undefined);
  }
  const left = rules.filter(({ id }) => !names.includes(id));
  // What no plan tells: code in databases, the server, the host, and the steps, which the gate judges.
  const elsewhere = /^(?:function|extension|host|docker|hba|server|setting|session|token|plan)-/;
  expect(left.filter(({ id }) => !elsewhere.test(id)).map(({ id }) => id)).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining([
      "container-privileged",
      "role-attributes",
      "resource-type",
      "fleet-role-missing",
    ]),
  );
});

test("a violation bears its rule's name, what is wrong and what to do; an unknown value is one", async () => {
  const bad = await violations(role({ name: "x", superuser: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7" }));
  expect(bad).toContain(
    "role-known: Role x: superuser is not known before the update, so it cannot be judged. Give it as a literal, not as another resource's output.",
  );
  const stranger = await violations(
    role({ name: "x" }, "urn:pulumi:demo::substation::pulumi:pulumi:Stack::demo"),
  );
  expect(stranger.join("\n")).toContain("resource-place: Role mengxiang-app must be a part of a substation");
});

test("a resource that comes again with other inputs is judged by these", async () => {
  const policies = pack();
  const before = await violations(role({ name: "x", login: true, createRole: true }), policies);
  const after = await violations(role({ name: "x", login: true }), policies);
  const attributes = (found: string[]) => found.filter((text) => text.startsWith("role-attributes")).length;
  expect([attributes(before) > 0, attributes(after)]).toEqual([true, 0]);
});

test("what cannot be judged is an error, which ends the plan: no files, no host", async () => {
  const nowhere = policiesOf(rules, join(root, "nowhere"), () => Promise.resolve(host));
  await expect(violations(role({ name: "x" }), nowhere)).rejects.toThrow();
  const unreachable = stackPolicies(
    pack(() => Promise.reject(new Error("connect ENOENT /var/run/docker.sock"))),
  );
  const args = { resources: [role({ name: "x" })] } as unknown as StackValidationArgs;
  await expect(unreachable[0]?.validateStack(args, () => undefined)).rejects.toThrow("ENOENT");
  expect(() => policiesOf([], root, () => Promise.resolve(host))).toThrow("nothing would be refused");
});

test("rules over the whole plan judge inputs that were met one by one, and name the resource that a fault is of", async () => {
  const policies = pack();
  await violations(role({ name: "x" }), policies);
  const found: (string | undefined)[][] = [];
  for (const policy of stackPolicies(policies)) {
    const args = { resources: [{ ...role({}), props: {} }] } as unknown as StackValidationArgs;
    await policy.validateStack(args, (message, urn) => found.push([policy.name, message.split(".")[0], urn]));
  }
  expect(found).toContainEqual([
    "fleet-container-missing",
    "Substation mengxiang must have a container that serves, but there is none",
    undefined,
  ]);
});
