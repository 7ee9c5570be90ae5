import * as fs from "node:fs";
import * as path from "node:path";
import { attackText } from "../../cli/attack";
import { labels, mark, userId, type Owner } from "../../config/names";
import type { Platform } from "../../config/platform";
import {
  attack,
  attackExitCode,
  attackTarget,
  type AttackReport,
  type AttackTarget,
} from "../../fleet/attack";
import { ask, codes } from "../../fleet/attack/ask";
import { gather, type Facts } from "../../fleet/attack/facts";
import type { Question, Statement } from "../../fleet/attack/questions";
import { Docker } from "../../inventory/docker-api";
import { readInstance } from "../../local/home";
import { command, inspect, Lab, type Inspected } from "./lab";
import { asSuperuser } from "./observe";

/**
 * What a shop that is in a stranger's hands can reach: `substation audit --attack`, tried from inside its container, as its own user and with its own credentials.
 * It does not prove that the kernel or the Docker engine hold what they promise.
 */
jest.setTimeout(240_000);

const group = "shops";
const mebibyte = 1024 * 1024;

let lab: Lab;
let platform: Platform;
let target: AttackTarget;
let facts: Facts;
let own: Inspected;
let neighbour: Inspected;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "atk" });
  const tiers = path.join(lab.root, "stacks", "tiers.yaml");
  // So that its longest statement need not be waited for.
  fs.writeFileSync(
    tiers,
    fs.readFileSync(tiers, "utf8").replace("statementTimeout: 30s", "statementTimeout: 2s"),
  );
  lab.write(group, "own", { tier: "professional" });
  lab.write(group, "neighbour");
  await lab.ensureStack(group);
  await lab.up(group);
  platform = await lab.platform();
  const { ingressPort, dnsPort } = readInstance(lab.home)!;
  const hostPorts = { "the ingress by another address": ingressPort, DNS: dnsPort };
  target = { ...(await attackTarget(lab.workspace, "own")), hostPorts };
  facts = await gather(target);
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
const sql = (text: string, change: Partial<Statement> = {}): Statement => ({
  kind: "sql",
  ...facts.login,
  text,
  ...change,
});

async function attacked(): Promise<AttackReport> {
  const report = await attack(target);
  process.stdout.write(`${attackText(report, (_style, text) => text).join("\n")}\n`);
  return report;
}

const all = (code: string, ids: string) =>
  Object.fromEntries(
    ids
      .trim()
      .split(/\s+/)
      .map((id) => [id, code]),
  );

/** What refuses each attempt, with the servers of a platform on one machine. */
const refusals = {
  ...all(
    "28000", // no line of pg_hba.conf lets it try
    `login/neighbour-database login/main-station-database login/maintenance-database login/template
     login/main-station-role login/main-station-owner login/neighbour-role-here login/provisioner login/superuser login/plain`,
  ),
  ...all(
    "28P01", // there it may try, with the password that it has not
    "login/neighbour-role login/migrate login/group",
  ),
  ...all(
    "42501", // insufficient_privilege
    `role/neighbour role/neighbour-group role/provisioner role/main-station role/migrate role/superuser role/create
     role/join-neighbour role/join-main-station role/join-provisioner role/join-readers role/join-file-writers
     role/join-runners role/own-limit role/neighbour-login role/neighbour-password
     database/create database/own-limit database/neighbour-owner database/neighbour-own database/schema
     database/table database/public-table database/temporary-table database/drop-schema
     server/program-out server/program-in server/file-out server/file-in server/read-file server/list-folder
     server/large-object-in server/large-object-out server/large-objects server/extension-dblink
     server/extension-postgres-fdw server/extension-file-fdw server/extension-plpython3u server/wrapper
     server/c-function server/settings server/reload server/replication server/end-neighbour
     catalog/passwords catalog/hba catalog/traffic catalog/temp-limit`,
  ),
  "database/neighbour-rows": "0A000", // feature_not_supported
  ...all(
    "nothing",
    "catalog/files catalog/queries catalog/neighbour-names host/processes host/secrets-in-sight",
  ),
  ...all(
    "ETIMEDOUT",
    `network/neighbour-pages-by-address network/neighbour-pages-by-name
     network/neighbour-metrics-by-address network/neighbour-metrics-by-name`,
  ),
  ...all(
    "ECONNREFUSED",
    `network/secure-shell network/docker-api network/docker-api-with-tls network/the-ingress-operations
     network/the-dns-zone-api network/the-ingress-by-another-address network/dns network/database-elsewhere`,
  ),
  ...all("EROFS", "files/root files/usr"),
  ...all(
    "EACCES",
    "files/program files/etc files/resolver files/sysctl files/cgroup files/execute files/execute-shm",
  ),
  "files/secrets": "EACCES EROFS",
  ...all("ENOENT", "host/docker-socket host/containerd host/database-socket host/volumes host/disks"),
  ...all("EACCES", "kernel/remount kernel/mount"),
  ...all(
    "EPERM",
    `kernel/root kernel/chroot kernel/user-namespace kernel/mount-namespace kernel/enter-namespace kernel/device
     kernel/log kernel/host-name kernel/interface kernel/raw-socket`,
  ),
  "limits/connections": "53300", // too_many_connections
  "limits/statement-time": "57014", // query_canceled
  "limits/processes": "EAGAIN",
  "limits/temporary-storage": "ENOSPC",
  "limits/cores": "held",
  "limits/memory": "SIGKILL",
  "limits/log": "rotated",
  "names/reserved": "host/reserved",
  "names/neighbour": "host/taken",
  "names/zone": "HTTP 403",
  "names/ingress": "another",
};

/** Attempts whose answer the machine below decides: its kernel, and what stands between it and the link. */
const machines = ["files/sysrq", "host/kernel-memory", "network/metadata"];

test("the probe works: what a shop may do and reach, it can", async () => {
  const answers = await ask(own.Id, [
    tcp("127.0.0.1", 8080),
    tcp("127.0.0.1", 9090),
    tcp(platform.database.address, platform.database.port),
    { kind: "name", name: own.Name.slice(1) },
    { kind: "name", name: neighbour.Name.slice(1) },
    { kind: "read", file: "/run/secrets/substation.json" },
    { kind: "open", file: "/tmp/probe" },
    { kind: "busybox", args: ["true"] },
    sql(
      "SELECT current_user AS name, current_database() AS database, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    ),
    sql("INSERT INTO shop.notice (body) VALUES ('probe') RETURNING body"),
    sql("SELECT body FROM shop.notice WHERE body = 'probe'"),
    { kind: "search", ...facts.login, words: [facts.own.database] },
  ]);
  expect(answers).toEqual([
    { ok: "connected" },
    { ok: "connected" },
    { ok: "connected" },
    { ok: addressOf(own) },
    { ok: addressOf(neighbour) }, // Docker's resolver tells; the network does not carry
    { ok: expect.stringMatching(/"sessionKey":"[\w-]{43}"/) as unknown },
    { ok: "opened" },
    { ok: "done" },
    { ok: [{ name: facts.own.app, database: facts.own.database, ssl: true }] },
    { ok: [{ body: "probe" }] },
    { ok: [] }, // every statement was rolled back
    { ok: expect.arrayContaining([expect.stringMatching(/^pg_database: /)]) as unknown },
  ]);
});

test("whatever an intruder tries is refused, nothing of it stays, and the neighbour goes on serving", async () => {
  const report = await attacked();
  const { attempts, leftovers, latency } = report;
  expect(attempts.length).toBeGreaterThanOrEqual(30);
  const got = Object.fromEntries(attempts.map((attempt) => [attempt.id, attempt.got]));
  expect(Object.keys(got)).toHaveLength(attempts.length);
  const decided = Object.fromEntries(Object.entries(got).filter(([id]) => !machines.includes(id)));
  expect(decided).toEqual(refusals);
  const notRefused = attempts.filter(({ verdict }) => verdict !== "refused");
  // Something between this machine and its link may answer for every address; then nothing can be told of the one.
  expect(notRefused.filter(({ verdict }) => verdict !== "untried")).toEqual([]);
  expect(notRefused.filter(({ id }) => id !== "network/metadata")).toEqual([]);
  expect(attackExitCode(report)).toBe(0);
  expect(leftovers).toEqual([]);
  expect(latency?.host).toBe(target.neighbour!.host);
  expect(latency?.before).toMatchObject({ failures: 0 });
  expect(latency?.during).toMatchObject({ failures: 0 });
  expect(latency?.during.requests).toBeGreaterThan(100);
  expect((await lab.get(target.neighbour!.host)).status).toBe(200);
  expect((await lab.get("own.substation.test")).status).toBe(200);
});

test("what gets through is told, and undone; a twin that a killed attack left is removed", async () => {
  const left = await leaveTwin(target.owner);
  const { own: mine, neighbour: theirs } = facts;
  const opened = [`GRANT ${theirs.database} TO ${mine.app}`, `ALTER ROLE ${mine.app} CREATEDB`];
  const seen = `SELECT ON pg_catalog.pg_shdescription`;
  await asSuperuser(lab, (client) => client.query(opened.join(";")));
  await asSuperuser(lab, (client) => client.query(`GRANT ${seen} TO ${mine.app}`), mine.database);
  const report = await attacked();
  const closed = [`REVOKE ${theirs.database} FROM ${mine.app}`, `ALTER ROLE ${mine.app} NOCREATEDB`];
  await asSuperuser(lab, (client) => client.query(closed.join(";")));
  await asSuperuser(lab, (client) => client.query(`REVOKE ${seen} FROM ${mine.app}`), mine.database);
  const through = report.attempts.filter(({ verdict }) => verdict === "through").map(({ id }) => id);
  expect(through).toEqual([
    "login/neighbour-database",
    "role/neighbour-group",
    "database/create",
    "catalog/neighbour-names",
  ]);
  expect(attackExitCode(report)).toBe(1);
  expect(report.leftovers).toEqual([]);
  await expect(new Docker().get(`/containers/${left}/json`)).rejects.toMatchObject({ status: 404 });
});

/** A container such as an attack leaves that is killed before it can remove it. */
async function leaveTwin(owner: Owner): Promise<string> {
  const held = { [labels.platform]: owner.platform, [labels.mark]: mark(owner), [labels.role]: "attack" };
  const flags = Object.entries(held).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
  return (await command("docker", ["create", "--network", "none", ...flags, own.Image])).trim();
}

test("without a node in the image it says that it could not be tried", async () => {
  const list = ["ps", "-q", "--filter", `name=^/${lab.name}-ingress$`];
  const ingress = (await command("docker", list)).trim();
  await expect(ask(ingress, [])).rejects.toThrow(/needs \/usr\/local\/bin\/node in the image/);
});

test("not even the provisioner's true password lets it in; and what is its own it cannot rewrite", async () => {
  const provisioner = { user: platform.database.user, password: platform.database.password };
  const answers = await ask(own.Id, [
    sql("SELECT 1", { ...provisioner, database: "postgres" }),
    sql("SELECT 1", provisioner),
    sql("DROP TABLE shop.notice"),
    sql("DELETE FROM shop.schema_migrations"),
  ]);
  expect(codes(answers)).toEqual(["28000", "28000", "42501", "42501"]);
});

test("it runs as nobody in particular, without a single capability", async () => {
  const [status] = await ask(own.Id, [{ kind: "read", file: "/proc/self/status" }]);
  const text = String((status as { ok: unknown }).ok);
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.split(/\s+/);
  const uid = String(userId(lab.name, "own"));
  expect(field("Uid")).toEqual([uid, uid, uid, uid]);
  expect(field("Gid")).toEqual([uid, uid, uid, uid]);
  expect(field("Groups")?.filter(Boolean)).toEqual([uid]);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    expect([set, field(set)]).toEqual([set, ["0000000000000000"]]);
  expect(field("NoNewPrivs")).toEqual(["1"]);
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
  const read = async (names: readonly string[]) => {
    const answers = await ask(
      own.Id,
      names.map((file) => ({ kind: "read", file })),
    );
    return answers.map((answer) => ("ok" in answer ? String(answer.ok).trim() : undefined));
  };
  const limits = async () => {
    if ((await read(["/sys/fs/cgroup/cgroup.controllers"]))[0] === undefined) {
      const [memory, withSwap, quota, period] = (await read(files.v1)).map(Number);
      return { memory, swap: withSwap! - memory!, cores: quota! / period! };
    }
    const [memory, swap, cores] = await read(files.v2);
    const [quota, period] = cores!.split(" ").map(Number);
    return { memory: Number(memory), swap: Number(swap), cores: quota! / period! };
  };
  expect(await limits()).toEqual({ memory: 256 * mebibyte, swap: 0, cores: 1 });
  // By user, beside the limit of the container: 96 of the tier, for an old and a new container.
  expect((await read(["/proc/self/limits"]))[0]).toMatch(/^Max processes +192 +192 /m);
});

test("its database and roles are closed to everybody else on the server", async () => {
  const { own: mine, neighbour: theirs } = facts;
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
