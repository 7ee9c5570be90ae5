import * as fs from "node:fs";
import * as path from "node:path";
import { escapeIdentifier, escapeLiteral } from "pg";
import { readInstance } from "../../local/home";
import { socketClient } from "../../local/postgres-process";

/** Name of the state's database, and of the role that owns it. */
export const database = "substation_state";

/**
 * A backend in PostgreSQL: a database and a role of its own, over TLS, as docs/backends.md says; the password is in a file alone.
 * @returns what `pulumi` is told of it
 */
export async function stateDatabase(home: string, password: string): Promise<Record<string, string>> {
  const instance = readInstance(home)!;
  const client = socketClient(instance)("postgres");
  await client.connect();
  try {
    const name = escapeIdentifier(database);
    await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(password)}`);
    await client.query(`CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`);
    await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  } finally {
    await client.end();
  }
  const passfile = path.join(home, "secrets", "state.pgpass");
  fs.writeFileSync(passfile, `127.0.0.1:${instance.databasePort}:${database}:${database}:${password}\n`, {
    mode: 0o600,
  });
  const ca = path.join(home, "database-ca.pem");
  return {
    PULUMI_BACKEND_URL: `postgres://${database}@127.0.0.1:${instance.databasePort}/${database}?sslmode=verify-full&sslrootcert=${ca}`,
    PGPASSFILE: passfile,
  };
}
