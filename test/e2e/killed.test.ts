import { setTimeout as sleep } from "node:timers/promises";
import { derive } from "../../components/secrets";
import { appRole, databaseName, labels, mark, migrateRole } from "../../config/names";
import type { Platform } from "../../config/platform";
import { readLocks } from "../../fleet/lock";
import type { EngineEvent } from "../../fleet/pulumi";
import type { Repair } from "../../fleet/repair";
import { liveDatabases } from "../../inventory/database";
import { liveRecords } from "../../inventory/dns";
import { liveContainers } from "../../inventory/docker";
import { kill, processesOf, type Victim } from "./killing";
import { inspect, Lab } from "./lab";

/**
 * `kill -9` in the middle of an opening, again and again, each time at another moment: the repair that docs/repair.md describes and one more `pulumi up` always finish
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
  /** At the event before or after the step, or once the step has made its object, which the engine does not know yet. */
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
  { step: "shop", when: "made", victim: "tree" },
  { step: "record", when: "made", victim: "tree" },
  { step: "record", when: "recorded", victim: "tree" },
];

let lab: Lab;
let platform: Platform;
let before: Standing;
const report: string[] = [];
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
  process.stderr.write(`${report.join("\n")}\n`);
  await lab?.close();
});

test.each(moments.map((moment, at) => ({ ...moment, id: `k${at}` })))("$step $when, $victim killed", async ({ id, ...moment }) => {
  lab.write(group, id);
  const killed = await killedUpdate(id, moment);
  expect(killed.code).not.toBe(0);
  const { pending, locks } = await left();
  const repair = await lab.repair(group);
  repairs.push(repair);
  const { brokenLocks, ...done } = repair;
  report.push(`${moment.step} ${moment.when}, ${moment.victim} killed: ${locks} lock, pending ${pending.join(", ") || "nothing"}; ${JSON.stringify(done)}`);
  expect(brokenLocks).toHaveLength(locks);

  await lab.up(group);
  expect(await left()).toEqual({ pending: [], locks: 0 });
  expect(await lab.get(`${id}.substation.test`)).toMatchObject({ status: 200, body: expect.stringContaining(`店铺 ${id}`) as string });
  expect(await objects(id)).toEqual(whole(id));
  expect(await standing()).toEqual(before);
  expect(processesOf(`${lab.home}/state`)).toEqual([]);
});

test("the kills left what had to be mended, and afterwards nothing is left to change", async () => {
  const sum = (count: (repair: Repair) => number) => repairs.reduce((all, repair) => all + count(repair), 0);
  expect(sum((r) => r.brokenLocks.length)).toBe(moments.filter(({ victim }) => !victim.endsWith("plugin")).length);
  expect(sum((r) => r.adopted.length)).toBeGreaterThan(0);
  expect(sum((r) => r.removed.length)).toBeGreaterThan(0);
  const { code, stdout } = await lab.pulumi(["preview", "-s", group, "--refresh", "--expect-no-changes", "--diff"]);
  expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
});

/** Runs an update and kills it at the moment. */
async function killedUpdate(id: string, { step, when, victim }: Moment): Promise<{ code: number | null; stdout: string }> {
  const [type, suffix] = steps[step];
  const isStep = (metadata: { type: string; urn: string } | undefined) => metadata?.type === type && metadata.urn.endsWith(`::${id}${suffix}`);
  let engine = 0;
  let hit: Promise<void> | undefined;
  const onEvent = (event: EngineEvent) => {
    const reached = when === "recorded" ? isStep(event.resOutputsEvent?.metadata) : isStep(event.resourcePreEvent?.metadata);
    if (reached) hit ??= (when === "made" ? appeared(id, step) : Promise.resolve()).then(() => void kill(engine, victim));
  };
  const done = await lab.pulumi(["up", "-s", group, "--yes", "--skip-preview"], { onSpawn: (pid) => (engine = pid), onEvent });
  if (!hit) throw new Error(`the update never came to ${step} of ${id}:\n${done.stdout}`);
  await hit;
  return done;
}

/** Waits until the object that a step makes is there, whatever the engine knows of it. */
async function appeared(id: string, step: Moment["step"]): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(5)) {
    const found = await objects(id);
    if (step === "record" ? found.records.length > 0 : step === "shop" || step === "migration" ? found.containers.includes(roleOf[step]) : found.database.includes(nameOf(id, step)))
      return;
  }
  throw new Error(`no ${step} of ${id} within 20 s`);
}

const roleOf = { shop: "shop running", migration: "migrate running" } as const;
const nameOf = (id: string, step: string) => {
  const name = databaseName(platform.name, id);
  return step === "database" ? `database ${name}` : step === "appRole" ? appRole(name) : name;
};

/** What there is of a substation, as Docker, the database server and the zone see it. */
async function objects(id: string) {
  const name = databaseName(platform.name, id);
  const [containers, { databases, roles }, records] = await Promise.all([
    liveContainers(),
    liveDatabases(platform.database),
    liveRecords(platform.dns),
  ]);
  const owner = mark({ platform: platform.name, group, id });
  return {
    containers: containers
      .filter(({ Labels }) => Labels[labels.mark] === owner)
      .map(({ Labels, State }) => `${Labels[labels.role]} ${State}`)
      .sort(),
    database: [
      ...databases.filter((d) => d.name === name).map((d) => `database ${d.name}`),
      ...roles.filter((r) => r.name.startsWith(name)).map((r) => r.name),
    ].sort(),
    marks: [...databases, ...roles].filter((d) => d.name.startsWith(name) && d.mark === owner).length,
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

/** What a killed update left in the state: operations that were not seen to end, and locks. */
async function left(): Promise<{ pending: string[]; locks: number }> {
  const { deployment } = (await exported()) as { deployment: { pending_operations?: { type: string; resource: { urn: string } }[] } };
  const pending = (deployment.pending_operations ?? []).map(({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`);
  return { pending, locks: readLocks(`file://${lab.home}/state`, "substation", group).length };
}

async function exported(...more: string[]): Promise<unknown> {
  return JSON.parse((await lab.pulumi(["stack", "export", "-s", group, ...more])).stdout);
}

interface Standing {
  readonly container: string;
  readonly rows: number;
  readonly sum: string;
}

let login: { database: string; user: string; password: string };

/** Data of the substation that stands all the time, written as its shop would. */
async function fillStanding(): Promise<Standing> {
  const { deployment } = (await exported("--show-secrets")) as { deployment: { resources: { urn: string; outputs?: { result?: { plaintext: string } } }[] } };
  const root = deployment.resources.find(({ urn }) => urn.endsWith("::standing-root"))?.outputs?.result?.plaintext;
  const database = databaseName(platform.name, "standing");
  login = { database, user: appRole(database), password: derive(JSON.parse(root ?? "") as string, "app-password") };
  await lab.sql(login, (client) => client.query("INSERT INTO shop.notice (body) SELECT md5(n::text) FROM generate_series(1, 2000) n"));
  return standing();
}

async function standing(): Promise<Standing> {
  const [shop] = await inspect(mark({ platform: platform.name, group, id: "standing" }), "shop");
  const { rows } = await lab.sql(login, (client) =>
    client.query<{ rows: number; sum: string }>("SELECT count(*)::int AS rows, md5(string_agg(id || body || published_at, ',' ORDER BY id)) AS sum FROM shop.notice"),
  );
  return { container: shop?.Id ?? "none", ...(rows[0] ?? { rows: 0, sum: "" }) };
}
