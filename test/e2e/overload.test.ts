import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { mainStation } from "../../config/main-station";
import { appRole, databaseName, mark } from "../../config/names";
import type { AdmissionSummary } from "../../fleet/open/coordinator";
import { Coordinator } from "../../fleet/open/coordinator";
import type { FleetPlan } from "../../fleet/plan/types";
import { carryOut } from "../../fleet/up";
import { liveRecords } from "../../inventory/dns";
import type { FaultOrder, Seen } from "../../local/dns/control";
import { readInstance, secret } from "../../local/home";
import { startPostgres } from "../../local/postgres";
import { stopPostgres } from "../../local/postgres-process";
import { silent } from "../../local/progress";
import { command, Lab } from "./lab";
import { emulator } from "./dns-faults";
import { asSuperuser } from "./observe";

/**
 * Servers that are full, slow or refuse, while a batch is opened: it waits, asks less, and ends well; the main station works on. And what a plan says of a batch before that.
 * The controller itself is held in fleet/open/admission.test.ts, and what is tried again in components/retry.test.ts.
 */
jest.setTimeout(400_000);

const batch = ["jia", "yi", "bing", "ding"];
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "ovl" });
  for (const id of batch) lab.write("pi", id);
  await lab.ensureStack("pi");
});
afterAll(() => lab?.close());

/** Carries an update out under an admission of its own. */
async function opened(
  group: string,
  members: number,
): Promise<{ kind: string; output: string } & AdmissionSummary> {
  const coordinator = await Coordinator.open();
  const at = { ...lab.workspace, env: { ...lab.workspace.env, ...coordinator.env } };
  try {
    const options = { parallel: coordinator.parallel(members), continueOnError: true };
    const done = await carryOut(at, group, options, (event) => coordinator.heard(group, event));
    lab.output.push(done.output);
    return { ...done, ...coordinator.summary };
  } finally {
    await coordinator.close();
  }
}

const asked = async (method: string) =>
  (await emulator<readonly Seen[]>(lab, "GET", "/requests")).filter((one) => one.method === method);
const order = (...faults: FaultOrder[]) => emulator(lab, "PUT", "/faults", faults);

/** Content and mark of the records of a group's members, by name. */
async function recordsOf(ids: readonly string[]): Promise<Record<string, string | null>> {
  const { dns } = await lab.platform();
  const found = (await liveRecords(dns)).filter(({ name }) => ids.includes(name.split(".")[0]!));
  expect(found).toHaveLength(new Set(found.map(({ name }) => name)).size);
  return Object.fromEntries(found.map(({ name, comment }) => [name.split(".")[0]!, comment]));
}
const marks = (group: string, ids: readonly string[]) =>
  Object.fromEntries(ids.map((id) => [id, mark({ platform: lab.name, group, id })]));

test("a plan says what each will be, what that takes of what is left, and refuses what does not fit, before anything is made", async () => {
  const { code, stdout } = await lab.substation("plan", "--all", "--json");
  const plan = JSON.parse(stdout) as FleetPlan;
  expect(code).toBe(0);
  expect(plan.groups.flatMap(({ members }) => members.map(({ id, action }) => [id, action]))).toEqual(
    [...batch].sort().map((id) => [id, "create"]),
  );
  const [{ rows, fits, firstToRunOut } = { rows: [], fits: false, firstToRunOut: undefined }] = plan.capacity;
  const row = (name: string) => rows.find((one) => one.name === name);
  expect(row("memory")).toMatchObject({ need: 4 * (128 + 256) * 1024 * 1024, fits: true });
  expect(row("databaseConnections")).toMatchObject({ need: 4 * 8 + 36, most: 975, fits: true });
  expect(row("dnsRecords")).toMatchObject({ need: 4, notes: [expect.stringContaining("no limit")] });
  expect(row("dnsRecords")).not.toHaveProperty("left");
  expect(row("networkPorts")).toMatchObject({ need: 8, most: 1000 });
  expect(rows.filter(({ name }) => /Disk$/.test(name)).every(({ left }) => left! > 0)).toBe(true);
  expect({ fits, more: firstToRunOut!.more > 0 }).toEqual({ fits: true, more: true });
  expect(plan.duration).toMatchObject({ dnsRequests: 4, uploads: 8 });

  const few = ["capacityConnections=0.05", "capacityNetworkPorts=7"].flatMap((one) => ["--plaintext", one]);
  await lab.pulumi(["config", "set-all", "-s", "platform", ...few]);
  const refused = await lab.substation("plan", "--all");
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(
    /platform has too little database connections: the batch takes 68, and 4\d\.75 is left: \d of 48\.75 is promised or in use already/,
  );
  expect(refused.stdout).toContain(
    "platform has too little containers on one network: the batch takes 8, and 7 is left: 0 of 7 is promised or in use already",
  );
  await lab.pulumi(["config", "rm-all", "-s", "platform", "capacityConnections", "capacityNetworkPorts"]);
  expect(
    await command("docker", [
      "ps",
      "-aq",
      "--filter",
      `label=substation.platform=${lab.name}`,
      "--filter",
      "label=substation.group=pi",
    ]),
  ).toBe("");
});

test("F20: a DNS API that refuses for 20 s is asked no more than about 4 times a second, and all open", async () => {
  await order({
    method: "POST",
    path: "dns_records$",
    effect: { kind: "status", status: 429, retryAfterSeconds: 1 },
  });
  const update = opened("pi", batch.length);
  let isOver = false;
  const end = update.finally(() => (isOver = true));
  while ((await asked("POST")).length === 0 && !isOver) await sleep(250);
  await sleep(20_000);
  await order();
  const { kind, output, signs } = await end;
  expect({ kind, output }).toMatchObject({ kind: "updated" });
  expect(await recordsOf(batch)).toEqual(marks("pi", batch));
  const posts = await asked("POST");
  expect(posts.length).toBeGreaterThan(batch.length); // it was refused at all
  const within = (seconds: number) =>
    Math.max(
      ...posts.map(({ at }) => posts.filter((one) => one.at >= at && one.at < at + seconds * 1000).length),
    );
  process.stderr.write(
    `429: ${posts.length} requests, at most ${within(1)} in 1 s and ${within(5)} in 5 s; signs ${JSON.stringify(signs)}\n`,
  );
  expect(within(5)).toBeLessThanOrEqual(5 * 4 + 4);

  // What a plan counts for each (fleet/plan/capacity.ts) is no less than what it took.
  const name = databaseName(lab.name, "jia");
  const [sizes] = await asSuperuser(
    lab,
    async (client) =>
      (
        await client.query<{ empty: number; own: number }>(
          "SELECT pg_database_size('template0')::int AS empty, pg_database_size($1)::int AS own",
          [name],
        )
      ).rows,
  );
  process.stderr.write(
    `database: ${sizes!.own} bytes, ${sizes!.own - sizes!.empty} more than an empty one\n`,
  );
  expect(sizes!.own - sizes!.empty).toBeLessThan(1024 * 1024);
});

test("F15, F22: a database server that a tenant has filled is waited for, and the main station goes on; a record whose answer is lost is made once, and is ours", async () => {
  const instance = readInstance(lab.home)!;
  const platform = await lab.platform();
  const tenant = databaseName(lab.name, "jia");
  // A small server, and a tenant without its limits: with them it could not fill it.
  await asSuperuser(lab, async (client) => {
    await client.query("ALTER SYSTEM SET max_connections = 80");
    await client.query(`ALTER ROLE ${appRole(tenant)} CONNECTION LIMIT -1 PASSWORD 'flood'`);
    await client.query(`ALTER DATABASE ${tenant} CONNECTION LIMIT -1`);
  });
  await stopPostgres(instance.home);
  await startPostgres(instance, silent);
  const { host, port, ca } = platform.database;
  const login = (database: string, user: string, password: string) =>
    new Client({ host, port, database, user, password, ssl: { ca }, connectionTimeoutMillis: 10_000 });
  const flood: Client[] = [];
  const fill = async () => {
    for (;;) {
      const client = login(tenant, appRole(tenant), "flood");
      client.on("error", () => undefined);
      try {
        await client.connect();
        flood.push(client);
      } catch (error) {
        return (error as { code?: string }).code;
      }
    }
  };
  expect(await fill()).toBe("53300");

  lab.write("si", "xin");
  await lab.ensureStack("si");
  await order({ method: "POST", path: "dns_records$", times: 1, effect: { kind: "drop" } });
  const update = opened("si", 1);
  const alive: string[] = [];
  for (const end = performance.now() + 8_000; performance.now() < end; await sleep(500)) {
    const client = login(
      mainStation.database,
      mainStation.appRole,
      secret(instance.home, "main-station-password"),
    );
    await client.connect();
    alive.push((await client.query<{ now: string }>("SELECT 'served' AS now")).rows[0]!.now);
    await client.end();
    await fill(); // what was freed is taken again
  }
  expect(new Set(alive)).toEqual(new Set(["served"]));
  await Promise.all(flood.map((client) => client.end()));
  const { kind, output, signs } = await update;
  expect({ kind, output }).toMatchObject({ kind: "updated" });
  process.stderr.write(`53300: signs ${JSON.stringify(signs)}\n`);
  expect(await recordsOf(["xin"])).toEqual(marks("si", ["xin"]));
  expect(await asked("DELETE")).toHaveLength(1); // its client met its own record, which was taken back and made again
});
