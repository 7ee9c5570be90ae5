import type { StackRepair } from "../../fleet/repair-stack";
import { Scene, type Moment, type Standing } from "./crash";
import { Lab } from "./lab";

/**
 * One opening that is killed with `kill -9` five times over, each time further on, with a repair in between: it is finished by one more update, no data is lost, and
 * the neighbour notices nothing. Every moment by itself, and every step of an opening of three: test/long/killed.test.ts. Neither proves what a crash of the whole
 * machine does to files that were not yet on disk.
 */
jest.setTimeout(300_000);

const moments: readonly Moment[] = [
  { step: "database", when: "made", victim: "engine" },
  { step: "seal", when: "begun", victim: "tree" },
  { step: "migration", when: "made", victim: "tree" },
  { step: "shop", when: "made", victim: "docker plugin" },
  { step: "record", when: "made", victim: "tree" },
];

let lab: Lab;
let scene: Scene;
let neighbour: () => Promise<Standing>;
let before: Standing;
const repairs: StackRepair[] = [];

beforeAll(async () => {
  lab = await Lab.open({ prefix: "kill" });
  scene = await Scene.of(lab, "shops", "standing");
  await lab.up(scene.group);
  neighbour = await scene.fill("standing");
  before = await neighbour();
  lab.write(scene.group, "k0");
});

afterAll(async () => {
  await lab?.close();
});

test.each(moments)("$step $when, $victim killed: the repair makes it ready to go on", (moment) =>
  scene.mends(moment, async () => {
    const { repair } = await scene.killAndRepair("k0", moment);
    repairs.push(repair);
    expect(await scene.locks()).toEqual([]);
    expect(scene.processes).toEqual([]);
    expect(await scene.pendingOperations()).toEqual([]);
    expect(await neighbour()).toEqual(before);
  }),
);

test("one more update opens it; nothing is there twice, and nothing is left to change", async () => {
  const sum = (count: (repair: StackRepair) => number) => repairs.reduce((all, one) => all + count(one), 0);
  expect(sum((r) => r.brokenLocks.length)).toBe(
    moments.filter(({ victim }) => !victim.endsWith("plugin")).length,
  );
  expect(sum((r) => r.adopted.length)).toBeGreaterThan(0);
  expect(sum((r) => r.removed.length)).toBeGreaterThan(0);
  await lab.up(scene.group);
  expect((await lab.get("k0.substation.test")).body).toContain("店铺 k0");
  expect(await scene.objects("k0")).toEqual(scene.whole("k0"));
  expect(await neighbour()).toEqual(before);
  await scene.expectNoChange();
});
