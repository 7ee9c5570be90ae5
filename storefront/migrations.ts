import { createHash } from "node:crypto";
import type { Client } from "pg";
import type { StorefrontConfig } from "./config";
import { loadInitialData } from "./initial-data";
import { type Migration, migrations } from "./steps";

/** The database is not as `migrate` expects it, and a person must look. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

export interface MigrationResult {
  /** Versions that this run applied; empty when the database was up to date. */
  readonly applied: readonly number[];
  /** The database's version afterwards: above `schemaVersion` when a later image was here. */
  readonly version: number;
  /** Items of the initial data that this run put in. */
  readonly loaded: number;
}

/**
 * Brings the database to `steps`, loads the initial data and gives the application's role its data rights, in one transaction behind one
 * lock: killed at any moment it has done nothing, run twice it changes nothing, and of two at once the second waits and finds all done.
 *
 * @param client connected as the role that owns the schema, or may create it
 * @throws MigrationError when an applied step is not the step that this image knows, or the schema is somebody else's
 */
export async function migrate(
  client: Client,
  config: StorefrontConfig,
  steps: readonly Migration[] = migrations,
): Promise<MigrationResult> {
  await client.query("BEGIN");
  try {
    // The role's own time-outs are made for pages. Waiting for another `migrate` counts as waiting for a lock.
    await client.query("SET LOCAL statement_timeout = '5min'; SET LOCAL lock_timeout = '60s'");
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('substation.migrate', 0))");
    await client.query("SELECT set_config('substation.title', $1, true)", [config.title]);
    const app = client.escapeIdentifier(config.database.appRole);
    await ensureSchema(client);
    await client.query(defaults(app));
    const done = await appliedChecksums(client);
    const applied: number[] = [];
    for (const step of steps) {
      const known = done.get(step.version);
      if (known === undefined) {
        await client.query(step.sql);
        await client.query(
          "INSERT INTO shop.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
          [step.version, step.name, checksum(step)],
        );
        applied.push(step.version);
      } else if (known !== checksum(step)) {
        throw new MigrationError(
          `migration ${step.version} (${step.name}) was applied with another text: checksum ${known} in ` +
            `shop.schema_migrations, ${checksum(step)} in this image. Use the image that applied it, or a later one of the same line`,
        );
      }
    }
    const loaded = await loadInitialData(client, config);
    await client.query(rights(app));
    await client.query("COMMIT");
    return { applied, version: Math.max(0, ...done.keys(), ...applied), loaded };
  } catch (error) {
    // The connection may be what failed; then the server rolls back by itself, and the first error is the one to show.
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function ensureSchema(client: Client): Promise<void> {
  // Not CREATE … IF NOT EXISTS: that asks for the right to create even where the schema exists.
  const { rows } = await client.query<{ owner: string; mine: boolean }>(
    "SELECT pg_get_userbyid(nspowner) AS owner, pg_get_userbyid(nspowner) = current_user AS mine FROM pg_namespace WHERE nspname = 'shop'",
  );
  if (rows[0] === undefined) await client.query("CREATE SCHEMA shop");
  else if (!rows[0].mine) {
    throw new MigrationError(
      `schema shop belongs to ${rows[0].owner}, not to the role that migrates. Make it the owner (ALTER SCHEMA shop OWNER TO …) or remove the schema`,
    );
  }
  const table = await client.query(
    "SELECT 1 FROM pg_tables WHERE schemaname = 'shop' AND tablename = 'schema_migrations'",
  );
  if (table.rowCount === 0) {
    await client.query(`CREATE TABLE shop.schema_migrations (
      version    integer     PRIMARY KEY,
      name       text        NOT NULL,
      checksum   text        NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  }
}

async function appliedChecksums(client: Client): Promise<Map<number, string>> {
  const { rows } = await client.query<{ version: number; checksum: string }>(
    "SELECT version, checksum FROM shop.schema_migrations",
  );
  return new Map(rows.map((row) => [row.version, row.checksum]));
}

/** First 16 hex digits of SHA-256 over the SQL. */
const checksum = (step: Migration): string =>
  createHash("sha256").update(step.sql).digest("hex").slice(0, 16);

/**
 * Nothing that later steps make is anybody's but the application's. EXECUTE and USAGE of types are given to PUBLIC by
 * PostgreSQL itself, and only a default without IN SCHEMA takes them away.
 */
const defaults = (app: string): string => `
REVOKE ALL ON SCHEMA shop FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app};
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE, SELECT ON SEQUENCES TO ${app};
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT USAGE ON TYPES TO ${app};
`;

/** The same for what exists, so that a changed role name or a right that was taken away by hand is mended by the next run. */
const rights = (app: string): string => `
REVOKE ALL ON ALL TABLES IN SCHEMA shop FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA shop FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA shop FROM PUBLIC;
GRANT USAGE ON SCHEMA shop TO ${app};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO ${app};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA shop TO ${app};
REVOKE INSERT, UPDATE, DELETE ON shop.schema_migrations FROM ${app}; -- its own history is not the application's to change
`;
