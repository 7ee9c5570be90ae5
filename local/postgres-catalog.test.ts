import * as fs from "node:fs";
import * as path from "node:path";
import { Client } from "pg";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import { closeCatalogs, hideNeighbours } from "./postgres-catalog";

/** On a real server of its own. ss_old and ss_closed are there before it is prepared, ss_new is made after. */
jest.setTimeout(60_000);
let postgres: TestPostgres;
let admin: Client;

const client = (user: string, database: string) =>
  new Client({
    host: "127.0.0.1",
    port: postgres.port,
    user,
    password: user === "super" ? "super" : "pw",
    database,
    ssl: { ca: postgres.ca },
  });
const superuser = (database: string) => client("super", database);
const close = (via = superuser) => closeCatalogs(admin, via);

async function as(user: string, database: string, sql: string): Promise<Record<string, unknown>[]> {
  const connection = client(user, database);
  await connection.connect();
  try {
    return (await connection.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await connection.end();
  }
}

const create = (name: string, closed = false) =>
  as("maker", "postgres", `CREATE DATABASE ${name} TEMPLATE template0 ALLOW_CONNECTIONS ${!closed}`);

const template0 = async () =>
  (
    await admin.query<{ open: boolean; mark: string | null }>(
      "SELECT datallowconn AS open, shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = 'template0'",
    )
  ).rows[0]!;

/** How much PUBLIC may still read of the server's other databases. */
const shown = async (database: string) =>
  (
    await as(
      "super",
      database,
      `SELECT relname::text AS name FROM pg_class WHERE has_table_privilege('public', oid, 'SELECT')
          AND oid IN ('pg_shdescription'::regclass, 'pg_stat_database'::regclass, 'pg_stat_database_conflicts'::regclass)
       UNION ALL SELECT proname FROM pg_proc WHERE starts_with(proname::text, 'pg_stat_get_db_') AND has_function_privilege('public', oid, 'EXECUTE')`,
    )
  ).length;

/** As a new cluster has it. */
async function undo(): Promise<void> {
  await admin.query("ALTER DATABASE template0 ALLOW_CONNECTIONS true");
  await as(
    "super",
    "template0",
    `GRANT SELECT ON pg_shdescription, pg_stat_database, pg_stat_database_conflicts TO PUBLIC;
     DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc WHERE proname ~ '^pg_stat_get_db_'
       LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', f); END LOOP; END $$`,
  );
  await admin.query(
    "ALTER DATABASE template0 ALLOW_CONNECTIONS false; COMMENT ON DATABASE template0 IS 'unmodifiable empty database'",
  );
}

/** A tenant makes an operator that fits better than PostgreSQL's own where a schema named like the user comes first, and waits for the superuser. */
const trap = `
  CREATE SCHEMA super;
  CREATE FUNCTION super.fall(name, name) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE 'ALTER ROLE tenant CREATEROLE'; RETURN false; END $$;
  CREATE OPERATOR super.~ (LEFTARG = name, RIGHTARG = name, FUNCTION = super.fall)`;
const fell = async () =>
  (await admin.query("SELECT FROM pg_roles WHERE rolname = 'tenant' AND rolcreaterole")).rowCount === 1;

beforeAll(async () => {
  postgres = await startPostgres();
  admin = await postgres.admin();
  await admin.query(
    "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'pw'; CREATE ROLE tenant LOGIN PASSWORD 'pw'; COMMENT ON ROLE maker IS 'a mark'",
  );
  await create("ss_old");
  await create("ss_closed", true);
  await admin.query("GRANT CREATE ON DATABASE ss_old TO tenant; COMMENT ON DATABASE ss_old IS 'a mark'");
  await as("tenant", "ss_old", trap);
  expect(
    await as("tenant", "ss_old", "SELECT description FROM pg_shdescription WHERE description = 'a mark'"),
  ).toHaveLength(2);
  expect(await shown("ss_old")).toBeGreaterThan(20);
  await close();
  await create("ss_new");
});
afterAll(async () => {
  await admin.end();
  await postgres.dispose();
});

describe.each(["ss_old", "ss_new"])("a tenant in %s", (database) => {
  test.each([
    "SELECT description FROM pg_shdescription",
    "SELECT shobj_description(oid, 'pg_database') FROM pg_database",
    "COPY pg_shdescription TO STDOUT",
    "SELECT xact_commit FROM pg_stat_database",
    "SELECT * FROM pg_stat_database_conflicts",
    "SELECT pg_stat_get_db_xact_commit(oid) FROM pg_database",
    "SELECT pg_stat_get_db_tuples_inserted(oid) FROM pg_database",
    "GRANT SELECT ON pg_shdescription TO tenant",
  ])("is refused: %s", async (sql) => {
    await expect(as("tenant", database, sql)).rejects.toMatchObject({ code: "42501" });
  });

  test("still reads what concerns itself, and its database's owner can give it no more", async () => {
    for (const sql of [
      "SELECT obj_description('pg_class'::regclass)",
      "SELECT pid, query FROM pg_stat_activity",
      "SELECT * FROM pg_stat_user_tables",
      "SELECT datname FROM pg_database",
    ])
      await as("tenant", database, sql);
    await expect(as("maker", database, "GRANT SELECT ON pg_stat_database TO PUBLIC")).rejects.toMatchObject({
      code: "42501",
    });
    expect(await shown(database)).toBe(0);
  });
});

test("in the maintenance database all is as it was", async () => {
  const marks =
    "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = 'ss_old'";
  expect(await as("maker", "postgres", marks)).toEqual([{ mark: "a mark" }]);
  expect(await as("maker", "postgres", "SELECT FROM pg_stat_database WHERE datname = 'ss_old'")).toHaveLength(
    1,
  );
});

test("a database that was closed is so again, and nobody but its owner may connect once it is open", async () => {
  await expect(shown("ss_closed")).rejects.toMatchObject({ code: "55000" });
  await admin.query("ALTER DATABASE ss_closed ALLOW_CONNECTIONS true");
  expect(await shown("ss_closed")).toBe(0);
  await expect(as("tenant", "ss_closed", "SELECT")).rejects.toMatchObject({ code: "42501" });
});

test("a tenant's operators are not run with the superuser's rights, and would be without the search path", async () => {
  expect(await fell()).toBe(false);
  await as("super", "ss_old", "SELECT FROM pg_proc WHERE proname ~ '^pg_stat_get_db_'");
  expect(await fell()).toBe(true);
});

test("done once, it connects nowhere; template0 is shut where somebody left it open", async () => {
  const nowhere = () => {
    throw new Error("connects");
  };
  const before = await template0();
  expect(before.open).toBe(false);
  await close(nowhere);
  await admin.query("ALTER DATABASE template0 ALLOW_CONNECTIONS true");
  await close(nowhere);
  expect(await template0()).toEqual(before);
});

test("ended at any step, the next run does the rest", async () => {
  const { mark } = await template0();
  for (const end of ["template0", "ss_closed", "ss_new", "ss_old"]) {
    await undo();
    await expect(
      close((database) => {
        if (database === end) throw new Error("killed");
        return superuser(database);
      }),
    ).rejects.toThrow("killed");
    expect((await template0()).mark).not.toBe(mark);
    await admin.query("ALTER DATABASE template0 ALLOW_CONNECTIONS true"); // as a kill leaves it
    await close();
    expect(await template0()).toEqual({ open: false, mark });
    await create("ss_later");
    expect(await shown("ss_later")).toBe(0);
    await admin.query("DROP DATABASE ss_later");
  }
});

test("databases that are made meanwhile lack nothing", async () => {
  await undo();
  const names = ["ss_a", "ss_b", "ss_c", "ss_d"];
  const made = (async () => {
    for (const name of names) await create(name);
  })();
  await Promise.all([made, close()]);
  expect(await Promise.all(names.map(shown))).toEqual([0, 0, 0, 0]);
});

test("the page for operators gives the same SQL", () => {
  const page = fs.readFileSync(path.join(__dirname, "../docs/platform.md"), "utf8");
  expect(page).toContain(hideNeighbours.trim());
});
