import { noFacts, type ResourceFact } from "./facts";
import { resourceRules } from "./resource";
import { judge } from "./rule";
import { intent, neighbour, owner, stranger } from "./testing";

const resource = (change: Partial<ResourceFact> = {}): ResourceFact => ({
  name: "mengxiang",
  owner,
  unknown: [],
  type: "docker:index/container:Container",
  judged: true,
  unread: [],
  claims: undefined,
  ...change,
});

const found = (change: Partial<ResourceFact>, stack: string | undefined = "demo") =>
  judge(resourceRules, { ...noFacts, resource: [resource(change)] }, intent({ stack })).map(
    ({ rule, message }) => `${rule.id}: ${message}`,
  );

test("a part of a substation, of a known type, passes; so does what every stack holds", () => {
  expect(found({})).toEqual([]);
  expect(found({ owner: undefined }, "platform")).toEqual([]);
  for (const type of ["pulumi:pulumi:Stack", "pulumi:pulumi:StackReference", "pulumi:providers:docker"])
    expect(found({ owner: undefined, type })).toEqual([]);
});

test("what no rule looks at is refused: a type, an input", () => {
  expect(found({ judged: false, type: "docker:index/service:Service" })).toEqual([
    "resource-type: Resource mengxiang must be of a type that rules can judge, but is a docker:index/service:Service",
  ]);
  expect(found({ unread: ["runtime", "networksAdvanced.0.aliases"] })).toEqual([
    "resource-inputs: Container mengxiang must not set what no rule looks at, but sets runtime, networksAdvanced.0.aliases",
  ]);
});

test("what is not where it belongs is refused", () => {
  const part = "resource-place: Container mengxiang must";
  expect(found({ claims: neighbour })).toEqual([
    `${part} bear the mark of the substation that it is a part of, mengxiang, but is marked as demo/haitang`,
  ]);
  expect(found({ owner: undefined })).toEqual([
    `${part} be a part of a substation, since the stack demo holds nothing else`,
  ]);
  expect(found({ owner: stranger })).toEqual([
    `${part} belong to a substation that has a file in stacks/demo/, but is of demo/nobody`,
  ]);
  expect(found({}, "vip")).toEqual([
    `${part} belong to a substation that has a file in stacks/vip/, but is of demo/mengxiang`,
  ]);
  expect(found({}, "platform")).toEqual([
    `${part} not be in the platform's stack platform, since it belongs to mengxiang`,
  ]);
});
