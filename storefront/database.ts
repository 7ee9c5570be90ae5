import { Client, Pool, type ClientConfig, type PoolClient } from "pg";
import type { DatabaseConfig } from "./config";

/** Milliseconds that a page waits for a connection, and then for the answer. */
const patience = 2000;

/**
 * The server's connections: none while nobody asks, never more than the tier allows, always over TLS with the server's
 * name checked. Statement and idle time-outs belong to the role, so that the image cannot forget them.
 */
export function openPool(database: DatabaseConfig): Pool {
  return new Pool({
    ...connection(database),
    max: database.maxConnections,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: 1800, // so that a renewed certificate or a changed role setting is taken up
  });
}

/** The one connection of `migrate`. */
export function migrationClient(database: DatabaseConfig): Client {
  return new Client({ ...connection(database), connectionTimeoutMillis: 10_000 });
}

function connection(database: DatabaseConfig): ClientConfig {
  return {
    host: database.host,
    port: database.port,
    database: database.name,
    user: database.user,
    password: database.password,
    ssl: { ca: database.ca, rejectUnauthorized: true, minVersion: "TLSv1.2" },
    application_name: "storefront",
    keepAlive: true,
  };
}

/** `work` between BEGIN and COMMIT; what fails leaves nothing behind, and its connection is not used again. */
export async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that dies between two queries tells nobody else, and an event that nobody hears ends the process. The next query fails.
  const lost = () => undefined;
  client.on("error", lost);
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    client.off("error", lost);
    client.release();
    return result;
  } catch (error) {
    client.release(true); // closed: the server rolls back, also where a query that we gave up on still runs
    throw error;
  }
}

/**
 * `load`, at most once at a time and once in `milliseconds`: a page or probe that anybody can call must not multiply into
 * queries. A failure is remembered as long as a success.
 */
export function atMostEvery<T>(milliseconds: number, load: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | undefined;
  let staleAt = 0;
  return () => {
    if (latest === undefined || performance.now() >= staleAt) {
      staleAt = Infinity; // while it runs, everybody waits for the same one
      latest = load().finally(() => {
        staleAt = performance.now() + milliseconds;
      });
    }
    return latest;
  };
}
