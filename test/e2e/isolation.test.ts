import { appRole, databaseName, mark, migrateRole, userId } from "../../config/names";
import type { Platform } from "../../config/platform";
import { readInstance } from "../../local/home";
import { superuser } from "../../local/postgres-config";
import { inspect, Lab, shopFile, type Inspected } from "./lab";
import { asSuperuser } from "./observe";
import { ask, codes, type Question, type Statement } from "./probe/questions";

/**
 * What a shop that is in a stranger's hands can reach: everything here is tried from inside its container, as its own user and with its own credentials.
 * It does not prove that the kernel or the Docker engine hold what they promise.
 */
jest.setTimeout(240_000);

const group = "shops";
const mebibyte = 1024 * 1024;

let lab: Lab;
let platform: Platform;
let own: Inspected;
let neighbour: Inspected;
let mine: ReturnType<typeof namesOf>;
let theirs: ReturnType<typeof namesOf>;

const namesOf = (id: string) => {
  const database = databaseName(lab.name, id);
  return { id, database, app: appRole(database), migrate: migrateRole(database) };
};

beforeAll(async () => {
  lab = await Lab.open({ prefix: "iso" });
  lab.write(group, "own", { tier: "professional" }); // room for the probe beside the shop
  lab.write(group, "neighbour");
  await lab.ensureStack(group);
  await lab.up(group);
  platform = await lab.platform();
  mine = namesOf("own");
  theirs = namesOf("neighbour");
  const container = async (id: string) =>
    (await inspect(mark({ platform: lab.name, group, id }), "shop"))[0]!;
  own = await container("own");
  neighbour = await container("neighbour");
});

afterAll(() => lab.close());

const addressOf = (container: Inspected): string =>
  container.NetworkSettings.Networks[platform.edgeNetwork]!.IPAddress;
const tcp = (host: string, port: number): Question => ({ kind: "tcp", host, port });

/** SQL in the shop's own database with its own credentials, where nothing else is said. */
const sql = (text: string, login: Partial<Statement> = {}): Statement => ({
  kind: "sql",
  host: platform.database.address,
  port: platform.database.port,
  database: mine.database,
  user: mine.app,
  text,
  ...login,
});

/** Asks all at once, and shows each question with the code of its answer. */
async function tried(questions: Readonly<Record<string, Question>>): Promise<Record<string, string>> {
  const answers = codes(await ask(own.Id, Object.values(questions)));
  return Object.fromEntries(Object.keys(questions).map((title, at) => [title, answers[at]!]));
}

const all = (titles: readonly string[], code: string) =>
  Object.fromEntries(titles.map((title) => [title, code]));

test("the probe works: what a shop may do and reach, it can", async () => {
  const [local, operations, database, name, secret, scratch, row, again] = await ask(own.Id, [
    tcp("127.0.0.1", 8080),
    tcp("127.0.0.1", 9090),
    tcp(platform.database.address, platform.database.port),
    { kind: "name", name: own.Name.slice(1) },
    { kind: "read", file: "/run/secrets/substation.json" },
    { kind: "write", file: "/tmp/probe" },
    sql(
      "SELECT current_user AS name, current_database() AS database, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS ssl",
    ),
    sql("INSERT INTO shop.notice (body) VALUES ('probe') RETURNING body"),
  ]);
  expect([local, operations, database]).toEqual([
    { ok: "connected" },
    { ok: "connected" },
    { ok: "connected" },
  ]);
  expect(name).toEqual({ ok: addressOf(own) });
  expect(secret).toEqual({ ok: expect.stringMatching(/"sessionKey": "[\w-]{43}"/) as unknown });
  expect(scratch).toEqual({});
  expect(row).toEqual({ ok: [{ name: mine.app, database: mine.database, ssl: true }] });
  expect(again).toEqual({ ok: [{ body: "probe" }] });
});

test("the neighbour's container is out of reach, by address and by name, though it serves", async () => {
  expect((await lab.get("neighbour.substation.test")).status).toBe(200);
  const address = addressOf(neighbour);
  const [byName] = await ask(own.Id, [{ kind: "name", name: neighbour.Name.slice(1) }]);
  expect(byName).toEqual({ ok: address }); // Docker's resolver tells; the network does not carry
  const doors = [8080, 9090].flatMap((port) =>
    [address, neighbour.Name.slice(1)].map((host) => [`${host}:${port}`, tcp(host, port)] as const),
  );
  expect(await tried(Object.fromEntries(doors))).toEqual(
    all(
      doors.map(([title]) => title),
      "ETIMEDOUT",
    ),
  );
});

test("the host's own doors are closed: Docker, the ingress's operations, the DNS zone's API", async () => {
  const { dnsApiPort, dnsPort, ingressPort, ingressMetricsPort } = readInstance(lab.home)!;
  const gateway = addressOf(own).replace(/\.\d+\.\d+$/, ".0.1");
  const ports = {
    "Docker's API": 2375,
    "Docker's API with TLS": 2376,
    ingress: ingressPort,
    "ingress's operations": ingressMetricsPort,
    "DNS API": dnsApiPort,
    DNS: dnsPort,
  };
  const doors = Object.entries(ports).flatMap(([title, port]) =>
    [gateway, platform.database.address].map((host) => [`${title} at ${host}`, tcp(host, port)] as const),
  );
  expect(await tried(Object.fromEntries(doors))).toEqual(
    all(
      doors.map(([title]) => title),
      "ECONNREFUSED",
    ),
  );
  const sockets = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/docker-proxy",
    "/run/containerd",
    "/run/postgresql",
    "/proc/1/root/run/docker.sock",
  ];
  expect(
    codes(
      await ask(
        own.Id,
        sockets.map((file) => ({ kind: "stat", file })),
      ),
    ),
  ).toEqual(sockets.map(() => "ENOENT"));
});

test("no database but its own lets it in, and no other role", async () => {
  const provisioner = { user: platform.database.user, password: platform.database.password };
  const logins: Record<string, Question> = {
    "neighbour's database": sql("SELECT 1", { database: theirs.database }),
    "maintenance database": sql("SELECT 1", { database: "postgres" }),
    template: sql("SELECT 1", { database: "template1" }),
    "without TLS": sql("SELECT 1", { tls: false }),
    "provisioner, with its true password": sql("SELECT 1", { ...provisioner, database: "postgres" }),
    "provisioner, in its own database": sql("SELECT 1", provisioner),
    superuser: sql("SELECT 1", { user: superuser, password: "postgres", database: "postgres" }),
    "neighbour's role": sql("SELECT 1", { user: theirs.app }),
    "neighbour's role in the neighbour's database, with a wrong password": sql("SELECT 1", {
      user: theirs.app,
      database: theirs.database,
    }),
    "owner of the schema, with a wrong password": sql("SELECT 1", { user: mine.migrate }),
    "group role": sql("SELECT 1", { user: mine.database }),
  };
  expect(await tried(logins)).toEqual({
    ...all(Object.keys(logins), "28000"), // no line of pg_hba.conf lets it try
    "neighbour's role in the neighbour's database, with a wrong password": "28P01",
    "owner of the schema, with a wrong password": "28P01",
    "group role": "28P01",
  });
});

test("inside its own database it cannot raise itself, nor touch what is the server's or its neighbour's", async () => {
  const refused: Record<string, string> = {
    "become the neighbour": `SET ROLE ${theirs.app}`,
    "become the provisioner": `SET ROLE ${platform.database.user}`,
    "become the superuser": `SET SESSION AUTHORIZATION ${superuser}`,
    "become the owner of its schema": `SET ROLE ${mine.migrate}`,
    "make a role": "CREATE ROLE intruder LOGIN",
    "make a database": "CREATE DATABASE intruder",
    "join its neighbour": `GRANT ${theirs.database} TO ${mine.app}`,
    "raise its connection limit": `ALTER ROLE ${mine.app} CONNECTION LIMIT -1`,
    "raise its database's limit": `ALTER DATABASE ${mine.database} CONNECTION LIMIT -1`,
    "drop its database's neighbour": `DROP DATABASE ${theirs.database}`,
    "run a program": "COPY (SELECT 1) TO PROGRAM 'true'",
    "write a file": "COPY (SELECT 1) TO '/tmp/probe'",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "read password hashes": "SELECT rolpassword FROM pg_authid",
    "make a schema": "CREATE SCHEMA intruder",
    "make a table in its schema": "CREATE TABLE shop.intruder ()",
    "make a table in public": "CREATE TABLE public.intruder ()",
    "keep temporary tables": "CREATE TEMPORARY TABLE intruder ()",
    "drop its tables": "DROP TABLE shop.notice",
    "rewrite the history of its schema": "DELETE FROM shop.schema_migrations",
    "change the server": "ALTER SYSTEM SET log_statement = 'all'",
    "end its neighbour's sessions": `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${theirs.database}'`,
  };
  // A session of the neighbour's, so that the last one has something to refuse.
  const { password } = (await shopFile(neighbour)).database;
  await lab.sql({ database: theirs.database, user: theirs.app, password }, async (client) => {
    const questions = Object.fromEntries(Object.entries(refused).map(([title, text]) => [title, sql(text)]));
    expect(await tried(questions)).toEqual(all(Object.keys(refused), "42501")); // insufficient_privilege
    expect((await client.query("SELECT current_user AS name")).rows).toEqual([{ name: theirs.app }]);
  });
});

test("it cannot take more connections than its tier allows, so that its neighbours always get theirs", async () => {
  const [flood] = await ask(own.Id, [{ ...sql("SELECT pg_sleep(2)"), kind: "flood", connections: 40 }]);
  const { ok: held = 0, ...others } = (flood as { ok: Record<string, number> }).ok;
  expect(others).toEqual({ "53300": 40 - held }); // too_many_connections
  expect(held).toBeLessThanOrEqual(20); // 10 of the tier, for an old and a new container; the shop itself holds some
  expect(held).toBeGreaterThanOrEqual(10);
});

test("it runs as nobody in particular, on a file system that it cannot write, without a single capability", async () => {
  const [status, ...writes] = await ask(own.Id, [
    { kind: "read", file: "/proc/self/status" },
    ...["/probe", "/usr/local/bin/probe", "/app/probe", "/run/secrets/probe", "/etc/passwd"].map(
      (file): Question => ({ kind: "write", file }),
    ),
  ]);
  const text = String((status as { ok: unknown }).ok);
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.split(/\s+/);
  const uid = String(userId(lab.name, "own"));
  expect(field("Uid")).toEqual([uid, uid, uid, uid]);
  expect(field("Gid")).toEqual([uid, uid, uid, uid]);
  expect(field("Groups")?.filter(Boolean)).toEqual([uid]);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    expect([set, field(set)]).toEqual([set, ["0000000000000000"]]);
  expect(field("NoNewPrivs")).toEqual(["1"]);
  expect(codes(writes)).toEqual(["EROFS", "EROFS", "EROFS", "EROFS", "EROFS"]);
  expect(userId(lab.name, "neighbour")).not.toBe(Number(uid));
});

test("the kernel holds it to its tier's memory, cores and processes", async () => {
  const files = {
    v2: ["memory.max", "memory.swap.max", "cpu.max"].map((file) => `/sys/fs/cgroup/${file}`),
    v1: [
      "memory/memory.limit_in_bytes",
      "memory/memory.memsw.limit_in_bytes",
      "cpu/cpu.cfs_quota_us",
      "cpu/cpu.cfs_period_us",
    ].map((file) => `/sys/fs/cgroup/${file}`),
  };
  const read = async (container: Inspected, names: readonly string[]) =>
    (
      await ask(
        container.Id,
        names.map((file) => ({ kind: "read", file })),
      )
    ).map((answer) => ("ok" in answer ? String(answer.ok).trim() : undefined));
  const unified = (await read(own, ["/sys/fs/cgroup/cgroup.controllers"]))[0] !== undefined;
  const limits = async (container: Inspected) => {
    if (!unified) {
      const [memory, withSwap, quota, period] = (await read(container, files.v1)).map(Number);
      return { memory, swap: withSwap! - memory!, cores: quota! / period! };
    }
    const [memory, swap, cores] = await read(container, files.v2);
    const [quota, period] = cores!.split(" ").map(Number);
    return { memory: Number(memory), swap: Number(swap), cores: quota! / period! };
  };
  expect(await limits(own)).toEqual({ memory: 256 * mebibyte, swap: 0, cores: 1 });
  const [processes] = await ask(own.Id, [{ kind: "read", file: "/proc/self/limits" }]);
  expect(String((processes as { ok: unknown }).ok)).toMatch(/^Max processes +192 +192 /m); // 96 of the tier, for an old and a new container
});

test("its database and roles are closed to everybody else on the server", async () => {
  const { rows } = await asSuperuser(lab, (client) =>
    client.query(
      `SELECT has_database_privilege('public', $1, 'CONNECT') AS public, has_database_privilege($2, $1, 'CONNECT') AS neighbour,
              has_database_privilege($3, $1, 'CONNECT') AS own,
              (SELECT array_agg(member::regrole::text ORDER BY member::regrole::text) FROM pg_auth_members WHERE roleid = $1::regrole AND NOT admin_option) AS members,
              (SELECT bool_or(rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls) FROM pg_roles WHERE rolname LIKE $1 || '%') AS powerful`,
      [mine.database, theirs.app, mine.app],
    ),
  );
  expect(rows).toEqual([
    { public: false, neighbour: false, own: true, members: [mine.app, mine.migrate].sort(), powerful: false },
  ]);
});
