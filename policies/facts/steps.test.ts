import { stepFact, substationOf } from "./steps";

const component = "urn:pulumi:demo::substation::substation:index:Substation::mengxiang";
const owner = { platform: "local", group: "demo", id: "mengxiang" };

test("a step tells whose it is by the component that it is in, and what it is called by its inputs", () => {
  const urn =
    "urn:pulumi:demo::substation::substation:index:Substation$docker:index/volume:Volume::mengxiang";
  const type = "docker:index/volume:Volume";
  const state = { parent: component, inputs: { name: "local-mengxiang-secrets" } };
  const fact = { name: "mengxiang", owner, type, urn, object: "local-mengxiang-secrets", unknown: [] };
  expect(stepFact({ op: "create", urn, type, new: state, old: null }, "local")).toEqual({
    ...fact,
    op: "create",
  });
  expect(stepFact({ op: "delete", urn, type, new: null, old: state }, "local")).toEqual({
    ...fact,
    op: "delete",
  });
  expect(stepFact({ op: "same", urn, type }, "local")).toMatchObject({ owner: undefined, object: undefined });
});

test("a component is its own substation's; what is beside or deep inside one is nobody's", () => {
  const of = (type: string, urn: string, parent?: string) => substationOf({ type, urn, parent }, "local");
  expect(of("substation:index:Substation", component)).toEqual(owner);
  expect(of("docker:index/container:Container", "urn:x", component)).toEqual(owner);
  const stack = "urn:pulumi:demo::substation::pulumi:pulumi:Stack::substation-demo";
  expect(of("docker:index/container:Container", "urn:x", stack)).toBeUndefined();
  const inner = "urn:pulumi:demo::substation::substation:index:Substation$other:index:Thing::mengxiang";
  expect(of("docker:index/container:Container", "urn:x", inner)).toBeUndefined();
  expect(of("docker:index/container:Container", "urn:x")).toBeUndefined();
});
