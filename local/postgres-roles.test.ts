import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Client } from "pg";
import { fitsVerifier } from "../config/scram";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import type { DatabaseAccess } from "./postgres";
import { auditRights } from "./postgres-audit";
import { provisioner } from "./postgres-config";
import { prepareServer } from "./postgres-roles";

/** On a real server of its own, with a `pg_hba.conf` that lets everybody try: what is refused here is refused by rights alone. */
jest.setTimeout(60_000);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "postgres-roles-"));
let postgres: TestPostgres;
let access: DatabaseAccess;
const prepare = () => prepareServer((database) => client("super", "super", database), access);

beforeAll(async () => {
  postgres = await startPostgres();
  const caFile = path.join(folder, "ca.pem");
  fs.writeFileSync(caFile, postgres.ca);
  access = {
    host: "127.0.0.1",
    port: postgres.port,
    address: "127.0.0.1",
    user: provisioner,
    password: "of the provisioner",
    caFile,
  };
  await prepare();
  await as(
    provisioner,
    "CREATE ROLE ss_own NOLOGIN; CREATE ROLE ss_own_app LOGIN PASSWORD 'pw' IN ROLE ss_own",
  );
  await as(provisioner, "CREATE DATABASE ss_own TEMPLATE template0");
  await as(
    "super",
    "CREATE ROLE stranger LOGIN PASSWORD 'pw'; GRANT CONNECT ON DATABASE postgres TO stranger",
  );
});
afterAll(async () => {
  await postgres.dispose();
  fs.rmSync(folder, { recursive: true });
});

const passwords: Record<string, string> = { super: "super", [provisioner]: "of the provisioner" };

function client(user: string, password: string, database: string): Client {
  return new Client({
    host: "127.0.0.1",
    port: postgres.port,
    user,
    password,
    database,
    ssl: { ca: postgres.ca },
  });
}

async function as(user: string, sql: string, database = "postgres"): Promise<Record<string, unknown>[]> {
  const connection = client(user, passwords[user] ?? "pw", database);
  await connection.connect();
  try {
    return (await connection.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await connection.end();
  }
}

test("the audit sees hidden settings and pg_hba.conf as the provisioner, and a tenant's catalogs, but no row of a tenant", async () => {
  expect(
    await as(
      provisioner,
      "SELECT name FROM pg_settings WHERE name IN ('ssl_min_protocol_version', 'shared_preload_libraries') ORDER BY 1",
    ),
  ).toEqual([{ name: "shared_preload_libraries" }, { name: "ssl_min_protocol_version" }]);
  expect(await as(provisioner, "SELECT type, auth_method FROM pg_hba_file_rules")).toEqual([
    { type: "hostssl", auth_method: "scram-sha-256" },
  ]);
  await as(
    "super",
    "CREATE SCHEMA shop AUTHORIZATION ss_own_app; CREATE TABLE shop.t (); ALTER TABLE shop.t OWNER TO ss_own_app",
    "ss_own",
  );
  expect(
    await as(
      provisioner,
      "SELECT nspowner::regrole::text AS owner, (SELECT relname FROM pg_class WHERE relnamespace = n.oid) AS relation FROM pg_namespace n WHERE nspname = 'shop'",
      "ss_own",
    ),
  ).toEqual([{ owner: "ss_own_app", relation: "t" }]);
  await expect(as(provisioner, "SELECT * FROM shop.t", "ss_own")).rejects.toMatchObject({ code: "42501" });
});

test("stored passwords are told of the roles that the provisioner administers, and of no others", async () => {
  const found = await as(provisioner, "SELECT role, verifier FROM substation.role_verifiers() ORDER BY 1");
  expect(found).toEqual([
    { role: "ss_own", verifier: null },
    { role: "ss_own_app", verifier: expect.stringMatching(/^SCRAM-SHA-256\$4096:/) as string },
  ]);
  const verifier = String(found[1]!["verifier"]);
  expect(await Promise.all(["pw", "pw2"].map((password) => fitsVerifier(password, verifier)))).toEqual([
    true,
    false,
  ]);
  const everybody =
    "SELECT has_function_privilege('public', 'substation.role_verifiers()', 'EXECUTE') AS calls";
  expect(await as("super", everybody)).toEqual([{ calls: false }]);
  expect(await as("super", "SELECT role FROM substation.role_verifiers()")).toEqual([]); // it made no role, and reads pg_authid anyway
});

test("the provisioner does not come upon what a tenant puts in its way, in a schema that is named like it", async () => {
  await as(
    "super",
    `CREATE SCHEMA ${provisioner} AUTHORIZATION ss_own_app; GRANT USAGE ON SCHEMA ${provisioner} TO PUBLIC;
     CREATE FUNCTION ${provisioner}.trap() RETURNS int RETURN 1`,
    "ss_own",
  );
  await as(provisioner, 'SET search_path = "$user", public; SELECT trap()', "ss_own"); // as by default
  await expect(as(provisioner, "SELECT trap()", "ss_own")).rejects.toMatchObject({ code: "42883" });
});

test.each([
  ["a stranger's call", "stranger", "SELECT substation.role_verifiers()"],
  ["a stranger's look at pg_hba.conf", "stranger", "SELECT * FROM pg_hba_file_rules()"],
  ["a stranger's object in its schema", "stranger", "CREATE TABLE substation.mine ()"],
  [
    "the provisioner's object in its schema",
    provisioner,
    "CREATE FUNCTION substation.mine() RETURNS int LANGUAGE sql RETURN 1",
  ],
  ["the provisioner's look at all passwords", provisioner, "SELECT rolpassword FROM pg_authid"],
  ["the provisioner's gift to a tenant", provisioner, "GRANT pg_read_all_settings TO ss_own_app"],
  [
    "another body",
    provisioner,
    "CREATE OR REPLACE FUNCTION substation.role_verifiers() RETURNS TABLE (role name, verifier text) LANGUAGE sql RETURN NULL",
  ],
])("refused: %s", async (_what, user, sql) => {
  await expect(as(user, sql)).rejects.toMatchObject({ code: "42501" });
});

test("being prepared again changes nothing; a forgotten password is set", async () => {
  const state = () =>
    as(
      "super",
      `SELECT (SELECT json_agg(json_build_array(oid, proacl, prosrc, proconfig, prosecdef, pg_get_functiondef(oid)) ORDER BY oid) FROM pg_proc WHERE proacl IS NOT NULL) AS routines,
              (SELECT json_agg(n ORDER BY oid) FROM pg_namespace n WHERE nspname = 'substation') AS schema,
              (SELECT json_agg(m ORDER BY oid) FROM pg_auth_members m) AS members, (SELECT json_agg(a ORDER BY oid) FROM pg_authid a) AS roles`,
    );
  const before = await state();
  await prepare();
  expect(await state()).toEqual(before);
  await as("super", `ALTER ROLE ${provisioner} PASSWORD 'lost'`);
  await prepare();
  expect(await as(provisioner, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("the page for operators gives the same SQL", () => {
  const page = fs.readFileSync(path.join(__dirname, "../docs/platform.md"), "utf8");
  expect(page).toContain(auditRights(provisioner).trim());
});
