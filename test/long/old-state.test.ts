import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DriftReport } from "../../fleet/drift/report";
import { drifts } from "../e2e/drifts";
import { Scene, type Standing } from "../e2e/crash";
import { Lab } from "../e2e/lab";

/** A state that is brought back from a backup knows nothing of what was opened since. */
jest.setTimeout(600_000);

let lab: Lab;
let scene: Scene;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "old" });
  scene = await Scene.of(lab, "shops", "standing");
  await lab.up(scene.group);
});

afterAll(async () => {
  await lab?.close();
});

test("F27: drift tells of the substation that an old state has forgotten, and repair adopts it with its data", async () => {
  const backup = join(lab.home, "backup.json");
  writeFileSync(backup, (await lab.pulumiUnrecorded(["stack", "export", "-s", scene.group])).stdout);
  lab.write(scene.group, "haitang");
  await lab.up(scene.group);
  const data: () => Promise<Standing> = await scene.fill("haitang");
  const { rows, sum } = await data();
  expect((await lab.pulumi(["stack", "import", "-s", scene.group, "--file", backup])).code).toBe(0);

  const lost = await lab.substation("drift", scene.group, "--fix", "--json");
  const { findings, fixes } = JSON.parse(lost.stdout) as DriftReport;
  expect(fixes).toEqual([]);
  expect(drifts(findings, (name) => name)).toContain("data-at-risk substation haitang (intent)");
  expect(lost.code).toBe(1);

  const { adopted } = await lab.repair(scene.group);
  expect(adopted).toContain("Database haitang");
  await lab.up(scene.group);
  expect(await data()).toMatchObject({ rows, sum });
  expect(await scene.objects("haitang")).toEqual(scene.whole("haitang"));
  const after = await lab.substation("drift", scene.group, "--json");
  expect((JSON.parse(after.stdout) as DriftReport).findings).toEqual([]);
  expect(after.code).toBe(0);
});
