import type { LocatedFinding } from "../audit/report";
import type { EngineStep } from "./engine";
import { findingOf, mergeSeen, sortedFindings, type Placed } from "./merge";
import { exitCodeOf } from "./report";

const shop = "local-jia-shop-aaaaaaaaaa";
const container = "docker:index/container:Container";
const record = "cloudflare:index/dnsRecord:DnsRecord";
const role = "postgresql:index/role:Role";

const step = (type: string, name: string, op: string, ...diffs: string[]): EngineStep => ({
  ...{ urn: `urn:pulumi:shops::substation::${type}::jia`, type, op, id: "jia", name, diffs, inputs: {} },
});

const told = (rule: string, kind: string, subject: string, severity = "critical"): Placed => ({
  group: "shops",
  id: "jia",
  finding: {
    rule: { id: rule, severity, description: "", references: [], remedy: `mend ${rule}` },
    ...{ kind, subject, owner: undefined, message: `${rule} says so`, file: "stacks/shops/jia.yaml" },
  } as LocatedFinding,
});

const merged = (
  intent: EngineStep[],
  state: EngineStep[],
  audited: Placed[] = [],
  compared = true,
  held: string[] = [],
) =>
  mergeSeen(
    [{ stack: "shops", intent, state, compared, files: new Map([["jia", "stacks/shops/jia.yaml"]]) }],
    audited,
  ).map((seen) => findingOf(seen, new Set(held)));

test("what three looks say of one object is one finding, as bad as the worst of them", () => {
  const found = merged(
    [step(record, "jia.example", "update", "content")],
    [step(record, "jia.example", "update", "content")],
    [told("record-content", "record", "jia.example")],
  );
  expect(found).toEqual([
    {
      ...{ group: "shops", id: "jia", file: "stacks/shops/jia.yaml", class: "security", fixable: true },
      object: { kind: "record", name: "jia.example" },
      seenBy: ["intent", "state", "audit"],
      what: ["Record jia.example is not as the last update left it: content", "record-content says so"],
      remedy: expect.stringContaining("substation drift --fix") as string,
    },
  ]);
});

test("what is missing, which the audit tells by the substation's name, is the object that the engine found gone", () => {
  const found = merged(
    [step(container, shop, "create")],
    [step(container, shop, "delete")],
    [told("fleet-container-missing", "fleet", "jia"), told("fleet-record-missing", "fleet", "jia")],
  );
  expect(found.map(({ object, what }) => [object.kind, object.name, what.length])).toEqual([
    ["container", shop, 2],
    ["record", "jia", 1],
  ]);
});

test("a membership is its role's", () => {
  const [found, ...others] = merged(
    [step(role, "ss_a_app", "update", "roles")],
    [step(role, "ss_a_app", "update", "roles")],
    [told("membership-stranger", "membership", "ss_a_app")],
  );
  expect(others).toEqual([]);
  expect(found).toMatchObject({ class: "security", fixable: false, object: { kind: "role" } });
});

test.each([
  ["gone", "delete", [], true],
  ["stopped", "update", ["mustRun"], true],
  ["limited otherwise, and stopped", "update", ["memory", "memorySwap", "cpus", "mustRun"], true],
  ["let into another network", "update", ["networksAdvanced"], false],
])("a container that is %s: mended without being asked %#", (_, op, diffs, fixable) => {
  const found = merged([step(container, shop, "update", ...diffs)], [step(container, shop, op, ...diffs)]);
  expect(found).toMatchObject([{ class: "config", fixable }]);
});

test("a container in which the audit found more than limits stays as it is, for whoever looks into it", () => {
  for (const rule of [
    "container-environment",
    "container-privileged",
    "container-network",
    "container-owner",
  ])
    expect(merged([], [step(container, shop, "delete")], [told(rule, "container", shop)])).toMatchObject([
      { class: "security", fixable: false },
    ]);
});

test.each([
  ["postgresql:index/database:Database", "data-at-risk"],
  ["docker:index/volume:Volume", "data-at-risk"],
  [role, "security"],
  ["postgresql:index/grant:Grant", "security"],
])("%s is never mended", (type, bad) => {
  for (const op of ["delete", "update"]) {
    const found = merged([step(type, "x", "create")], [step(type, "x", op)]);
    expect(found).toMatchObject([{ class: bad, fixable: false }]);
    if (op === "delete" && bad === "data-at-risk")
      expect(found[0]!.remedy).toMatch(/^Do not update the group/);
  }
});

test("of a substation whose file is broken or gone, nobody knows what it should be: nothing is mended", () => {
  const stopped = [step(container, shop, "update", "mustRun")];
  expect(merged([], stopped, [], true, ["jia"])).toMatchObject([{ fixable: false }]);
  expect(merged([], stopped, [], true, ["yi"])).toMatchObject([{ fixable: true }]);
});

test("a record whose mark was changed is somebody else's now", () => {
  expect(merged([], [step(record, "jia.example", "update", "comment")])).toMatchObject([{ fixable: false }]);
});

test("what the files ask for and no update has done yet is config, unless it loses data", () => {
  expect(merged([step(container, shop, "replace", "image")], [])).toMatchObject([
    { class: "config", fixable: false, seenBy: ["intent"] },
  ]);
  expect(
    merged([step("postgresql:index/database:Database", "ss_a", "replace", "template")], []),
  ).toMatchObject([{ class: "data-at-risk", fixable: false }]);
});

test("what no update would touch and no rule minds is benign", () => {
  const looked = [step(container, shop, "update", "hostname")];
  expect(merged([], looked)).toMatchObject([{ class: "benign" }]);
  expect(merged([], looked, [], false)).toMatchObject([{ class: "config" }]); // nobody knows what an update would do
});

test("the worst comes first; what nobody saw counts more than what was seen", () => {
  const found = merged(
    [],
    [step(container, shop, "delete"), step("docker:index/volume:Volume", "v", "delete")],
  );
  expect(sortedFindings(found).map((one) => one.object.kind)).toEqual(["volume", "container"]);
  const blind = [{ what: "the DNS zone", why: "it is away" }];
  expect([
    exitCodeOf({ findings: [], blind: [] }),
    exitCodeOf({ findings: found, blind: [] }),
    exitCodeOf({ findings: [], blind }),
  ]).toEqual([0, 1, 2]);
});
