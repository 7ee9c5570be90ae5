import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DriftReport } from "../../fleet/drift/report";
import { drifts } from "../e2e/drifts";
import { databaseName } from "../../config/names";
import { Scene } from "../e2e/crash";
import { Lab } from "../e2e/lab";
import { asSuperuser } from "../e2e/observe";

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

/** Its secrets are made anew, so nobody can ask as the shop did before. */
const data = async (): Promise<unknown> => {
  const sql =
    "SELECT count(*)::int AS rows, md5(string_agg(body, ',' ORDER BY body)) AS sum FROM shop.notice";
  return await asSuperuser(
    lab,
    async (client) => (await client.query(sql)).rows[0] as unknown,
    databaseName(lab.name, "haitang"),
  );
};

test("F27: drift tells of the substation that an old state has forgotten, and repair adopts it with its data", async () => {
  const backup = join(lab.home, "backup.json");
  writeFileSync(backup, (await lab.pulumiUnrecorded(["stack", "export", "-s", scene.group])).stdout);
  lab.write(scene.group, "haitang");
  await lab.up(scene.group);
  await scene.fill("haitang");
  const before = await data();
  expect((await lab.pulumi(["stack", "import", "-s", scene.group, "--file", backup])).code).toBe(0);

  const lost = await lab.substation("drift", scene.group, "--fix", "--json");
  const { findings, fixes, blind } = JSON.parse(lost.stdout) as DriftReport;
  expect(fixes).toEqual([]);
  expect(drifts(findings, (name) => name)).toEqual(["data-at-risk substation haitang (intent)"]);
  // Nobody knows any more which passwords it was given.
  for (const { why } of blind) expect(why).toContain(`run "substation repair ${scene.group}"`);
  expect([blind.length, lost.code]).toEqual([2, 2]);

  const { adopted } = await lab.repair(scene.group);
  expect(adopted).toContain("Database haitang");
  await lab.up(scene.group);
  expect(await data()).toEqual(before);
  expect(await scene.objects("haitang")).toEqual(scene.whole("haitang"));
  const after = await lab.substation("drift", scene.group, "--json");
  expect((JSON.parse(after.stdout) as DriftReport).findings).toEqual([]);
  expect(after.code).toBe(0);
});
