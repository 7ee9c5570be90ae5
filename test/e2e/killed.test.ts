import { readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { derive } from "../../components/secrets";
import { appRole, databaseName, labels, mark, migrateRole } from "../../config/names";
import type { Platform } from "../../config/platform";
import type { Checkpoint } from "../../fleet/checkpoint";
import { readLocks } from "../../fleet/lock";
import { pulumiOk, type EngineEvent, type Finished } from "../../fleet/pulumi";
import type { Repair } from "../../fleet/repair";
import { stateFolders } from "../../fleet/state-files";
import { stateStore } from "../../fleet/state-store";
import { liveDatabases } from "../../inventory/database";
import { liveRecords } from "../../inventory/dns";
import { liveContainers } from "../../inventory/docker";
import { kill, processesOf, type Victim } from "./killing";
import { inspect, Lab } from "./lab";

/**
 * `kill -9` in the middle of an opening, again and again, each time at another moment: the repair that README.md describes and one more `pulumi up` always finish
 * it, and no data is lost. It does not prove what a crash of the whole machine does to files that were not yet on disk.
 */
jest.setTimeout(600_000);

const group = "shops";

/** A step of the engine by its type and the name of its resource, for the substation under test. */
const steps = {
  root: ["random:index/randomPassword:RandomPassword", "-root"],
  groupRole: ["postgresql:index/role:Role", "-group"],
  appRole: ["postgresql:index/role:Role", "-app"],
  database: ["postgresql:index/database:Database", ""],
  seal: ["postgresql:index/grant:Grant", "-public"],
  create: ["postgresql:index/grant:Grant", "-create"],
  volume: ["docker:index/volume:Volume", ""],
  migration: ["docker:index/container:Container", "-migrate"],
  shop: ["docker:index/container:Container", ""],
  record: ["cloudflare:index/dnsRecord:DnsRecord", ""],
} as const;

interface Moment {
  readonly step: keyof typeof steps;
  /** Once the engine has written down that it begins the step; once the step has made its object, which the engine does not know yet; or once the engine reports its end. */
  readonly when: "begun" | "made" | "recorded";
  readonly victim: Victim;
}

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
let platform: Platform;
let before: Standing;
let unmended: string | undefined;
const repairs: Repair[] = [];

beforeAll(async () => {
  lab = await Lab.open({ prefix: "kill" });
  platform = await lab.platform();
  await lab.ensureStack(group);
  lab.write(group, "standing");
  await lab.up(group);
  before = await fillStanding();
});

afterAll(async () => {
  await lab?.close();
});

test.each(moments.map((moment, at) => ({ ...moment, id: `k${at}` })))(
  "$step $when, $victim killed",
  async ({ id, ...moment }) => {
    if (unmended) throw new Error(`nothing can be said of it: the kill at "${unmended}" was not mended`);
    unmended = `${moment.step} ${moment.when}`;
    lab.write(group, id);
    const killed = await killedUpdate(id, moment);
    expect(killed.code).not.toBe(0);
    const locks = (await readLocks(store())).length;
    const pending = await pendingOperations().catch((error: Error) => [
      `an unreadable state (${error.message.split("\n").at(-1)})`,
    ]);
    const repair = await lab.repair(group);
    repairs.push(repair);
    const did = Object.entries(repair).flatMap(([what, list]: [string, readonly string[]]) =>
      list.length > 0 ? [`${what} ${list.join(", ")}`] : [],
    );
    process.stderr.write(
      `${moment.step} ${moment.when}, ${moment.victim} killed. Pending: ${pending.join(", ") || "nothing"}. Repair: ${did.join("; ") || "nothing"}\n`,
    );
    expect(repair.brokenLocks).toHaveLength(locks);

    await lab.up(group);
    expect(await pendingOperations()).toEqual([]);
    expect(await readLocks(store())).toEqual([]);
    expect((await lab.get(`${id}.substation.test`)).body).toContain(`店铺 ${id}`);
    expect(await objects(id)).toEqual(whole(id));
    expect(await standing()).toEqual(before);
    expect(processesOf(backend())).toEqual([]);
    unmended = undefined;
  },
);

test("the kills left what had to be mended, and afterwards nothing is left to change", async () => {
  const sum = (count: (repair: Repair) => number) => repairs.reduce((all, repair) => all + count(repair), 0);
  expect(sum((r) => r.brokenLocks.length)).toBe(
    moments.filter(({ victim }) => !victim.endsWith("plugin")).length,
  );
  expect(sum((r) => r.adopted.length)).toBeGreaterThan(0);
  expect(sum((r) => r.removed.length)).toBeGreaterThan(0);
  const { code, stdout } = await lab.pulumi([
    "preview",
    "-s",
    group,
    "--refresh",
    "--expect-no-changes",
    "--diff",
  ]);
  expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
});

test("what the state has lost altogether is found again by its marks, with its data", async () => {
  const { deployment } = (await exported()) as Checkpoint;
  const urn = deployment.resources?.find(
    ({ type, urn: it }) => type === steps.database[0] && it.endsWith("::standing"),
  )?.urn;
  await pulumiOk(lab.workspace, [
    "state",
    "delete",
    urn ?? "",
    "-s",
    group,
    "--yes",
    "--force",
    "--target-dependents",
  ]);
  const { adopted, removed } = await lab.repair(group);
  expect([...adopted].sort()).toEqual(["Database standing", "DnsRecord standing"]);
  expect([...removed].sort()).toEqual(["standing migrate", "standing shop"]);
  await lab.up(group);
  expect(await objects("standing")).toEqual(whole("standing"));
  const { container, ...data } = await standing();
  expect(container).not.toBe(before.container);
  expect({ ...before, ...data }).toEqual(before);
});

/** Runs an update and kills it at the moment. */
async function killedUpdate(id: string, { step, when, victim }: Moment): Promise<Finished> {
  const [type, suffix] = steps[step];
  const isStep = (metadata: { type: string; urn: string } | undefined) =>
    metadata?.type === type && metadata.urn.endsWith(`::${id}${suffix}`);
  let engine = 0;
  let hits: Promise<number> | undefined;
  const onEvent = ({ resOutputsEvent }: EngineEvent) => {
    if (when !== "recorded" || !isStep(resOutputsEvent?.metadata)) return;
    hits ??= Promise.resolve(kill(engine, victim));
  };
  // What begins is looked for in the state from the start on: its event comes too late to catch a step of some milliseconds.
  const onSpawn = (pid: number) => {
    engine = pid;
    if (when === "recorded") return;
    const moment = when === "begun" ? begun(isStep) : begun(isStep).then(() => made(engine, id, step));
    hits = moment.then(() => kill(engine, victim));
    hits.catch(() => process.kill(engine, "SIGINT")); // the update must end for the error to be told
  };
  const done = await lab.pulumi(["up", "-s", group, "--yes", "--skip-preview"], { onSpawn, onEvent });
  if (!hits) throw new Error(`the update never came to ${step} of ${id}:\n${done.stdout}${done.stderr}`);
  expect(await hits).toBeGreaterThan(0);
  return done;
}

/** Waits until the state on disk says that the step is under way, or done already, where that was too quick to be seen. */
async function begun(isStep: (resource: { type: string; urn: string }) => boolean): Promise<void> {
  const folder = stateFolders(backend(), { project: "substation", stack: group })?.stacks ?? "";
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(1)) {
    const { checkpoint } = JSON.parse(readFileSync(path.join(folder, `${group}.json`), "utf8")) as {
      checkpoint: { latest?: Checkpoint["deployment"] };
    };
    const { pending_operations: pending = [], resources = [] } = checkpoint.latest ?? {};
    if (pending.some(({ resource }) => isStep(resource)) || resources.some(isStep)) return;
  }
  throw new Error("the engine did not write down within 60 s what it began");
}

/**
 * Waits until the object that a step makes is there, with the engine stopped at that moment: its plugins go on, and it learns nothing of what they did. It runs for some
 * milliseconds at a time, since it may not have asked for the object yet.
 */
async function made(engine: number, id: string, step: Moment["step"]): Promise<void> {
  const name = databaseName(platform.name, id);
  const isThere = async () => {
    if (step === "record")
      return (await liveRecords(platform.dns)).some((r) => r.name === `${id}.substation.test`);
    if (step === "shop" || step === "migration") {
      const role = step === "shop" ? "shop" : "migrate";
      return (await liveContainers()).some(
        ({ Labels }) => Labels[labels.mark] === owner(id) && Labels[labels.role] === role,
      );
    }
    const { databases, roles } = await liveDatabases(platform.database);
    return (step === "database" ? databases : roles).some((found) => found.name === name);
  };
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(5)) {
    process.kill(engine, "SIGSTOP");
    for (let look = 0; look < 20; look++, await sleep(10)) if (await isThere()) return;
    process.kill(engine, "SIGCONT");
  }
  throw new Error(`no ${step} of ${id} within 30 s`);
}

const owner = (id: string) => mark({ platform: platform.name, group, id });

/** What there is of a substation, as Docker, the database server and the zone see it. */
async function objects(id: string) {
  const name = databaseName(platform.name, id);
  const [containers, { databases, roles }, records] = await Promise.all([
    liveContainers(),
    liveDatabases(platform.database),
    liveRecords(platform.dns),
  ]);
  return {
    containers: containers
      .filter(({ Labels }) => Labels[labels.mark] === owner(id))
      .map(({ Labels, State }) => `${Labels[labels.role]} ${State}`)
      .sort(),
    database: [
      ...databases.filter((d) => d.name === name).map((d) => `database ${d.name}`),
      ...roles.filter((r) => r.name.startsWith(name)).map((r) => r.name),
    ].sort(),
    marks: [...databases, ...roles].filter((d) => d.name.startsWith(name) && d.mark === owner(id)).length,
    records: records.filter((r) => r.name === `${id}.substation.test`).map((r) => r.content),
  };
}

function whole(id: string): Awaited<ReturnType<typeof objects>> {
  const name = databaseName(platform.name, id);
  return {
    containers: ["migrate exited", "shop running"],
    database: [`database ${name}`, name, appRole(name), migrateRole(name)].sort(),
    marks: 4,
    records: ["127.0.0.1"],
  };
}

/** Operations that a killed update was not seen to end. */
async function pendingOperations(): Promise<string[]> {
  const { deployment } = (await exported()) as {
    deployment: { pending_operations?: { type: string; resource: { urn: string } }[] };
  };
  return (deployment.pending_operations ?? []).map(
    ({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`,
  );
}

const backend = () => lab.workspace.env["PULUMI_BACKEND_URL"] ?? "";
const store = () => stateStore(lab.workspace.env, { project: "substation", stack: group });

async function exported(...more: string[]): Promise<unknown> {
  return JSON.parse(await pulumiOk(lab.workspace, ["stack", "export", "-s", group, ...more]));
}

interface Standing {
  readonly container: string;
  readonly rows: number;
  readonly sum: string;
}

let login: { database: string; user: string; password: string };

/** Data of the substation that stands all the time, written as its shop would. */
async function fillStanding(): Promise<Standing> {
  const { deployment } = (await exported("--show-secrets")) as {
    deployment: { resources: { urn: string; outputs?: { result?: { plaintext: string } } }[] };
  };
  const root = deployment.resources.find(({ urn }) => urn.endsWith("::standing-root"))?.outputs?.result
    ?.plaintext;
  const database = databaseName(platform.name, "standing");
  login = {
    database,
    user: appRole(database),
    password: derive(JSON.parse(root ?? "") as string, "app-password"),
  };
  await lab.sql(login, (client) =>
    client.query("INSERT INTO shop.notice (body) SELECT md5(n::text) FROM generate_series(1, 2000) n"),
  );
  return standing();
}

async function standing(): Promise<Standing> {
  const [shop] = await inspect(mark({ platform: platform.name, group, id: "standing" }), "shop");
  const { rows } = await lab.sql(login, (client) =>
    client.query<{ rows: number; sum: string }>(
      "SELECT count(*)::int AS rows, md5(string_agg(id || body || published_at, ',' ORDER BY id)) AS sum FROM shop.notice",
    ),
  );
  return { container: shop?.Id ?? "none", ...(rows[0] ?? { rows: 0, sum: "" }) };
}
