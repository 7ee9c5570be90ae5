import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { driftReportSchema } from "../../config/drift-report";
import { runCli } from "../../cli/testing";
import { Scene } from "./crash";
import { drifts, removeRecords } from "./drifts";
import { Lab } from "./lab";
import { LeakSearch } from "./leaks";
import { asSuperuser, serving } from "./observe";
import { database, stateDatabase } from "./state-database";

/**
 * The state in a PostgreSQL database in place of a folder: opened, changed, killed and repaired, and watched for drift there. It does not prove what a team's server does that
 * is far away, or goes away; docs/backends.md says what is known of the other kinds.
 */
jest.setTimeout(300_000);

const group = "shops";
const password = randomBytes(24).toString("base64url");

let lab: Lab;
let scene: Scene;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "pgb", backend: (home) => stateDatabase(home, password) });
  scene = await Scene.of(lab, group, "jia", "yi");
  await lab.up(group);
});

afterAll(async () => {
  await lab?.close();
});

/** Rows of the backend's table, by key. */
const rows = async (like: string): Promise<readonly string[]> =>
  asSuperuser(
    lab,
    async (client) =>
      (
        await client.query<{ key: string }>("SELECT key FROM pulumi_state WHERE key LIKE $1 ORDER BY key", [
          like,
        ])
      ).rows.map(({ key }) => key),
    database,
  );

test("two are opened, and their state is in the database and nowhere else", async () => {
  for (const id of ["jia", "yi"]) await serving(lab, group, id);
  expect(await rows("%/.pulumi/stacks/substation/%.json")).toEqual([
    `${database}/.pulumi/stacks/substation/platform.json`,
    `${database}/.pulumi/stacks/substation/${group}.json`,
  ]);
  expect(fs.existsSync(path.join(lab.home, "state", ".pulumi"))).toBe(false);
});

test("a killed update leaves a lock in the database, which is broken since its owner is dead; the next one ends what it began", async () => {
  lab.write(group, "bing");
  const { repair } = await scene.killAndRepair("bing", {
    step: "database",
    when: "recorded",
    victim: "tree",
  });
  expect(repair.brokenLocks).toHaveLength(1);
  expect(await rows("%/.pulumi/locks/%")).toEqual([]);
  await lab.up(group);
  await serving(lab, group, "bing");
});

test("a change reaches the one that it is of; while it is made, its lock is nobody's to break", async () => {
  const before = await serving(lab, group, "jia");
  lab.write(group, "yi", { title: "另一家" });
  let asked: Promise<string> | undefined;
  await lab.up(group, {
    onEvent: ({ resourcePreEvent }) => {
      if (resourcePreEvent)
        asked ??= lab.repair(group).then(
          () => "repaired",
          (error: Error) => error.message,
        );
    },
  });
  expect(await asked).toMatch(/^stack shops is locked by a running update: process \d+ /);
  expect((await lab.get("yi.substation.test")).body).toContain("另一家");
  expect((await serving(lab, group, "jia")).Id).toBe(before.Id);
});

// Mended too: test/long/backend.test.ts.
test("drift is found; a substation in no list is told of, and kept", async () => {
  fs.renameSync(lab.file(group, "bing"), path.join(lab.home, "bing.yaml"));
  await removeRecords(lab, "jia");
  const { code, stdout } = await lab.substation("drift", group, "--json");
  const { findings, blind } = driftReportSchema.parse(JSON.parse(stdout));
  fs.renameSync(path.join(lab.home, "bing.yaml"), lab.file(group, "bing"));
  expect(blind).toEqual([]);
  expect(drifts(findings, (name) => name)).toEqual([
    "config record jia.substation.test (intent state audit)!",
    "data-at-risk substation bing (state audit)",
  ]);
  expect(code).toBe(1);
  await serving(lab, group, "bing");
});

test("with a wrong passphrase nothing is made, and the sentence says which passphrase is meant", async () => {
  const wrong = path.join(lab.home, "wrong-passphrase");
  fs.writeFileSync(wrong, "wrong");
  lab.write(group, "ding");
  const before = (await lab.pulumi(["stack", "export", "-s", group])).stdout;
  const env = { ...lab.workspace.env, PULUMI_CONFIG_PASSPHRASE_FILE: wrong };
  const { code, stdout } = await runCli(["up", group, "--yes"], { cwd: lab.root, env });
  expect(stdout).toContain(
    `stack ${group} cannot be read with the passphrase that PULUMI_CONFIG_PASSPHRASE_FILE names (${wrong}): it is another stack's, or another backend's`,
  );
  expect(code).toBe(1);
  expect((await lab.pulumi(["stack", "export", "-s", group])).stdout).toBe(before);
});

test("the state's own password is in no output, no state and no setting", () => {
  const leaks = new LeakSearch(new Map([["the state's password", password]]));
  expect(leaks.in("what pulumi printed", lab.output.join("\n"))).toEqual([]);
  expect(leaks.inFolder(lab.root)).toEqual([]);
  expect(leaks.in("the environment", JSON.stringify(lab.workspace.env))).toEqual([]);
});
