import { Client } from "pg";
import { mainStation } from "../config/main-station";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import { ensureMainStation } from "./main-station";
import { mainStationChecksum } from "./main-station-checksum";

/** On a real server of its own, with a `pg_hba.conf` that lets everybody try: what is refused here is refused by rights alone. */
jest.setTimeout(60_000);
let postgres: TestPostgres;
let admin: Client;

const client = (user: string, password: string, database: string = mainStation.database) =>
  new Client({ host: "127.0.0.1", port: postgres.port, user, password, database, ssl: { ca: postgres.ca } });
const ensure = (password = "secret") =>
  ensureMainStation((database) => client("super", "super", database), password);

async function as(user: string, sql: string, password = "secret"): Promise<Record<string, unknown>[]> {
  const connection = client(user, password);
  await connection.connect();
  try {
    return (await connection.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await connection.end();
  }
}

beforeAll(async () => {
  postgres = await startPostgres();
  await ensure();
  admin = await postgres.admin(mainStation.database);
  await admin.query("CREATE ROLE stranger LOGIN PASSWORD 'secret'");
});
afterAll(async () => {
  await admin.end();
  await postgres.dispose();
});

test("it is made once, with content that adds up; made half, the rest follows", async () => {
  const untouched = await mainStationChecksum(admin);
  await ensure();
  expect(await mainStationChecksum(admin)).toBe(untouched);
  expect(untouched).toMatch(/^main\.ledger 1900 [0-9a-f]{64}$/m);
  const { rows } = await admin.query(
    "SELECT count(*)::int AS members FROM main.member m WHERE (SELECT sum(change_fen) FROM main.ledger WHERE member_id = m.id) = (SELECT balance_fen FROM main.ledger WHERE member_id = m.id ORDER BY id DESC LIMIT 1)",
  );
  expect(rows).toEqual([{ members: 400 }]);
  const data = (text: string) => text.split("\n").filter((line) => line.startsWith("main."));
  await admin.query(`COMMENT ON DATABASE ${mainStation.database} IS NULL; DROP SCHEMA main CASCADE`);
  await ensure();
  const again = await mainStationChecksum(admin);
  expect(data(again)).toEqual(data(untouched));
  expect(again).not.toBe(untouched); // the new tables have other oids
});

test("its program reads and writes data, cannot change structure or become the owner; a lost password is set anew", async () => {
  const { appRole: app, role: owner } = mainStation;
  expect(
    await as(
      app,
      "SELECT count(*)::int AS n, pg_has_role(current_user, 'pg_use_reserved_connections', 'USAGE') AS reserved FROM main.member",
    ),
  ).toEqual([{ n: 400, reserved: true }]);
  for (const sql of [
    "DROP TABLE main.stock",
    "CREATE TABLE main.mine ()",
    "CREATE TABLE public.mine ()",
    "CREATE TEMPORARY TABLE mine ()",
    "DELETE FROM main.ledger",
    `SET ROLE ${owner}`,
    `GRANT ${owner} TO stranger`,
  ])
    await expect(as(app, sql)).rejects.toMatchObject({ code: "42501" });
  await expect(as("stranger", "SELECT 1")).rejects.toMatchObject({ code: "42501" });
  await ensure("another");
  expect(await as(app, "SELECT 1 AS one", "another")).toEqual([{ one: 1 }]);
});

/** What is done, and the lines of the checksum that must show it. */
test.each([
  ["UPDATE main.ledger SET change_fen = change_fen + 1 WHERE id = 77", ["main.ledger"]],
  ["DELETE FROM main.stock WHERE id = 2500", ["main.stock"]],
  ["INSERT INTO main.member VALUES (401, 'intruder', 'agent', now())", ["main.member"]],
  [
    "UPDATE main.orders SET amount_fen = 1 WHERE id = 3; UPDATE main.orders SET amount_fen = 1 WHERE id = 4",
    ["main.orders"],
  ],
  ["GRANT SELECT ON main.stock TO stranger", ["relations' rights"]],
  ["GRANT SELECT (card) ON main.stock TO stranger", ["columns' rights"]],
  ["GRANT USAGE ON SCHEMA main TO stranger", ["schemas"]],
  ["GRANT CONNECT ON DATABASE main_station TO stranger", ["database"]],
  ["GRANT main_station TO stranger", ["memberships"]],
  ["GRANT pg_read_all_data TO main_station_app", ["memberships"]],
  ["ALTER ROLE main_station_app CREATEROLE", ["roles"]],
  ["ALTER ROLE main_station_app PASSWORD 'stolen'", ["roles"]],
  ["ALTER ROLE main_station_app SET search_path = stranger", ["settings"]],
  ["GRANT SELECT ON pg_authid TO PUBLIC", ["relations' rights"]],
  ["GRANT EXECUTE ON FUNCTION pg_read_file(text) TO stranger", ["routines' rights"]],
  ["ALTER TABLE main.product OWNER TO stranger", ["relations", "relations' rights"]],
  ["ALTER TABLE main.ledger DROP CONSTRAINT ledger_balance_fen_check", ["constraints"]],
  ["ALTER TABLE main.ledger DISABLE TRIGGER ALL", ["triggers"]],
  ["CREATE RULE quiet AS ON DELETE TO main.stock DO INSTEAD NOTHING", ["rules"]],
  ["CREATE FUNCTION main.door() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1", ["routines"]],
  ["ALTER DEFAULT PRIVILEGES FOR ROLE main_station GRANT SELECT ON TABLES TO stranger", ["default rights"]],
  ["SELECT lo_from_bytea(0, 'left behind')", ["large objects"]],
])("the checksum shows: %s", async (sql, shown) => {
  const before = await mainStationChecksum(admin);
  await admin.query("BEGIN");
  try {
    await admin.query(sql);
    const lines = new Set(before.split("\n"));
    const changed = (await mainStationChecksum(admin)).split("\n").filter((line) => !lines.has(line));
    expect(changed.map((line) => line.replace(/ \d+ [0-9a-f]{64}$/, ""))).toEqual(shown);
  } finally {
    await admin.query("ROLLBACK");
  }
  expect(await mainStationChecksum(admin)).toBe(before);
});
