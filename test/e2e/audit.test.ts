import * as fs from "node:fs";
import * as path from "node:path";
import { escapeIdentifier } from "pg";
import {
  appRole,
  databaseName,
  labels,
  mark,
  migrateRole,
  userId,
  volumeName,
  type Owner,
} from "../../config/names";
import type { Platform } from "../../config/platform";
import { audit } from "../../fleet/audit/audit";
import { exitCodeOf, type AuditReport } from "../../fleet/audit/report";
import { drift } from "../../fleet/drift/drift";
import { driftReportSchema } from "../../config/drift-report";
import type { InspectedContainer } from "../../inventory/containers";
import { Docker } from "../../inventory/docker-api";
import { command, inspect, Lab } from "./lab";
import { asSuperuser } from "./observe";
import { alterSafely, alterZone, drifts, mendable, removeRecords, runAll, told } from "./drifts";
import { hbaLines, imitate as create, readHba, writeHba } from "./tampering";

/**
 * What somebody changes by hand, past every file and every plan, the audit finds; each drift is made for real. It does not prove that there is no drift that it cannot see: docs/security.md
 * names those that are known.
 */
jest.setTimeout(300_000);

const group = "shops";
const docker = new Docker();

let lab: Lab;
let platform: Platform;
let ghost: Owner;
/** Commands to Docker that remove what the tests made beside the lab, the last one first. */
const strays: string[][] = [];
/** Takes back what a command to Docker does not. */
const undo: (() => Promise<unknown>)[] = [];
/** Drifts that stand, as `rule subject`. */
const standing: string[] = [];

const ownerOf = (id: string): Owner => ({ platform: lab.name, group, id });
const database = (id: string): string => databaseName(lab.name, id);

beforeAll(async () => {
  lab = await Lab.open({ prefix: "aud" });
  platform = await lab.platform();
  ghost = { platform: lab.name, group: "elsewhere", id: "ghost" };
  lab.write(group, "jia");
  lab.write(group, "yi", { tier: "standard" });
  await lab.ensureStack(group);
  await lab.up(group);
});

afterAll(async () => {
  for (const stray of strays.reverse()) await command("docker", stray).catch(() => undefined); // removed already where all went well
  await lab?.close();
});

const look = (ids: readonly string[] = [], env = lab.workspace.env): Promise<AuditReport> =>
  audit({ ...lab.workspace, env }, { platform: "platform", ids });

/** Rule and subject of each finding, sorted. A container is named without the hash of what it is made from. */
const found = ({ findings }: AuditReport): string[] =>
  findings
    .filter(({ kind }) => kind !== "host")
    .map(({ rule, subject }) => `${rule.id} ${readable(subject)}`)
    .sort();

/** Names of this run as those of the test: `jia_app` for `ss_…_app`. */
function readable(name: string): string {
  const opaque = ["jia", "yi", "bing", "ghost"].reduce(
    (text, id) => text.replace(database(id), id),
    name.replace(new RegExp(`${lab.name}-|-${lab.name}`), ""),
  );
  return opaque.replace(/-[a-z2-7]{10}$/, "");
}

/** Adds drifts to those that stand. */
function drifted(...drifts: string[]): string[] {
  standing.push(...drifts);
  return [...standing].sort();
}

const shopOf = async (id: string): Promise<InspectedContainer> => {
  const [shop] = await inspect(mark(ownerOf(id)), "shop");
  return await docker.get<InspectedContainer>(`/containers/${shop!.Id}/json`);
};

async function imitate(...args: Parameters<typeof create>): Promise<string> {
  const id = await create(...args);
  strays.push(["rm", "--force", id]);
  return id;
}

const run = (...statements: string[]): Promise<void> => runAll(lab, statements);

test("what was just opened is clean, save what the host is known for", async () => {
  const report = await look();
  expect(report.blind).toEqual([]);
  expect(found(report)).toEqual([]);
  const host = report.findings.map(({ rule }) => rule.id);
  expect(["host-live-restore"]).toEqual(expect.arrayContaining(host)); // on where an operator set it
  const hba = hbaLines(lab).length;
  expect(report.looked).toMatchObject({ container: 6, network: 1, volume: 3, hba, record: 2, token: 2 });
  expect(report.seconds).toBeGreaterThan(0);
});

test("containers that somebody touched by hand", async () => {
  const jia = await shopOf("jia");
  const yi = await shopOf("yi");
  // Made anew with another environment and other labels.
  await command("docker", ["rm", "--force", jia.Id]);
  const rule = Object.keys(jia.Config.Labels!).find((label) => /^traefik\..*\.rule$/.test(label))!;
  const replaced = await imitate(jia.Name.slice(1), jia, {
    config: {
      Env: [...jia.Config.Env!, "DOCKER_HOST=tcp://192.0.2.1:2375", "PGPASSWORD=correcthorsebattery"],
      Labels: {
        ...jia.Config.Labels,
        [rule]: "Host(`jia.substation.test`) || Host(`yi.substation.test`)",
        [labels.scopes]: "goods:read orders:create orders:read members:write",
      },
    },
  });
  await command("docker", ["start", replaced]);

  // Let out, and off its limits, while it runs.
  const side = `side-${lab.name}`;
  await command("docker", ["network", "create", side]);
  strays.push(["network", "rm", side]);
  await command("docker", ["network", "connect", side, yi.Id]);
  strays.push(["network", "disconnect", "--force", side, yi.Id]);
  await command("docker", [
    "update",
    "--pids-limit",
    "-1",
    "--memory",
    "300m",
    "--memory-swap",
    "300m",
    yi.Id,
  ]);

  undo.push(() => command("docker", ["update", "--pids-limit", "64", yi.Id]));

  // A twin that may do everything; it looks like its owner's, and gets no visitors.
  const ours = Object.fromEntries(
    Object.entries(yi.Config.Labels!).filter(([label]) => !label.startsWith("traefik.")),
  );
  const twin = await imitate(`${lab.name}-yi-shop-twin`, yi, {
    config: { Labels: ours },
    host: { Privileged: true },
  });
  await command("docker", ["start", twin]);

  // What is marked as a substation's that no file asks for.
  const volume = volumeName(lab.name, ghost.id);
  const marked = {
    ...ours,
    [labels.mark]: mark(ghost),
    [labels.group]: ghost.group,
    [labels.id]: ghost.id,
  };
  const flags = Object.entries(marked).flatMap(([label, value]) => ["--label", `${label}=${value}`]);
  await command("docker", ["volume", "create", ...flags, volume]);
  strays.push(["volume", "rm", volume]);
  const user = userId(lab.name, ghost.id);
  await imitate(`${lab.name}-ghost-shop-aaaaaaaaaa`, yi, {
    config: { Labels: marked, User: `${user}:${user}` },
    host: { Mounts: [{ Type: "volume", Source: volume, Target: "/run/secrets", ReadOnly: true }] },
  });

  // A stranger that reads a substation's secrets and is on its network.
  await imitate(`stranger-${lab.name}`, yi, { config: { Labels: {} } });
  // Another that looks into its processes, and at the secrets where they lie on the host.
  const { Mountpoint } = await docker.get<{ Mountpoint: string }>(`/volumes/${volumeName(lab.name, "yi")}`);
  await imitate(`peeper-${lab.name}`, yi, {
    config: { Labels: {} },
    host: {
      PidMode: `container:${yi.Id}`,
      NetworkMode: "none",
      Mounts: [],
      Binds: [`${Mountpoint}:/mnt:ro`],
    },
  });

  expect(found(await look())).toEqual(
    drifted(
      ...["engine", "environment", "routes", "scopes", "secrets"].map((rule) => `container-${rule} jia-shop`),
      "fleet-unique-host yi.substation.test",
      ...["memory", "memory", "network", "processes"].map((rule) => `container-${rule} yi-shop`),
      ...["privileged", "security-options"].map((rule) => `container-${rule} yi-shop-twin`),
      ...["owner", "running"].map((rule) => `container-${rule} ghost-shop`),
      "volume-owner ghost-secrets",
      ...["mounts", "owner", "running"].map((rule) => `container-${rule} stranger`),
      "network-members stranger",
      ...["mounts", "mount-propagation", "namespaces", "network", "network", "owner", "running"].map(
        (rule) => `container-${rule} peeper`,
      ),
      ...["peeper", "stranger"].map((user) => `volume-users ${user}`),
    ),
  );
});

test("the database server, changed by its superuser", async () => {
  const [jia, yi, lost] = [database("jia"), database("yi"), database(ghost.id)];
  const { rows } = await asSuperuser(lab, (client) =>
    client.query<{ role: string; verifier: string }>(
      "SELECT rolname AS role, rolpassword AS verifier FROM pg_authid WHERE rolname IN ($1, $2)",
      [appRole(jia), migrateRole(jia)],
    ),
  );
  await run(
    `GRANT CONNECT ON DATABASE ${jia} TO PUBLIC`,
    // Passwords: another one, and one that is kept in the old way.
    `ALTER ROLE ${appRole(jia)} PASSWORD 'correct horse battery staple'`,
    "SET password_encryption = md5",
    `ALTER ROLE ${migrateRole(jia)} PASSWORD 'correct horse battery staple'`,
    // A twin, a neighbour's member, a reader of everything.
    `CREATE ROLE ${jia}_app2 LOGIN SUPERUSER IN ROLE ${jia}`,
    `GRANT ${yi} TO ${appRole(jia)}`,
    "CREATE ROLE go_between",
    `GRANT pg_read_all_data TO go_between`,
    `GRANT go_between TO ${appRole(yi)}`,
    // Off the leash, where only one database is looked at.
    `ALTER ROLE ${appRole(yi)} IN DATABASE ${yi} SET statement_timeout = 0`,
    `COMMENT ON DATABASE ${yi} IS NULL`,
    `COMMENT ON ROLE ${migrateRole(yi)} IS NULL`,
    // What is marked as a substation's that no file asks for.
    `CREATE ROLE ${lost} NOLOGIN`,
    `COMMENT ON ROLE ${lost} IS '${mark(ghost)}'`,
    `CREATE DATABASE ${lost} OWNER ${escapeIdentifier(platform.database.user)} CONNECTION LIMIT 5 TEMPLATE template0`,
    `REVOKE ALL ON DATABASE ${lost} FROM PUBLIC`,
    `COMMENT ON DATABASE ${lost} IS '${mark(ghost)}'`,
  );
  await asSuperuser(
    lab,
    async (client) => {
      await client.query(`
        CREATE EXTENSION dblink SCHEMA public;
        CREATE FUNCTION shop.backdoor() RETURNS text LANGUAGE sql SECURITY DEFINER RETURN current_user;
        CREATE VIEW shop.window AS SELECT rolname FROM pg_authid;
        CREATE FUNCTION shop.native() RETURNS int LANGUAGE internal AS 'pg_backend_pid';
        GRANT EXECUTE ON FUNCTION pg_read_file(text) TO ${appRole(jia)};
        GRANT CREATE ON SCHEMA public TO PUBLIC;
        GRANT SELECT ON shop.notice TO go_between WITH GRANT OPTION`);
    },
    jia,
  );
  const before = readHba(lab);
  await writeHba(lab, `host all all 127.0.0.1/32 trust\n${before}`);
  undo.push(
    () => writeHba(lab, before),
    () =>
      asSuperuser(
        lab,
        (client) =>
          client.query(`
            DROP EXTENSION dblink;
            DROP FUNCTION shop.backdoor(), shop.native();
            DROP VIEW shop.window;
            REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM ${appRole(jia)};
            REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            DROP OWNED BY go_between`),
        jia,
      ),
    () =>
      run(
        `REVOKE CONNECT ON DATABASE ${jia} FROM PUBLIC`,
        ...rows.map(({ role, verifier }) => `ALTER ROLE ${role} PASSWORD '${verifier}'`),
        `DROP ROLE ${jia}_app2, go_between`,
        `REVOKE ${yi} FROM ${appRole(jia)}`,
        `ALTER ROLE ${appRole(yi)} IN DATABASE ${yi} RESET statement_timeout`,
        `COMMENT ON DATABASE ${yi} IS '${mark(ownerOf("yi"))}'`,
        `COMMENT ON ROLE ${migrateRole(yi)} IS '${mark(ownerOf("yi"))}'`,
        `DROP DATABASE ${lost}`,
        `DROP ROLE ${lost}`,
      ),
  );

  const samerole = parseInt(
    hbaLines(lab).find((line) => line.includes("samerole"))!,
    10,
  );
  const report = await look();
  expect(report.blind).toEqual([]);
  expect(found(report)).toEqual(
    drifted(
      "grant-public-database public",
      ...["jia_app", "jia_migrate"].map((role) => `role-password-changed ${role}`),
      "role-password jia_migrate",
      ...["role-attributes", "role-name", "membership-own-group", "membership-stranger"].map(
        (rule) => `${rule} jia_app2`,
      ),
      `server-hba-superuser pg_hba.conf:${samerole}`, // the twin is a superuser, and lands in its group's database
      ...["membership-own-group jia_app", "membership-stranger jia_app"],
      ...["membership-own-group yi_app", "membership-predefined yi_app"],
      "role-timeouts yi_app",
      ...["database-mark yi", "role-mark yi_migrate"],
      ...["database-name ghost", "role-name ghost"],
      "extension-allowed dblink",
      ...["backdoor", "window"].map((name) => `function-definer shop.${name}`),
      "function-language shop.native",
      // dblink's own; there are two of this name
      ...["definer", "definer", "language", "language"].map(
        (rule) => `function-${rule} public.dblink_connect_u`,
      ),
      "grant-catalog jia_app",
      "grant-schema-create public",
      "grant-objects go_between",
      ...["method", "plain", "provisioner", "substation", "superuser", "superuser"].map(
        (rule) => `server-hba-${rule} pg_hba.conf:1`,
      ),
    ),
  );
});

test("asked for one substation, it tells of that one alone, and of its file", async () => {
  const report = await look(["yi"]);
  expect(found(report)).toEqual(
    [
      ...["memory", "memory", "network", "processes"].map((rule) => `container-${rule} yi-shop`),
      ...["privileged", "security-options"].map((rule) => `container-${rule} yi-shop-twin`),
      ...["peeper", "stranger"].map((user) => `volume-users ${user}`),
      "fleet-unique-host yi.substation.test",
      ...["membership-own-group", "membership-predefined", "role-timeouts"].map((rule) => `${rule} yi_app`),
      ...["database-mark yi", "role-mark yi_migrate"],
    ].sort(),
  );
  expect(report.findings.map(({ file }) => path.basename(file ?? "none"))).toEqual(
    report.findings.map(() => "yi.yaml"),
  );
});

test("the DNS zone, and what no file or no object stands for", async () => {
  await alterZone(lab, mark(ghost));
  lab.write(group, "bing"); // and never opened
  undo.push(() => removeRecords(lab, "fremd", "ghost", "yi"));

  const report = await look();
  fs.rmSync(lab.file(group, "bing"));
  expect(found(report)).toEqual(
    drifted(
      "record-unmarked fremd.substation.test",
      ...["record-name", "fleet-dangling-record"].map((rule) => `${rule} ghost.substation.test`),
      ...["record-content", "record-type"].map((rule) => `${rule} yi.substation.test`),
      "fleet-record-missing jia",
      ...["container", "volume", "database", "role", "record"].map((kind) => `fleet-${kind}-missing bing`),
    ),
  );
});

test("drift tells of each object once: how bad it is, and who saw it", async () => {
  const { report } = await drift(lab.workspace, { platform: "platform", groups: [] });
  expect(report.blind).toEqual([]);
  expect(drifts(report.findings, readable)).toEqual([...mendable, ...told].sort());
});

test("with all of it undone, it is clean again", async () => {
  for (const back of undo) await back();
  for (const stray of strays.splice(0).reverse()) await command("docker", stray);
  await lab.up(group); // a container, a limit of memory
  const report = await look();
  expect(report.blind).toEqual([]);
  expect(found(report)).toEqual([]);
});

test("a stopped container, other limits, other labels, a record that is gone and one that was changed come back; what is not safe to mend stays for a person", async () => {
  const yi = await shopOf("yi");
  await alterSafely(lab, await shopOf("jia"), yi);
  await run(
    `GRANT ${database("yi")} TO ${appRole(database("jia"))}`,
    `COMMENT ON DATABASE ${database("yi")} IS NULL`,
  );
  // And what has but one side.
  lab.write("later", "wu");
  await lab.ensureStack("empty");

  const { code, stdout } = await lab.substation("drift", "--fix", "--json");
  const { fixes, findings, blind } = driftReportSchema.parse(JSON.parse(stdout));
  fs.rmSync(path.dirname(lab.file("later", "wu")), { recursive: true });
  await lab.pulumi(["stack", "rm", "empty", "--yes"]);
  expect(blind).toEqual([]);
  expect(
    drifts(
      fixes!.map(({ finding }) => finding),
      readable,
    ),
  ).toEqual(
    [
      ...["container jia-shop", "record yi.substation.test"].map(
        (it) => `security ${it} (intent state audit)!`,
      ),
      ...["container yi-shop", "record jia.substation.test"].map(
        (it) => `config ${it} (intent state audit)!`,
      ),
    ].sort(),
  );
  expect(fixes!.filter(({ mended }) => !mended)).toEqual([]);
  expect(drifts(findings, readable)).toEqual([
    "benign stack empty (state)",
    ...["folder later", "substation wu"].map((it) => `config ${it} (intent)`),
    "data-at-risk database yi (audit)",
    "security role jia_app (intent state audit)",
  ]);
  const revoke = `REVOKE ${database("yi")} FROM ${appRole(database("jia"))}`;
  await run(revoke, `COMMENT ON DATABASE ${database("yi")} IS '${mark(ownerOf("yi"))}'`);
  expect(code).toBe(1);
  expect((await shopOf("yi")).Id).toBe(yi.Id); // its limits were set where it stands
  expect(found(await look())).toEqual([]);
});

test("what cannot be looked at is told, with what to do, and is never clean", async () => {
  const { host, port, user } = platform.database;
  await run(
    `REVOKE SELECT ON pg_hba_file_rules FROM ${user}`,
    `REVOKE EXECUTE ON FUNCTION substation.role_verifiers() FROM ${user}`,
    `REVOKE pg_read_all_stats FROM ${user}`,
  );
  const unprepared = await look();
  expect(unprepared.blind.map(({ what }) => what).sort()).toEqual([
    `pg_hba.conf of ${host}:${port}`,
    `sessions on ${host}:${port}`,
    `stored passwords on ${host}:${port}`,
  ]);
  for (const { why } of unprepared.blind)
    expect(why).toMatch(/docs\/platform\.md, section "The database server"/);
  expect(found(unprepared)).toEqual([]);
  expect(exitCodeOf(unprepared)).toBe(2);

  const wrong = path.join(lab.home, "wrong-passphrase");
  fs.writeFileSync(wrong, "wrong");
  const locked = await look([], { ...lab.workspace.env, PULUMI_CONFIG_PASSPHRASE_FILE: wrong });
  expect(locked.blind.map(({ what }) => what).sort()).toEqual([
    `the database server and the DNS zone of ${lab.name}`,
    `the passwords and tokens in the state of stack ${group}`,
  ]);
  expect(found(locked)).toEqual([]); // what was not seen is not taken for missing
  expect(locked.looked).toMatchObject({ container: 6, role: 0 });
  expect(exitCodeOf(locked)).toBe(2);
});
