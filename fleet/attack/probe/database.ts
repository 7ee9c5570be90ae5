import { readFileSync } from "node:fs";
import { Client } from "pg";
import type { Login, Statement } from "../questions";
import { failure } from "./missing";

/** `substation.json` of the image contract, as far as it is used here. */
interface ShopFile {
  readonly database: { readonly password: string; readonly ca: string };
  readonly secrets: Readonly<Record<string, string>>;
}

export const shopFile = (): ShopFile =>
  JSON.parse(readFileSync("/run/secrets/substation.json", "utf8")) as ShopFile;

/** With the shop's own password and certificate authority, unless others are given. */
async function connect(login: Login): Promise<Client> {
  const own = shopFile().database;
  const { host, port, database, user, password = own.password } = login;
  const client = new Client({
    host,
    port,
    database,
    user,
    password,
    ...(login.tls === false ? {} : { ssl: { ca: own.ca } }),
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined); // the query under way reports it
  await client.connect();
  return client;
}

async function connected<T>(login: Login, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(login);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The rows; of what went well and could not be taken back, the reason instead. */
export function sql({ text, undo, ...login }: Statement): Promise<unknown> {
  return connected(login, async (client) => {
    if (undo === undefined) {
      await client.query("BEGIN");
      const { rows } = await client.query<Record<string, unknown>>(text);
      await client.query("ROLLBACK"); // the end of the connection does so too; this says where it fails
      return rows;
    }
    const { rows } = await client.query<Record<string, unknown>>(text);
    await client.query("SET statement_timeout = 0"); // to drop a database may take longer than the tier has
    return await client.query(undo).then(
      () => rows,
      (error: Error) => `done, and not taken back: ${error.message}`,
    );
  });
}

/**
 * The catalogs that hold what is other tenants', or what is said of it, with the words found in each. Words count where they stand alone: "own" is not in "owner". What
 * may not be read at all is passed over; what may be in part, is searched in those columns.
 */
export function search(login: Login, words: readonly string[]): Promise<string[]> {
  return connected(login, async (client) => {
    const { rows } = await client.query<{ name: string; columns: string[] }>(
      `SELECT c.relname AS name, array_agg(quote_ident(a.attname)) AS columns
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'pg_catalog'::regnamespace
          AND (c.relisshared AND c.relkind = 'r'
               OR c.relkind = 'v' AND c.relname ~ '^pg_(roles|user|group|shadow|stat_|locks|prepared|seclabels|replication)')
          AND has_column_privilege(c.oid, a.attnum, 'SELECT')
        GROUP BY c.relname ORDER BY c.relname`,
    );
    const pattern = `(^|[^a-z0-9-])(${words.map(quoted).join("|")})($|[^a-z0-9-])`;
    const found: string[] = [];
    for (const { name, columns } of rows) {
      const own = columns.includes("pid") ? "pid IS DISTINCT FROM pg_backend_pid()" : "true";
      const text = `SELECT t::text AS row FROM (SELECT ${columns.join(", ")} FROM pg_catalog.${name} WHERE ${own}) t`;
      const result = await client
        .query<{ row: string }>(`SELECT row FROM (${text}) r WHERE row ~ $1 LIMIT 3`, [pattern])
        .catch((error: { code?: string }) => {
          if (error.code === "42501") return { rows: [] }; // a view that looks where this role may not
          throw error;
        });
      found.push(...result.rows.map(({ row }) => `${name}: ${row}`));
    }
    return found;
  });
}

const quoted = (word: string): string => word.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");

/** Opens one after the other, so that no more are taken from the shop than it needs to meet the limit, and closes all at once. */
export async function connections(login: Login, most: number): Promise<string> {
  const held: Client[] = [];
  try {
    while (held.length < most) held.push(await connect(login));
    return `${held.length} connections`;
  } catch (error) {
    const { code = "?", message } = error as { code?: string; message: string };
    throw failure(code, `after ${held.length} more connections: ${message}`);
  } finally {
    await Promise.all(held.map((client) => client.end()));
  }
}
