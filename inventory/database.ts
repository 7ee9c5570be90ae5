import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier, escapeLiteral, Pool, type ClientConfig, type PoolClient } from "pg";
import { backoff } from "../config/backoff";
import { UserError } from "../config/error";
import type { DatabaseServer } from "../config/platform";

const pools = new Map<string, Pool>();

/** Runs `work` as the provisioner on the server's maintenance database. Connections are few, shared, and keep no process alive. */
export async function asProvisioner<T>(
  server: DatabaseServer,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const key = `${server.user}@${server.host}:${server.port}`;
  let pool = pools.get(key);
  if (!pool) {
    pool = new Pool({
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: "postgres",
      ssl: { ca: server.ca },
      max: 2,
      connectionTimeoutMillis: 10_000,
      allowExitOnIdle: true,
    });
    // A connection that dies while idle is replaced with the next query, which reports what is wrong.
    pool.on("error", ignore);
    pools.set(key, pool);
  }
  const client = await connected(pool);
  // The pool listens to idle connections only. One that dies in the hands of `work` fails its query; an event that nobody hears would end the process besides.
  client.on("error", ignore);
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    client.release(true); // it may be in the middle of a transaction
    throw error;
  } finally {
    client.off("error", ignore);
  }
}

const ignore = (): void => undefined;

/** Milliseconds for which a server that is full, or that starts or stops, is asked again. */
const patience = 60_000;

/** A connection, as soon as there is one to be had: a server that refuses one has done nothing yet. */
async function connected(pool: Pool): Promise<PoolClient> {
  const end = performance.now() + patience;
  for (let tries = 1; ; tries++) {
    try {
      return await pool.connect();
    } catch (error) {
      const wait = backoff(tries);
      const { code } = error as { code?: string };
      // 53300: too many connections; 57P03: cannot connect now.
      if ((code !== "53300" && code !== "57P03") || performance.now() + wait > end) throw error;
      await sleep(wait);
    }
  }
}

/** Who connects to which database; `query_timeout` in milliseconds, for as long as the server likes where there is none. */
export type Login = Required<Pick<ClientConfig, "database" | "user" | "password">> &
  Pick<ClientConfig, "query_timeout">;

/** Runs `work` on a connection of its own to one database, which a tenant may have filled with anything. */
export async function inDatabase<T>(
  server: DatabaseServer,
  login: Login,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    host: server.host,
    port: server.port,
    ...login,
    ssl: { ca: server.ca },
    connectionTimeoutMillis: 10_000,
    // By default a schema named like the user comes first, and a tenant can make one, with operators in it that would run as that user.
    options: "-c search_path=pg_catalog,pg_temp",
  });
  // A connection that dies between two queries tells nobody else, and an event that nobody hears ends the process. The next query fails.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface Seal {
  readonly database: string;
  readonly roles: readonly string[];
  readonly mark: string;
}

/**
 * Takes from PUBLIC what every new database gives it, marks database and roles as ours, and opens the database for connections: all or nothing.
 * May be repeated.
 * @throws the server's error, e.g. 42501 where the provisioner is not the creator of database or role
 */
export async function sealDatabase(server: DatabaseServer, seal: Seal): Promise<void> {
  const database = escapeIdentifier(seal.database);
  await asProvisioner(server, async (client) => {
    await client.query(
      [
        "BEGIN",
        `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
        ...comments(seal),
        `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
        "COMMIT",
      ].join(";\n"),
    );
  });
}

/** Marks database and roles anew: all or nothing. May be repeated. @throws the server's error */
export async function markDatabase(server: DatabaseServer, { database, roles, mark }: Seal): Promise<void> {
  await asProvisioner(server, async (client) => {
    await client.query(["BEGIN", ...comments({ database, roles, mark }), "COMMIT"].join(";\n"));
  });
}

const comments = ({ database, roles, mark }: Seal): readonly string[] =>
  [`DATABASE ${escapeIdentifier(database)}`, ...roles.map((role) => `ROLE ${escapeIdentifier(role)}`)].map(
    (object) => `COMMENT ON ${object} IS ${escapeLiteral(mark)}`,
  );

export interface LiveDatabases {
  readonly databases: readonly LiveObject[];
  readonly roles: readonly LiveObject[];
}

export interface LiveObject {
  readonly name: string;
  /** The comment on it, where it has one. */
  readonly mark: string | null;
  /** Who made or owns it: the owning role of a database; for a role one that administers it. */
  readonly owner: string | null;
}

/** All databases and roles of the server, in one query. */
export async function liveDatabases(server: DatabaseServer): Promise<LiveDatabases> {
  const { rows } = await asProvisioner(server, (client) =>
    client.query<LiveObject & { kind: "database" | "role" }>(
      `
      SELECT 'database' AS kind, d.datname AS name, shobj_description(d.oid, 'pg_database') AS mark, o.rolname AS owner
        FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba
      UNION ALL
      SELECT 'role', r.rolname, shobj_description(r.oid, 'pg_authid'),
             (SELECT a.rolname FROM pg_auth_members m JOIN pg_roles a ON a.oid = m.member
               WHERE m.roleid = r.oid AND m.admin_option ORDER BY a.rolname = $1 DESC LIMIT 1)
        FROM pg_roles r`,
      [server.user],
    ),
  );
  return {
    databases: rows.filter((row) => row.kind === "database"),
    roles: rows.filter((row) => row.kind === "role"),
  };
}

/**
 * Ends the sessions of these roles that began before a moment on the clock of `performance.now()`, and waits until they are gone. The server is told an age, so that its clock
 * and ours need not agree.
 *
 * When a session of another role began, only a member of that role may see. The provisioner becomes one for the length of a transaction that is rolled back: at no moment does
 * anybody else see it as one, and no crash leaves it one.
 * @returns how many there were
 * @throws UserError where one is still there after 5 s
 */
export async function endSessions(
  server: DatabaseServer,
  roles: readonly string[],
  before: number,
): Promise<number> {
  return await asProvisioner(server, async (client) => {
    await client.query("BEGIN");
    await client.query(
      `GRANT ${roles.map((role) => escapeIdentifier(role)).join(", ")} TO CURRENT_USER WITH INHERIT TRUE, SET FALSE`,
    );
    const { rows } = await client.query<{ pid: number; ended: boolean }>(
      `SELECT pid, pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
        WHERE usename = ANY($1) AND backend_start < clock_timestamp() - $2 * interval '1 millisecond'`,
      [roles, performance.now() - before],
    );
    await client.query("ROLLBACK");
    const left = rows.filter(({ ended }) => !ended).map(({ pid }) => pid);
    if (left.length > 0) {
      throw new UserError(
        `sessions of ${roles.join(" and ")} did not end within 5 s of being told to: server processes ${left.join(", ")}. Run this again.`,
      );
    }
    return rows.length;
  });
}
