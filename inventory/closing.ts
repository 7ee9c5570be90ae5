import { escapeIdentifier, type PoolClient } from "pg";
import { UserError } from "../config/error";
import { appRole, isSameSubstation, migrateRole, parseMark } from "../config/names";
import type { DatabaseServer } from "../config/platform";
import { asProvisioner, endSessions } from "./database";

/** The roles of a substation's database: its own name is the group role's. */
export const rolesOf = (database: string): readonly string[] => [
  database,
  migrateRole(database),
  appRole(database),
];

/** What is there of a database that is to be closed. */
export interface ClosingDatabase {
  readonly database: boolean;
  /** Whether no role of the substation, and nobody by PUBLIC, may connect to it. */
  readonly frozen: boolean;
  /** Those of its roles that are there. */
  readonly roles: readonly string[];
  /** The server's clock: milliseconds since 1970. */
  readonly now: number;
}

/**
 * Looks at a substation's database and roles.
 * @param mark that they must bear, or none, which a crash may leave
 * @throws UserError where something of another's has one of the names
 */
export async function lookAtDatabase(
  server: DatabaseServer,
  name: string,
  mark: string,
): Promise<ClosingDatabase> {
  const roles = rolesOf(name);
  return await asProvisioner(server, async (client) => {
    const found = await client.query<{ kind: string; name: string; mark: string | null }>(
      `SELECT 'database' AS kind, datname AS name, shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1
       UNION ALL SELECT 'role', rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = ANY($2)`,
      [name, roles],
    );
    const stranger = found.rows.find((row) => row.mark !== null && row.mark !== mark);
    if (stranger) {
      const [whose, ours] = [parseMark(stranger.mark), parseMark(mark)];
      const todo = isSameSubstation(whose, ours)
        ? ` "substation move ${ours?.id}" first brings all of it to its file's group.`
        : "";
      throw new UserError(
        `${stranger.kind} ${stranger.name} is "${stranger.mark}", and not "${mark}": nothing of it was touched.${todo}`,
      );
    }
    const there = (kind: string) => found.rows.filter((row) => row.kind === kind).map((row) => row.name);
    const database = there("database").length > 0;
    const clock = await client.query<{ now: number }>(
      "SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now",
    );
    const { now } = clock.rows[0]!;
    return {
      database,
      now,
      roles: there("role"),
      frozen: database && !(await mayAnyConnect(client, name, there("role"))),
    };
  });
}

async function mayAnyConnect(
  client: PoolClient,
  database: string,
  roles: readonly string[],
): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT coalesce(bool_or(has_database_privilege(role, $1, 'CONNECT')), false) AS may FROM unnest($2::name[]) role`,
    [database, roles],
  );
  return rows[0]!.may;
}

/**
 * Shuts a database for its own roles, and ends their sessions: from then on nothing is written. May be repeated.
 * @param roles those that are there
 */
export async function freezeDatabase(
  server: DatabaseServer,
  name: string,
  roles: readonly string[],
): Promise<void> {
  const database = escapeIdentifier(name);
  const all = ["PUBLIC", ...roles.map((role) => escapeIdentifier(role))].join(", ");
  await asProvisioner(server, async (client) => {
    await client.query(
      [
        "BEGIN",
        `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
        `REVOKE ALL ON DATABASE ${database} FROM ${all}`,
        "COMMIT",
      ].join(";\n"),
    );
  });
  if (roles.length > 0) await endSessions(server, roles, performance.now());
}

/** Lets its own roles in again, as the opening did. May be repeated. */
export async function thawDatabase(server: DatabaseServer, name: string): Promise<void> {
  const database = escapeIdentifier(name);
  await asProvisioner(server, async (client) => {
    await client.query(
      [
        "BEGIN",
        `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`,
        `GRANT CONNECT ON DATABASE ${database} TO ${escapeIdentifier(name)}`,
        `GRANT CREATE ON DATABASE ${database} TO ${escapeIdentifier(migrateRole(name))}`,
        "COMMIT",
      ].join(";\n"),
    );
  });
}

/**
 * Removes a database and its roles, for good. What is gone already is no error.
 * @throws UserError where a role still owns something elsewhere, or somebody is connected whom the provisioner may not send away
 */
export async function dropDatabase(server: DatabaseServer, name: string): Promise<void> {
  const database = escapeIdentifier(name);
  await asProvisioner(server, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    try {
      if (rowCount === 1) {
        await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
        await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
      }
      // Members before the role that they are in.
      for (const role of [...rolesOf(name)].reverse())
        await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const todo = reasons[code ?? ""];
      if (todo === undefined) throw error;
      throw new UserError(
        `database ${name} and its roles cannot be removed: ${message}. ${todo}, and run this again.`,
      );
    }
  });
}

const reasons: Readonly<Record<string, string>> = {
  "2BP01": "Somebody gave a role of it something outside of its database: take that away",
  "42501":
    "Somebody is connected, or owns it, whom the provisioner has no right over: let an administrator see to that",
  "55006": "Somebody is connected whom the provisioner may not send away: let an administrator do it",
};
