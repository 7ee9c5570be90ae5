import { pulumiOk } from "../../fleet/pulumi";
import type { Checkpoint } from "../../fleet/checkpoint";
import { Scene, steps, type Moment, type Standing } from "../e2e/crash";
import { Lab } from "../e2e/lab";

/** `kill -9` at twelve moments of an opening: after each, a repair and one more update finish it, and no data is lost. */
jest.setTimeout(600_000);

const moments: readonly Moment[] = [
  { step: "root", when: "begun", victim: "tree" },
  { step: "groupRole", when: "made", victim: "tree" },
  { step: "database", when: "begun", victim: "engine" },
  { step: "database", when: "made", victim: "tree" },
  { step: "seal", when: "begun", victim: "tree" },
  { step: "create", when: "recorded", victim: "engine" },
  { step: "volume", when: "begun", victim: "tree" },
  { step: "migration", when: "made", victim: "tree" },
  { step: "shop", when: "begun", victim: "engine" },
  { step: "shop", when: "made", victim: "docker plugin" },
  { step: "record", when: "made", victim: "tree" },
  { step: "record", when: "recorded", victim: "tree" },
];

let lab: Lab;
let scene: Scene;
let neighbour: () => Promise<Standing>;
let before: Standing;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "kill" });
  scene = await Scene.of(lab, "shops", "standing");
  await lab.up(scene.group);
  neighbour = await scene.fill("standing");
  before = await neighbour();
});

afterAll(async () => {
  await lab?.close();
});

test.each(moments.map((moment, at) => ({ ...moment, id: `k${at}` })))(
  "$step $when, $victim killed",
  ({ id, ...moment }) =>
    scene.mends(moment, async () => {
      lab.write(scene.group, id);
      await scene.killAndRepair(id, moment);
      await lab.up(scene.group);
      expect(await scene.pendingOperations()).toEqual([]);
      expect(await scene.locks()).toEqual([]);
      expect((await lab.get(`${id}.substation.test`)).body).toContain(`店铺 ${id}`);
      expect(await scene.objects(id)).toEqual(scene.whole(id));
      expect(await neighbour()).toEqual(before);
      expect(scene.processes).toEqual([]);
    }),
);

test("afterwards nothing is left to change", async () => {
  await scene.expectNoChange();
});

test("what the state has lost altogether is found again by its marks, with its data", async () => {
  const { deployment } = (await scene.exported()) as Checkpoint;
  const urn = deployment.resources?.find(
    ({ type, urn: it }) => type === steps.database[0] && it.endsWith("::standing"),
  )?.urn;
  const lose = ["state", "delete", urn ?? "", "-s", scene.group, "--yes", "--force", "--target-dependents"];
  await pulumiOk(lab.workspace, lose);
  const { adopted, removed } = await lab.repair(scene.group);
  expect([...adopted].sort()).toEqual(["Database standing", "DnsRecord standing"]);
  expect([...removed].sort()).toEqual(["standing migrate", "standing shop"]);
  await lab.up(scene.group);
  expect(await scene.objects("standing")).toEqual(scene.whole("standing"));
  const { container, ...data } = await neighbour();
  expect(container).not.toBe(before.container);
  expect({ ...before, ...data }).toEqual(before);
});
