import { escapeIdentifier, type Client } from "pg";

/**
 * Every database shows some catalogs of the whole server to everybody: the comments on databases and roles, which are the ownership marks, and how much each database is used.
 * Who may read them is each database's own matter, and goes from template0 to what is made of it.
 */

/**
 * Takes them from PUBLIC in one database. SQL for a superuser; may be repeated. It stands in docs/platform.md too, for servers of an operator's own.
 *
 * The search path comes first: in its own database a tenant can make operators and functions, which must not be found and run as superuser.
 */
export const hideNeighbours = `
BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;
REVOKE SELECT ON pg_shdescription, pg_stat_database, pg_stat_database_conflicts FROM PUBLIC;
DO $$
DECLARE counter regprocedure;
BEGIN
  FOR counter IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_stat_get_db_' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', counter);
  END LOOP;
END $$;
COMMIT;
`;

/** Says that all is done, and by which version of the SQL. On template0, whose comment a new cluster has of its own. */
const done = "substation: neighbours are hidden, version 1";

/** Where there is nothing to do, one query. Killed in the middle, the next run closes template0 if need be, and does all again. */
export async function closeCatalogs(
  server: Client,
  superuserClient: (database: string) => Client,
): Promise<void> {
  const { rows } = await server.query<{ mark: string | null; open: boolean }>(
    "SELECT shobj_description(oid, 'pg_database') AS mark, datallowconn AS open FROM pg_database WHERE datname = 'template0'",
  );
  const { mark, open } = rows[0]!;
  if (open) await server.query("ALTER DATABASE template0 ALLOW_CONNECTIONS false");
  if (mark === done) return;
  // template0 first. Whoever makes a database of it just now holds us up, and whoever comes later waits for us: the list that follows lacks none.
  await closeIn("template0", false, server, superuserClient);
  // -2: half dropped, and of no use to anybody.
  const { rows: tenants } = await server.query<{ name: string; open: boolean }>(
    "SELECT datname AS name, datallowconn AS open FROM pg_database WHERE datname ~ '^ss_' AND datconnlimit <> -2 ORDER BY 1",
  );
  for (const tenant of tenants) await closeIn(tenant.name, tenant.open, server, superuserClient);
  await server.query(`COMMENT ON DATABASE template0 IS '${done}'`);
}

/** A database that is closed, as one is until it is sealed, is opened for the superuser alone, and closed again. */
async function closeIn(
  name: string,
  open: boolean,
  server: Client,
  superuserClient: (database: string) => Client,
): Promise<void> {
  const database = escapeIdentifier(name);
  if (!open)
    await server.query(
      `BEGIN; REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC; ALTER DATABASE ${database} ALLOW_CONNECTIONS true; COMMIT`,
    );
  try {
    const inside = superuserClient(name);
    try {
      await inside.connect();
      await inside.query(hideNeighbours);
    } finally {
      await inside.end();
    }
  } finally {
    if (!open) await server.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  }
}
