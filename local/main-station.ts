import type { Client } from "pg";
import { mainStation } from "../config/main-station";
import { fitsVerifier, scramVerifier } from "../config/scram";

/** Connections of the main station's program: as many as `reserved_connections` keeps for it. */
const appConnections = 20;

/** Says that all is made. On the database, so that one query on another tells. */
const complete = "main station";

/**
 * Makes the main station's database, roles and content, or finds them complete with one query. What was made is not mended: a difference is for
 * `mainStationChecksum` to show. Killed in the middle, the next run makes the rest.
 *
 * @param superuserClient makes clients that are not connected yet
 * @param password of the program's role
 */
export async function ensureMainStation(
  superuserClient: (database: string) => Client,
  password: string,
): Promise<void> {
  const { database, appRole: app } = mainStation;
  const server = superuserClient("postgres");
  try {
    await server.connect();
    const { rows } = await server.query<{ mark: string | null; verifier: string | null }>(
      `SELECT (SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '${database}') AS mark,
              (SELECT rolpassword FROM pg_authid WHERE rolname = '${app}') AS verifier`,
    );
    const { mark, verifier } = rows[0]!;
    if (mark !== complete) await make(server, superuserClient);
    if (!(await fitsVerifier(password, verifier ?? "")))
      await server.query(`ALTER ROLE ${app} PASSWORD '${await scramVerifier(password)}'`);
    if (mark !== complete) await server.query(`COMMENT ON DATABASE ${database} IS '${complete}'`);
  } finally {
    await server.end();
  }
}

async function make(server: Client, superuserClient: (database: string) => Client): Promise<void> {
  const { database, role: owner, appRole: app, schema } = mainStation;
  const missing = async (sql: string) => (await server.query(sql)).rowCount === 0;
  for (const role of [owner, app])
    if (await missing(`SELECT FROM pg_roles WHERE rolname = '${role}'`))
      await server.query(`CREATE ROLE ${role}`);
  // A member of the owner, which is what lets it in, yet with none of the owner's rights.
  await server.query(`
    ALTER ROLE ${app} LOGIN CONNECTION LIMIT ${appConnections};
    GRANT ${owner} TO ${app} WITH ADMIN FALSE, INHERIT FALSE, SET FALSE;
    GRANT pg_use_reserved_connections TO ${app}`);
  if (await missing(`SELECT FROM pg_database WHERE datname = '${database}'`))
    await server.query(
      `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false`,
    );
  await server.query(`
    REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${database} TO ${app};
    ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
  const inside = superuserClient(database);
  try {
    await inside.connect();
    const { rowCount } = await inside.query(`SELECT FROM pg_namespace WHERE nspname = '${schema}'`);
    if (rowCount === 0) await inside.query(`BEGIN; ${content} COMMIT`); // all or nothing
  } finally {
    await inside.end();
  }
}

/** A year of a small main station, made up, the same on every platform, to stand in for the real thing in attacks and checks: amounts in fen (0.01 CNY), every balance the sum of its ledger. */
const content = `
SET LOCAL ROLE ${mainStation.role};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
CREATE SCHEMA main;

CREATE TABLE main.member (
  id        integer     PRIMARY KEY,
  account   text        NOT NULL UNIQUE,
  tier      text        NOT NULL CHECK (tier IN ('ordinary', 'agent', 'head agent')),
  joined_at timestamptz NOT NULL
);
INSERT INTO main.member
SELECT n, 'member' || n, (ARRAY['ordinary', 'agent', 'head agent'])[1 + n % 17 / 8], timestamptz '2025-01-01 00:00+00' + n * interval '7 hours'
  FROM generate_series(1, 400) n;

CREATE TABLE main.product (
  id        integer PRIMARY KEY,
  title     text    NOT NULL,
  module    text    NOT NULL CHECK (module IN ('game card', 'phone top-up')),
  price_fen bigint  NOT NULL CHECK (price_fen > 0)
);
INSERT INTO main.product
SELECT n, '商品 ' || n, CASE WHEN n % 3 = 0 THEN 'phone top-up' ELSE 'game card' END, 500 + n * 137 % 9500
  FROM generate_series(1, 120) n;

CREATE TABLE main.orders (
  id         integer     PRIMARY KEY,
  member_id  integer     NOT NULL REFERENCES main.member,
  product_id integer     NOT NULL REFERENCES main.product,
  amount_fen bigint      NOT NULL,
  paid_at    timestamptz NOT NULL
);
INSERT INTO main.orders
SELECT n, 1 + n * 7919 % 400, p.id, p.price_fen, timestamptz '2025-06-01 00:00+00' + n * interval '3 hours'
  FROM generate_series(1, 1500) n JOIN main.product p ON p.id = 1 + n * 31 % 120;

CREATE TABLE main.stock (
  id         integer PRIMARY KEY,
  product_id integer NOT NULL REFERENCES main.product,
  card       text    NOT NULL UNIQUE,
  order_id   integer UNIQUE REFERENCES main.orders
);
INSERT INTO main.stock
SELECT id, product_id, upper(substr(md5('card ' || id), 1, 16)), id FROM main.orders
UNION ALL
SELECT n, 1 + n % 120, upper(substr(md5('card ' || n), 1, 16)), NULL FROM generate_series(1501, 2500) n;

CREATE TABLE main.ledger (
  id          bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member_id   integer NOT NULL REFERENCES main.member,
  order_id    integer UNIQUE REFERENCES main.orders,
  change_fen  bigint  NOT NULL,
  balance_fen bigint  NOT NULL CHECK (balance_fen >= 0)
);
INSERT INTO main.ledger (member_id, order_id, change_fen, balance_fen)
SELECT member_id, order_id, change_fen, sum(change_fen) OVER (PARTITION BY member_id ORDER BY order_id NULLS FIRST)
  FROM (SELECT id AS member_id, NULL::integer AS order_id, 100000 + id * 10 AS change_fen FROM main.member
        UNION ALL SELECT member_id, id, -amount_fen FROM main.orders) entry
 ORDER BY order_id NULLS FIRST, member_id;

GRANT USAGE ON SCHEMA main TO ${mainStation.appRole};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA main TO ${mainStation.appRole};
REVOKE UPDATE, DELETE ON main.ledger FROM ${mainStation.appRole}; -- what was booked stays booked
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA main TO ${mainStation.appRole};
`;
