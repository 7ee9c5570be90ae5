import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { Docker } from "../../inventory/docker-api";
import { readInstance, type Instance } from "../../local/home";
import { resetLocal, startLocal, statusLocal, stopLocal, type ServerSettings } from "../../local/instance";
import { externalDatabase } from "../../local/postgres-external";
import { runningServer, socketClient } from "../../local/postgres-process";
import { isAlive } from "../../inventory/process";
import { findProcesses, commandOf, until } from "../../local/process";
import { silent } from "../../local/progress";
import { labels } from "../../config/names";
import { killedFirstStarts } from "./first-start";

/**
 * The parts of a platform on this machine, for real: PostgreSQL, the DNS emulator, Docker. As root, since the address that containers reach
 * the database at is put on the loopback interface. It does not prove what containers see: the end-to-end test of the stacks does.
 */
jest.setTimeout(120_000);

const root = fs.mkdtempSync(path.join(os.tmpdir(), "ss-local-"));
const name = `e2e-${process.pid.toString(36)}`;
const before = { ...process.env };
let settings: ServerSettings;
let instance: Instance;
const start = () => startLocal({ images: false }, silent);
const states = async () => (await statusLocal()).parts.map(({ state }) => state).join(" ");

beforeAll(async () => {
  for (const key of Object.keys(process.env)) if (key.startsWith("SUBSTATION_")) delete process.env[key];
  Object.assign(process.env, { SUBSTATION_HOME: root, SUBSTATION_NAME: name });
  expect(await states()).toBe("running stopped stopped stopped");
  settings = await start();
  instance = readInstance()!;
});

afterAll(async () => {
  await resetLocal({ confirm: () => Promise.resolve(name), dockerObjects: true }, silent);
  expect(fs.existsSync(root)).toBe(false);
  expect(spawnSync("ip", ["address", "show", "dev", "lo"], { encoding: "utf8" }).stdout).not.toContain(
    settings.databaseAddress,
  );
  expect(findProcesses((pid) => commandOf(pid).some((argument) => argument.startsWith(root)))).toEqual([]);
  process.env = before;
});

const ca = () => fs.readFileSync(settings.databaseCaFile, "utf8");
const asProvisioner = (database = "postgres"): ClientConfig => ({
  host: settings.databaseHost,
  port: settings.databasePort,
  user: settings.databaseUser,
  password: settings.databasePassword,
  database,
  ssl: { ca: ca() },
});

async function query<T extends object>(config: ClientConfig, ...statements: string[]): Promise<T[]> {
  const client = new Client(config);
  try {
    await client.connect();
    let rows: T[] = [];
    for (const statement of statements) rows = (await client.query<T>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** A socket that calls from `address`. */
function from(address: string): ClientConfig["stream"] {
  return () => {
    const socket = new net.Socket();
    const connect = socket.connect.bind(socket);
    socket.connect = ((port: number, host: string) =>
      connect({ port, host, localAddress: address })) as typeof socket.connect;
    return socket;
  };
}

describe("PostgreSQL", () => {
  const tenant = (database: string, more: ClientConfig = {}): ClientConfig => ({
    ...asProvisioner(database),
    user: `${more.user ?? database}_app`,
    password: "secret",
    ...(({ user: _, ...rest }) => rest)(more),
  });
  const edgeAddress = () => settings.edgeSubnet.replace("0.0/20", "3.77");

  beforeAll(async () => {
    for (const db of ["ss_a", "ss_b"]) {
      await query(
        asProvisioner(),
        `create role ${db} nologin`,
        `create role ${db}_app login password 'secret' in role ${db}`,
        `create database ${db} allow_connections false template template0`,
        `revoke all on database ${db} from public`,
        `grant connect on database ${db} to ${db}`,
        `alter database ${db} allow_connections true`,
      );
    }
    spawnSync("ip", ["address", "add", `${edgeAddress()}/32`, "dev", "lo"]);
  });
  afterAll(() => spawnSync("ip", ["address", "delete", `${edgeAddress()}/32`, "dev", "lo"]));

  test("lets a tenant into its own database, from the edge network and from this machine, over TLS", async () => {
    const who =
      "select current_user as name, (select ssl from pg_stat_ssl where pid = pg_backend_pid()) as ssl";
    const own = [{ name: "ss_a_app", ssl: true }];
    expect(await query(tenant("ss_a"), who)).toEqual(own);
    expect(
      await query(tenant("ss_a", { host: settings.databaseAddress, stream: from(edgeAddress()) }), who),
    ).toEqual(own);
  });

  test.each<[string, () => ClientConfig]>([
    ["its neighbour's database", () => tenant("ss_b", { user: "ss_a" })],
    ["its own without TLS", () => tenant("ss_a", { ssl: false })],
    [
      "its own from beside the edge network",
      () => tenant("ss_a", { host: settings.databaseAddress, stream: from(settings.databaseAddress) }),
    ],
    ["its own from another address of this machine", () => tenant("ss_a", { stream: from("127.0.0.2") })],
    ["the maintenance database", () => tenant("postgres", { user: "ss_a" })],
    ["the template that others are made from", () => tenant("template1", { user: "ss_a" })],
  ])("turns a tenant away from %s", async (_what, config) => {
    await expect(query(config(), "select 1")).rejects.toMatchObject({ code: "28000" });
  });

  test("turns the provisioner and the superuser away from the edge network, and the superuser from every network", async () => {
    const edge = { host: settings.databaseAddress, stream: from(edgeAddress()) };
    // It created this group role and so is a member of it, which is what the tenants' line asks for.
    await expect(query({ ...asProvisioner("ss_a"), ...edge }, "select 1")).rejects.toMatchObject({
      code: "28000",
    });
    for (const more of [edge, {}]) {
      await expect(
        query({ ...asProvisioner(), user: "postgres", ...more }, "select 1"),
      ).rejects.toMatchObject({ code: "28000" });
    }
  });

  test("gives the provisioner what an opening and a closing need, and no more", async () => {
    const [role] = await query<Record<string, unknown>>(
      asProvisioner(),
      "select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolinherit, rolconnlimit from pg_roles where rolname = current_user",
    );
    expect(role).toEqual({
      rolsuper: false,
      rolcreatedb: true,
      rolcreaterole: true,
      rolreplication: false,
      rolbypassrls: false,
      rolinherit: false,
      rolconnlimit: 40,
    });
    await expect(query(asProvisioner(), "select pg_read_file('/etc/passwd')")).rejects.toMatchObject({
      code: "42501",
    });
    await query(
      asProvisioner(),
      "create role ss_c nologin",
      "create role ss_c_app login password 'secret' in role ss_c",
      "create database ss_c",
    );
    const guest = new Client(tenant("ss_c"));
    guest.on("error", () => undefined); // it is sent away
    await guest.connect();
    await query(asProvisioner(), "drop database ss_c with (force)", "drop role ss_c_app", "drop role ss_c");
    await guest.end();
  });

  test("stores passwords as SCRAM, keeps durable settings, and its secrets are for their owners alone", async () => {
    const admin = socketClient(instance)("postgres");
    await admin.connect();
    const { rows } = await admin.query(
      "select rolname from pg_authid where rolcanlogin and rolpassword is not null and rolpassword not like 'SCRAM-SHA-256$%'",
    );
    const { rows: durable } = await admin.query(
      "select current_setting('fsync') as f, current_setting('synchronous_commit') as s, current_setting('data_checksums') as c",
    );
    await admin.end();
    expect([rows, durable]).toEqual([[], [{ f: "on", s: "on", c: "on" }]]);
    const secrets = fs
      .readdirSync(instance.home.secrets)
      .map((file) => fs.statSync(path.join(instance.home.secrets, file)).mode & 0o777);
    expect(new Set(secrets)).toEqual(new Set([0o600]));
    for (const folder of [instance.home.secrets, instance.home.postgres])
      expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    const said = spawnSync("grep", ["-rlF", "-e", settings.databasePassword, root], {
      encoding: "utf8",
    }).stdout.trim();
    expect(said).toBe(path.join(instance.home.secrets, "database-password"));
  });

  test("comes back with every committed row after kill -9, also where a busy backend and a stranger's pid are in the way", async () => {
    await query(
      asProvisioner("ss_a"),
      "create table public.kept (n int)",
      "insert into public.kept select generate_series(1, 1000)",
    );
    const busy = new Client(asProvisioner());
    busy.on("error", () => undefined);
    await busy.connect();
    const endless = busy.query("do $$ begin loop end loop; end $$").catch((error: unknown) => error);
    await sleep(200);
    const first = runningServer(instance.home)!;
    process.kill(first.pid, "SIGKILL");
    expect(await until(() => !isAlive(first), 5_000)).toBe(true);
    expect(await states()).toBe("running broken running running");
    expect(await start()).toEqual(settings); // waits for the orphan, then tells it
    await endless;
    expect(await query(asProvisioner("ss_a"), "select count(*)::int as n from public.kept")).toEqual([
      { n: 1000 },
    ]);

    process.kill(runningServer(instance.home)!.pid, "SIGKILL");
    await until(() => !runningServer(instance.home), 5_000);
    const pidFile = path.join(instance.home.postgres, "data/postmaster.pid");
    fs.writeFileSync(pidFile, fs.readFileSync(pidFile, "utf8").replace(/^\d+/, String(process.pid)));
    await start();
    expect(await query(asProvisioner("ss_a"), "select count(*)::int as n from public.kept")).toEqual([
      { n: 1000 },
    ]);
  });
});

test("a server by URL is used where its provisioner is fit and its certificate covers the containers' address", async () => {
  const url = (user: string, password: string) =>
    `postgres://${user}:${password}@127.0.0.1:${settings.databasePort}/?sslmode=verify-full&sslrootcert=${settings.databaseCaFile}`;
  const use = (text: string, address: string) =>
    externalDatabase({ SUBSTATION_DATABASE_URL: text, SUBSTATION_DATABASE_ADDRESS: address });
  const good = url(settings.databaseUser, settings.databasePassword);
  expect(await use(good, settings.databaseAddress)).toMatchObject({
    port: settings.databasePort,
    address: settings.databaseAddress,
  });
  await expect(use(good, "10.0.0.9")).rejects.toThrow("is not valid for 10.0.0.9, where containers reach it");
  await expect(use(url(settings.databaseUser, "wrong"), settings.databaseAddress)).rejects.toThrow(
    "password authentication failed",
  );
});

test("a start that changes nothing leaves every process alone", async () => {
  const pids = async () => (await statusLocal()).parts.map(({ pid, since }) => [pid, since]);
  const known = await pids();
  expect(await start()).toEqual(settings);
  expect(await pids()).toEqual(known);
});

test("a DNS emulator that was killed is broken, and back after a start; one that we forgot is found again", async () => {
  const dns = async () => (await statusLocal()).parts.find(({ part }) => part === "dns")!;
  const first = await dns();
  process.kill(first.pid!, "SIGKILL");
  await until(async () => (await dns()).state === "broken", 5_000);
  expect((await dns()).detail).toContain("ended by itself");
  await start();
  const second = await dns();
  expect(second).toMatchObject({ state: "running", port: first.port });
  fs.rmSync(path.join(instance.home.run, "dns.json"));
  await start();
  expect((await dns()).pid).toBe(second.pid);
});

test("stop and start keep the data; a stopped instance says so", async () => {
  expect(await stopLocal({}, silent)).toEqual(["Gateways", "DNS", "PostgreSQL"]);
  expect(await states()).toBe("running stopped stopped stopped");
  expect(await stopLocal({}, silent)).toEqual([]);
  expect(await start()).toEqual(settings);
  expect(await query(asProvisioner("ss_a"), "select count(*)::int as n from public.kept")).toEqual([
    { n: 1000 },
  ]);
});

test("a taken port is refused with the name of who has it", async () => {
  await stopLocal({}, silent);
  const squatter = net.createServer();
  await new Promise<void>((resolve) => squatter.listen(instance.databasePort, "127.0.0.1", resolve));
  await expect(start()).rejects.toThrow(
    `Port ${instance.databasePort}, where this instance's PostgreSQL listens, is taken by`,
  );
  await new Promise((resolve) => squatter.close(resolve));
  await start();
});

test("reset removes nothing without the name, nor while Docker holds objects of the platform", async () => {
  await expect(resetLocal({ confirm: () => Promise.resolve("yes") }, silent)).rejects.toThrow(
    `"yes" is not the platform's name (${name})`,
  );
  await new Docker().post(
    "/volumes/create",
    {},
    { Name: `${name}-volume`, Labels: { [labels.platform]: name } },
  );
  await expect(resetLocal({ confirm: () => Promise.resolve(name) }, silent)).rejects.toThrow(
    "Docker still holds 0 containers, 0 networks and 1 volumes",
  );
  expect(await states()).toBe("running running running running");
});

// At more moments: test/long/first-start.test.ts.
test("killed in its first start, the next start completes", () => killedFirstStarts(name, [600, 1_300]));
