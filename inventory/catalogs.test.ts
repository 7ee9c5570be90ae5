import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { DatabaseServer } from "../config/platform";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import { tenantCatalog } from "./catalogs";
import { inDatabase } from "./database";

/** On a real server of its own, whose provisioner is "maker". */
jest.setTimeout(60_000);
let postgres: TestPostgres;
let server: DatabaseServer;
let admin: Client;
let inside: Client;

beforeAll(async () => {
  postgres = await startPostgres();
  server = {
    host: "127.0.0.1",
    address: "127.0.0.1",
    port: postgres.port,
    user: "maker",
    password: "pw",
    caFile: "unused",
    ca: postgres.ca,
  };
  admin = await postgres.admin();
  await admin.query("CREATE ROLE maker LOGIN CREATEDB CREATEROLE PASSWORD 'pw'");
  await postgres.createShop("ss");
  inside = await postgres.admin("ss");
});
afterAll(async () => {
  await admin.end();
  await inside.end();
  await postgres.dispose();
});

const everybodys = async () =>
  (await tenantCatalog(server, "ss")).grants.filter(
    ({ grantee, object }) => grantee === "public" && object.startsWith("pg_catalog."),
  );

test("of what initdb gives everybody on the system's catalogs, what shows other databases is told, and nothing else", async () => {
  await admin.query("GRANT CONNECT ON DATABASE ss TO maker");
  const told = { grantee: "public", grantable: false };
  expect(await everybodys()).toEqual([
    { ...told, on: "table", object: "pg_catalog.pg_shdescription", privileges: ["SELECT"] },
    { ...told, on: "function", object: "pg_catalog.pg_stat_get_db_*", privileges: ["EXECUTE"] },
  ]);
  await inside.query("REVOKE SELECT ON pg_shdescription FROM PUBLIC");
  expect((await everybodys()).map(({ on }) => on)).toEqual(["function"]);
  await inside.query(
    `DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc WHERE proname ~ '^pg_stat_get_db_'
       LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f); END LOOP; END $$`,
  );
  expect(await everybodys()).toEqual([]);
  await inside.query("GRANT EXECUTE ON FUNCTION pg_stat_get_db_tuples_inserted(oid) TO PUBLIC");
  expect((await everybodys()).map(({ on }) => on)).toEqual(["function"]);
});

test("a connection that dies between two queries fails the next one, and ends nothing else", async () => {
  const { user, password } = server;
  const lost = inDatabase(server, { database: "ss", user, password }, async (client) => {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await admin.query("SELECT pg_terminate_backend($1, 5000)", [rows[0]!.pid]);
    await sleep(100); // until it is heard of here
    await client.query("SELECT 1");
  });
  await expect(lost).rejects.toThrow(/not queryable|terminat/);
});

test("an operator that a tenant made to be found first is not run with the provisioner's rights", async () => {
  await admin.query("CREATE ROLE fallen; GRANT fallen TO maker WITH ADMIN TRUE");
  const tenant = new Client({
    ...{ host: server.host, port: server.port, ssl: { ca: server.ca } },
    ...{ user: "ss_migrate", password: "pw-ss_migrate", database: "ss" },
  });
  await tenant.connect();
  await tenant.query(`
    CREATE SCHEMA maker; GRANT USAGE ON SCHEMA maker TO PUBLIC;
    CREATE FUNCTION maker.fall(name, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER ROLE fallen CREATEROLE'; RETURN ''; END $$;
    CREATE OPERATOR maker.|| (LEFTARG = name, RIGHTARG = name, FUNCTION = maker.fall)`);
  await tenant.end();
  await tenantCatalog(server, "ss");
  const { rows } = await admin.query("SELECT rolcreaterole AS fell FROM pg_roles WHERE rolname = 'fallen'");
  expect(rows).toEqual([{ fell: false }]);
});
