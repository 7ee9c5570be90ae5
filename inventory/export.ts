import { escapeIdentifier, type Client } from "pg";
import { UserError } from "../config/error";
import type { DatabaseServer } from "../config/platform";
import { copyOut } from "./copy";
import { inDatabase } from "./database";

/** Where one table's rows go, as the text form of COPY has them: a line for each row. */
export interface TableSink {
  write(chunk: Buffer): void;
  close(): void;
}

export interface ExportedTable {
  readonly schema: string;
  readonly name: string;
  /** In the order of the lines' fields; generated ones are left out. */
  readonly columns: readonly string[];
  readonly rows: number;
}

export interface DatabaseExport {
  /** Version of the server: "18.1". */
  readonly server: string;
  readonly tables: readonly ExportedTable[];
  /** What the tables are made of, and what else is there, as PostgreSQL's own functions describe it. */
  readonly schema: Readonly<Record<string, readonly object[]>>;
  /** Payments that only a person may decide, where the image keeps such a table (docs/payments.md). */
  readonly anomalies: readonly object[];
}

/**
 * Reads a whole database, as it is at one moment: every table of every schema that is not the server's own.
 *
 * The provisioner has no right to a tenant's rows. It becomes the role that owns them for the length of a transaction that is rolled back, so that no crash leaves it one;
 * names are never looked up where a tenant could have put something.
 * @param role that owns what is in it
 * @param open is asked for a place for each table, in their order
 * @throws UserError where there is something that would be lost, since this cannot read it
 */
export async function exportDatabase(
  server: DatabaseServer,
  { database, role }: { readonly database: string; readonly role: string },
  open: (at: number) => TableSink,
): Promise<DatabaseExport> {
  const { user, password } = server;
  return await inDatabase(server, { database, user, password }, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await client.query(`GRANT ${escapeIdentifier(role)} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE`);
    await client.query(`SET LOCAL ROLE ${escapeIdentifier(role)}`);
    await client.query("SET LOCAL row_security = off"); // a policy that hides rows is an error, and not a smaller export
    await refuseUnread(client, database);
    const found = await client.query<Omit<ExportedTable, "rows">>(tablesQuery);
    const tables: ExportedTable[] = [];
    for (const [at, table] of found.rows.entries())
      tables.push({ ...table, rows: await copyTable(client, table, open(at)) });
    const schema: Record<string, readonly object[]> = {};
    for (const [name, query] of Object.entries(schemaQueries))
      schema[name] = (await client.query<object>(query)).rows;
    const anomalies = await anomaliesIn(client);
    const { rows } = await client.query<{ version: string }>(
      "SELECT current_setting('server_version') AS version",
    );
    await client.query("ROLLBACK");
    return { server: rows[0]!.version, tables, schema, anomalies };
  });
}

async function copyTable(
  client: Client,
  { schema, name, columns }: Omit<ExportedTable, "rows">,
  sink: TableSink,
): Promise<number> {
  const list =
    columns.length === 0 ? "" : ` (${columns.map((column) => escapeIdentifier(column)).join(", ")})`;
  const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
  try {
    return await copyOut(client, `COPY ${table}${list} TO STDOUT`, (chunk) => sink.write(chunk));
  } finally {
    sink.close();
  }
}

/** What holds data of its own, and is no table. */
async function refuseUnread(client: Client, database: string): Promise<void> {
  const { rows } = await client.query<{ what: string }>(
    `SELECT count(*) || ' large objects' AS what FROM pg_largeobject_metadata HAVING count(*) > 0
     UNION ALL SELECT 'the foreign table ' || c.oid::regclass FROM pg_class c WHERE relkind = 'f'`,
  );
  if (rows.length === 0) return;
  throw new UserError(
    `database ${database} holds ${rows.map(({ what }) => what).join(" and ")}, which no export of ours reads, and they would be lost: ` +
      `keep them yourself and remove them there, then run this again.`,
  );
}

async function anomaliesIn(client: Client): Promise<readonly object[]> {
  const { rows } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('shop.anomaly') IS NOT NULL AS there",
  );
  if (!rows[0]?.there) return [];
  return (
    await client.query<{ anomaly: object }>("SELECT to_json(a) AS anomaly FROM shop.anomaly a")
  ).rows.map(({ anomaly }) => anomaly);
}

/** Schemas that are not the server's own. */
const own = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
const inOwn = (alias: string, column: string): string =>
  `JOIN pg_namespace n ON n.oid = ${alias}.${column} AND ${own}`;

const tablesQuery = `
  SELECT n.nspname AS schema, c.relname AS name, array(
    SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
  ) AS columns
  FROM pg_class c ${inOwn("c", "relnamespace")} WHERE c.relkind = 'r' ORDER BY 1, 2`;

const schemaQueries: Readonly<Record<string, string>> = {
  tables: `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, (
      SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod), 'notNull', attnotnull,
        'default', pg_get_expr(adbin, adrelid), 'identity', attidentity, 'generated', attgenerated) ORDER BY attnum)
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    ) AS columns FROM pg_class c ${inOwn("c", "relnamespace")} WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2`,
  constraints: `SELECT n.nspname AS schema, conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(o.oid) AS definition
    FROM pg_constraint o ${inOwn("o", "connamespace")} ORDER BY 1, 2, 3`,
  indexes: `SELECT n.nspname AS schema, c.relname AS name, pg_get_indexdef(c.oid) AS definition
    FROM pg_class c ${inOwn("c", "relnamespace")} WHERE c.relkind IN ('i', 'I') ORDER BY 1, 2`,
  sequences: `SELECT schemaname AS schema, sequencename AS name, start_value AS start, increment_by AS increment, last_value AS last
    FROM pg_sequences ORDER BY 1, 2`,
  views: `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind, pg_get_viewdef(c.oid) AS definition
    FROM pg_class c ${inOwn("c", "relnamespace")} WHERE c.relkind IN ('v', 'm') ORDER BY 1, 2`,
  functions: `SELECT n.nspname AS schema, p.proname AS name, pg_get_functiondef(p.oid) AS definition
    FROM pg_proc p ${inOwn("p", "pronamespace")} WHERE p.prokind IN ('f', 'p') ORDER BY 1, 2`,
  triggers: `SELECT tgrelid::regclass::text AS "table", tgname AS name, pg_get_triggerdef(oid) AS definition
    FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`,
  types: `SELECT n.nspname AS schema, t.typname AS name, t.typtype AS kind,
      array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder) AS labels
    FROM pg_type t ${inOwn("t", "typnamespace")} WHERE t.typtype IN ('e', 'd') ORDER BY 1, 2`,
};
