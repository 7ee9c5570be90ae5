import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleStorefront } from "./build";
import { loadConfig } from "./config";
import { migrationClient } from "./database";
import { migrate } from "./migrations";
import { type Migration, migrations, schemaVersion } from "./steps";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { run } from "./testing/run";
import { writeSecrets } from "./testing/secrets";

jest.setTimeout(60_000);
let dir: string;
let bundle: string;
let postgres: TestPostgres;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-migrate-"));
  bundle = join(dir, "storefront.cjs");
  [postgres] = await Promise.all([startPostgres(), bundleStorefront(bundle)]);
});
afterAll(async () => {
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

/** A fresh substation database; returns the secrets folder of its `migrate`. */
async function shop(name: string): Promise<string> {
  await postgres.createShop(name);
  return writeSecrets(join(dir, name), postgres, name, "migrate");
}

async function migrateNow(secrets: string) {
  const process = run(bundle, secrets, "migrate");
  return { code: await process.ended, last: process.logs().at(-1) };
}

/** Runs `sql` as one of the shop's roles, or as the superuser. */
async function as(
  name: string,
  role: "app" | "migrate" | "super",
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = await postgres.admin(name);
  try {
    if (role !== "super") await client.query(`SET SESSION AUTHORIZATION ${name}_${role}`);
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const tables = (name: string) =>
  as(name, "super", "SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1").then((rows) =>
    rows.map((r) => r["tablename"]),
  );

/** Everything that decides who may do what, and what is there. */
const fingerprint = (name: string) =>
  as(
    name,
    "super",
    `SELECT (SELECT json_agg(n ORDER BY n.oid) FROM pg_namespace n WHERE nspname = 'shop') AS schema,
            (SELECT json_agg(json_build_array(c.relname, c.relowner, c.relacl) ORDER BY c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'shop') AS relations,
            (SELECT json_agg(d ORDER BY d.oid) FROM pg_default_acl d) AS defaults,
            (SELECT json_agg(m) FROM shop.schema_migrations m) AS steps,
            (SELECT json_agg(n) FROM shop.notice n) AS notices`,
  );

test("the first run makes the schema and its first data, the second changes nothing at all", async () => {
  const secrets = await shop("ss_twice");
  expect(await migrateNow(secrets)).toMatchObject({
    code: 0,
    last: { message: "migrated", version: schemaVersion, applied: migrations.length, loaded: 0 },
  });
  const before = await fingerprint("ss_twice");
  expect(before[0]!["notices"]).toMatchObject([{ id: 1, body: "「梦想<点>卡」已开通，欢迎光临。" }]);
  expect(await migrateNow(secrets)).toMatchObject({
    code: 0,
    last: { message: "up to date", version: schemaVersion, applied: 0 },
  });
  expect(await fingerprint("ss_twice")).toEqual(before);
});

test("the application has data rights and no others, on later tables too; a stranger in the database has none", async () => {
  const secrets = await shop("ss_rights");
  await migrateNow(secrets);
  await as(
    "ss_rights",
    "migrate",
    "CREATE TABLE shop.later (id serial PRIMARY KEY); CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  );
  const app = (sql: string) => as("ss_rights", "app", sql);
  await app(
    "INSERT INTO shop.notice (body) VALUES ('x'); UPDATE shop.notice SET body = 'y'; DELETE FROM shop.notice",
  );
  await app("INSERT INTO shop.later DEFAULT VALUES");
  expect(await app("SELECT version FROM shop.schema_migrations")).toEqual(
    migrations.map(({ version }) => ({ version })),
  );
  for (const forbidden of [
    "CREATE TABLE shop.mine ()",
    "CREATE SCHEMA mine",
    "DROP TABLE shop.notice",
    "TRUNCATE shop.notice",
    "ALTER TABLE shop.notice DISABLE TRIGGER ALL",
    "UPDATE shop.schema_migrations SET checksum = ''",
    "SELECT shop.f()",
  ]) {
    await expect(app(forbidden)).rejects.toThrow(/permission denied|must be owner/);
  }
  await as("ss_rights", "super", "CREATE ROLE ss_rights_stranger");
  await expect(
    as("ss_rights", "super", "SET ROLE ss_rights_stranger; SELECT * FROM shop.notice"),
  ).rejects.toThrow("permission denied for schema shop");
});

test("what PostgreSQL gives to everybody by default is taken away: types and functions of later steps are the application's at most", async () => {
  const secrets = await shop("ss_default");
  await migrateNow(secrets);
  await as(
    "ss_default",
    "migrate",
    `CREATE TYPE shop.state AS ENUM ('open', 'closed'); CREATE DOMAIN shop.fen AS bigint; CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql RETURN 1;
     CREATE PROCEDURE shop.p() LANGUAGE sql AS ''; CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.f() RETURNS int LANGUAGE sql RETURN 1`,
  );
  const may = `SELECT has_type_privilege(r, 'shop.state', 'USAGE') AS state, has_type_privilege(r, 'shop.fen', 'USAGE') AS fen, has_function_privilege(r, 'shop.f()', 'EXECUTE') AS f,
    has_function_privilege(r, 'shop.p()', 'EXECUTE') AS p, has_function_privilege(r, 'elsewhere.f()', 'EXECUTE') AS elsewhere FROM (VALUES ('public'), ('ss_default_app')) role (r)`;
  const nothing = { state: false, fen: false, f: false, p: false, elsewhere: false };
  expect(await as("ss_default", "super", may)).toEqual([nothing, { ...nothing, state: true, fen: true }]);
});

test("of four at once one applies the steps, and all of them succeed", async () => {
  const secrets = await shop("ss_race");
  const results = await Promise.all([1, 2, 3, 4].map(() => migrateNow(secrets)));
  expect(results.map((r) => r.code)).toEqual([0, 0, 0, 0]);
  expect(results.map((r) => r.last!["applied"]).sort()).toEqual([0, 0, 0, migrations.length]);
});

test("killed in the middle of a step it has done nothing, and the next run does it all", async () => {
  const secrets = await shop("ss_kill");
  await as("ss_kill", "migrate", "CREATE SCHEMA shop");
  const blocker = await postgres.admin("ss_kill");
  await blocker.query("BEGIN; CREATE TABLE shop.notice ()"); // not committed: the step's own CREATE TABLE waits for it
  const victim = run(bundle, secrets, "migrate");
  const waiting =
    "SELECT 1 FROM pg_stat_activity WHERE usename = 'ss_kill_migrate' AND wait_event_type = 'Lock' AND query LIKE '%notice%'";
  while ((await as("ss_kill", "super", waiting)).length === 0) await sleep(20);
  victim.child.kill("SIGKILL");
  expect(await victim.ended).toBe("SIGKILL");
  await blocker.query("ROLLBACK");
  await blocker.end();
  expect(await migrateNow(secrets)).toMatchObject({ code: 0, last: { applied: migrations.length } });
  await migrateNow(await shop("ss_whole"));
  expect(await tables("ss_whole")).toContain("notice");
  expect(await tables("ss_kill")).toEqual(await tables("ss_whole"));
  expect(await as("ss_kill", "super", "SELECT count(*)::int AS n FROM shop.notice")).toEqual([{ n: 1 }]);
});

test("stopped while it waits it ends at once", async () => {
  const secrets = await shop("ss_stop");
  const blocker = await postgres.admin("ss_stop");
  await blocker.query("SELECT pg_advisory_lock(hashtextextended('substation.migrate', 0))");
  const victim = run(bundle, secrets, "migrate");
  while (
    (await as("ss_stop", "super", "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'")).length ===
    0
  )
    await sleep(20);
  victim.child.kill("SIGTERM");
  expect(await victim.ended).toBe(143);
  await blocker.end();
  expect(await tables("ss_stop")).toEqual([]);
});

describe("steps", () => {
  const apply = async (secrets: string, steps: readonly Migration[]) => {
    const config = loadConfig(secrets);
    const client = migrationClient(config.database);
    await client.connect();
    try {
      return await migrate(client, config, steps);
    } finally {
      await client.end();
    }
  };
  const later = { version: 99, name: "later", sql: "CREATE TABLE shop.later ()" };

  test("a step that fails takes back the steps before it", async () => {
    const secrets = await shop("ss_fail");
    await expect(
      apply(secrets, [...migrations, { ...later, sql: "CREATE TABLE shop.later (); SELECT 1/0" }]),
    ).rejects.toThrow("division by zero");
    expect(await tables("ss_fail")).toEqual([]);
  });

  test("a later image adds its steps, and the earlier image still finds the database good", async () => {
    const secrets = await shop("ss_later");
    await apply(secrets, migrations);
    expect(await apply(secrets, [...migrations, later])).toEqual({ applied: [99], version: 99, loaded: 0 });
    expect(await apply(secrets, migrations)).toEqual({ applied: [], version: 99, loaded: 0 });
  });

  test("a step that was applied with another text is refused, and so is somebody else's schema", async () => {
    const secrets = await shop("ss_text");
    await apply(secrets, migrations);
    await expect(apply(secrets, [{ ...migrations[0]!, sql: `${migrations[0]!.sql} ` }])).rejects.toThrow(
      /^migration 1 \(notices, with the first one\) was applied with another text: checksum [0-9a-f]{16} in shop/,
    );
    await as("ss_text", "super", "ALTER SCHEMA shop OWNER TO super");
    expect(await migrateNow(secrets)).toMatchObject({
      code: 1,
      last: {
        level: "error",
        error: expect.stringContaining("schema shop belongs to super") as string,
        hint: "nothing was changed",
      },
    });
  });
});
