import { actionOf } from "./fleet";

// Whole plans are made on the real engine in test/e2e/overload.test.ts.

const component = "substation:index:Substation";
const container = "docker:index/container:Container";

test("what happens to a member follows from its steps, the weightiest first", () => {
  expect(actionOf([])).toBe("leave");
  expect(
    actionOf([
      { op: "create", type: component },
      { op: "create", type: container },
    ]),
  ).toBe("create");
  expect(actionOf([{ op: "update", type: container }])).toBe("change");
  // An opening that was broken off: the component stands, and parts of it do not.
  expect(actionOf([{ op: "create", type: container }])).toBe("change");
  expect(
    actionOf([
      { op: "update", type: component },
      { op: "create-replacement", type: container },
    ]),
  ).toBe("replace");
  expect(
    actionOf([
      { op: "delete", type: component },
      { op: "delete", type: container },
    ]),
  ).toBe("remove");
});
