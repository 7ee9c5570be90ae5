import type { Fleet, SubstationSpec } from "../../config/fleet";
import type { LocatedFinding } from "../audit/report";
import type { Placed } from "./merge";
import { neverOpened, strays, unlisted } from "./orphans";
import type { StackLook } from "./stack";

const spec = (group: string, id: string) =>
  ({ group, id, file: `stacks/${group}/${id}.yaml` }) as SubstationSpec;
const fleet = {
  groups: new Map([
    ["shops", [spec("shops", "jia")]],
    ["later", [spec("later", "wu")]],
    ["none", []],
  ]),
} as unknown as Fleet;

const object = (group: string, id: string, kind: string, subject: string): Placed => ({
  ...{ group, id },
  finding: { kind, subject, rule: { id: `${kind}-owner` } } as LocatedFinding,
});

test("what bears the mark of a substation that no file lists is one finding, worse where it holds data", () => {
  const found = strays(
    [
      object("shops", "ghost", "container", "c"),
      object("shops", "ghost", "database", "d"),
      object("shops", "ghost", "database", "d"),
      object("shops", "shade", "record", "r"),
    ],
    [{ group: "shops", id: "gone" }],
  );
  expect(found.map(({ id, class: bad, seenBy, what }) => [id, bad, seenBy.join(), what.slice(1)])).toEqual([
    ["gone", "data-at-risk", "state", ["The state of stack shops has it"]],
    ["ghost", "data-at-risk", "audit", ["It has container c, database d"]],
    ["shade", "security", "audit", ["It has record r"]],
  ]);
  expect(found.every(({ fixable }) => !fixable)).toBe(true);
});

test("files without a substation: never opened, forgotten by the state, and a folder without a stack", () => {
  const tell = (withDatabase: [string, string][]) =>
    neverOpened(
      fleet,
      ["shops", "later", "none"],
      new Set(["shops"]),
      new Set(["jia", "wu"]),
      new Map(withDatabase),
    ).map(({ object: { kind, name }, class: bad }) => `${bad} ${kind} ${name}`);
  expect(tell([])).toEqual(["config folder later", "config substation jia", "config substation wu"]);
  expect(tell([["jia", "shops"]])).toEqual([
    "config folder later",
    "data-at-risk substation jia",
    "config substation wu",
  ]);
  expect(tell([["jia", "none"]])).toEqual([
    "config folder later",
    "config substation jia", // it is on its way here
    "config substation wu",
  ]);
});

test("a stack without a folder is told where it holds no substation, which would tell of itself", () => {
  const look = (stack: string, ids: string[]) =>
    ({ stack, unlisted: ids.map((id) => ({ group: stack, id })) }) as unknown as StackLook;
  const found = unlisted(["shops", "empty", "full"], fleet, [
    look("shops", []),
    look("empty", []),
    look("full", ["x"]),
  ]);
  expect(found.map(({ object: { name } }) => name)).toEqual(["empty"]);
});
