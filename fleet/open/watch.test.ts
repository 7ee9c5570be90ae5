import type { EngineEvent } from "../pulumi";
import { Watch } from "./watch";

const component = "urn:pulumi:east::substation::substation:index:Substation::";
const container = (name: string) =>
  `urn:pulumi:east::substation::substation:index:Substation$docker:index/container:Container::${name}`;
const step = (id: string, name: string, op = "create") => ({
  op,
  urn: container(name),
  type: "docker:index/container:Container",
  new: { parent: `${component}${id}` },
});
const error = (message: string, urn?: string): EngineEvent => ({
  diagnosticEvent: { severity: "error", message, ...(urn === undefined ? {} : { urn }) },
});

test("steps are told once each, in the order in which they begin, and idle ones not", () => {
  const told: string[] = [];
  const watch = new Watch(["jia", "jia-2"], (id, part) => told.push(`${id} ${part}`));
  watch.listen({ resourcePreEvent: { metadata: step("jia", "jia-migrate") } });
  watch.listen({ resourcePreEvent: { metadata: step("jia", "jia-migrate") } });
  watch.listen({ resourcePreEvent: { metadata: step("jia-2", "jia-2", "same") } });
  watch.listen({ resourcePreEvent: { metadata: step("jia", "jia") } });
  expect(told).toEqual(["jia migration", "jia container"]);
});

test("what failed is its member's, by its parent; what fails before its step begins, by the longest id that its name begins with", () => {
  const watch = new Watch(["jia", "jia-2"]);
  watch.listen({ resOpFailedEvent: { metadata: step("jia", "jia-migrate") } });
  watch.listen({ resOutputsEvent: { metadata: step("jia", "jia-migrate") } });
  watch.listen(error("<{%fg 1%}>no such image<{%reset%}>\n", container("jia-migrate")));
  watch.listen(error("it may not", container("jia-2")));
  watch.listen(error("update failed"));
  expect([...watch.failed]).toEqual([["jia", "migration"]]);
  expect(watch.isFinished(container("jia-migrate"))).toBe(false);
  expect(watch.said).toEqual([
    { id: "jia", step: "migration", text: "no such image" },
    { id: "jia-2", step: "container", text: "it may not" },
    { id: undefined, step: undefined, text: "update failed" },
  ]);
});

test("what was only looked at is not done yet", () => {
  const watch = new Watch(["jia"]);
  watch.listen({ resOutputsEvent: { metadata: step("jia", "jia", "refresh") } });
  watch.listen({ resOutputsEvent: { metadata: step("jia", "jia-migrate", "create-replacement") } });
  expect([watch.isFinished(container("jia")), watch.isFinished(container("jia-migrate"))]).toEqual([
    false,
    true,
  ]);
});
