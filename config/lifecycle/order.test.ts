import { fleetOf, goodFile, withHost } from "../testFleet";
import { withoutHeld } from "../hold";
import { today } from "./day";

const order = `close: mengxiang
orderedBy: 王小明
reason: 店主不再经营
ordered: 2026-11-20
grace: 30d
`;
const files = (text: string, more: Record<string, string> = {}) => ({
  "demo/mengxiang.yaml": goodFile,
  "demo/haitang.yaml": withHost("haitang.substation.test"),
  "demo/mengxiang.closing.yaml": text,
  ...more,
});
const ids = ({ groups }: ReturnType<typeof fleetOf>) => groups.get("demo")!.map(({ id }) => id);

test("an order is no substation; from it on the shop is suspended, without its reason", () => {
  const fleet = fleetOf(files(order));
  expect(fleet.lines).toEqual([]);
  expect(ids(fleet)).toEqual(["haitang", "mengxiang"]);
  expect(fleet.groups.get("demo")!.map(({ suspended }) => suspended)).toEqual([
    undefined,
    { since: "2026-11-20", reason: "本店即将关闭" },
  ]);
  expect(fleet.closings.get("demo/mengxiang")).toMatchObject({
    id: "mengxiang",
    group: "demo",
    orderedBy: "王小明",
    graceMs: 30 * 86_400_000,
  });
});

test("one whose removal has begun is not laid out any more, and its name is still taken", () => {
  const removing = `${order}removing: { since: "2026-12-23T12:00:00Z", export: 2026-12-23T11-59-58.123Z }\n`;
  const fleet = fleetOf(files(removing));
  expect([fleet.lines, ids(fleet)]).toEqual([[], ["haitang"]]);
  expect(fleet.closings.get("demo/mengxiang")?.removing?.export).toBe("2026-12-23T11-59-58.123Z");
  expect(fleetOf(files(removing, { "demo/neu.yaml": goodFile })).lines).toHaveLength(2); // host/taken, by each
});

// prettier-ignore
test.each<[what: string, text: string, expected: string]>([
  ["another id", order.replace("close: mengxiang", "close: haitang"), '1:8  closing/id  close is "haitang": the file\'s name says "mengxiang"; write the id of the one that is to be closed in both.'],
  ["too short a grace", order.replace("30d", "6d"), '5:8  closing/grace  grace is "6d": the platform\'s minimumGrace is 7d; write that or more.'],
  ["no grace", order.replace("30d", "0d"), '5:8  unit/duration  grace is "0d": the form is a whole number followed by s, m (minutes), h or d (days), like "30d".'],
  ["a day to come", order.replace("2026-11-20", "2999-01-01"), `4:10  value/range  ordered is "2999-01-01": that day is still to come; write today, ${today()}, or an earlier one.`],
  ["no name", order.replace("orderedBy: 王小明\n", ""), "1:1  key/missing  orderedBy is missing: add it, like orderedBy: 王小明."],
  ["an unknown key", `${order}now: true\n`, "6:1  key/unknown  now is no key here: the keys are close, orderedBy, reason, ordered, grace, removing."],
])("an order with %s is refused, and nothing is closed by it", (_, text, expected) => {
  const fleet = fleetOf(files(text));
  expect(fleet.lines).toEqual([`stacks/demo/mengxiang.closing.yaml:${expected}`]);
  expect([fleet.closings.size, ids(fleet).length]).toEqual([0, 2]);
  expect(withoutHeld(fleet, new Set(["mengxiang"])).problems).toEqual([]);
});

test("an order without its substation is refused; a platform may allow a shorter grace", () => {
  expect(fleetOf({ "demo/weg.closing.yaml": order.replace("mengxiang", "weg") }).lines).toEqual([
    expect.stringContaining(
      'demo/weg.closing.yaml:1:1  closing/substation  This orders that "weg" be closed, and there is no weg.yaml',
    ),
  ]);
  const settings = { "Pulumi.platform.yaml": "config:\n  substation:minimumGrace: 1s\n" };
  expect(fleetOf(files(order.replace("30d", "1s"), settings)).lines).toEqual([]);
});
