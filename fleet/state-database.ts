import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { Client, escapeIdentifier, type ClientConfig } from "pg";
import { UserError } from "../config/error";
import { passwordIn } from "./passfile";
import type { StackName, StateStore } from "./state-store";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The book-keeping of a `postgres://` backend: a row for each file (pulumi/pulumi, pkg/backend/diy/postgres). Nothing is ever torn there: a row is written in one
 * statement, or not.
 * @param env where libpq's variables are looked up, as the engine does
 * @returns undefined where it is another kind of backend
 */
export function stateDatabase(
  backend: string,
  env: Environment,
  { project, stack }: StackName,
): StateStore | undefined {
  if (!backend.startsWith("postgres://")) return undefined;
  const url = new URL(backend);
  const table = escapeIdentifier((url.searchParams.get("table") ?? "pulumi_state").toLowerCase());
  // The engine takes the path, which names the database, for a folder too.
  const folder = decodeURIComponent(url.pathname)
    .replace(/^\/+/, "")
    .replace(/(?<=[^/])$/, "/");
  const locks = `${folder}.pulumi/locks/organization/${project}/${stack}/`;
  const text = "convert_from(decode(data->>'data', 'base64'), 'UTF8')";
  const ask = (sql: string, values: readonly string[]) => query(url, env, sql, values);
  return {
    backend,
    async locks() {
      const rows = await ask(`SELECT key, ${text} AS text FROM ${table} WHERE starts_with(key, $1)`, [locks]);
      return new Map(rows.map((row) => [row["key"]!, row["text"]!]));
    },
    async removeLock(key, was) {
      await ask(`DELETE FROM ${table} WHERE key = $1 AND ${text} = $2`, [key, was]);
    },
    removeTorn: () => Promise.resolve([]),
  };
}

/** @throws UserError where the server cannot be asked, without the password that the address may hold */
async function query(
  url: URL,
  env: Environment,
  sql: string,
  values: readonly string[],
): Promise<readonly Readonly<Record<string, string>>[]> {
  const login = loginOf(url, env);
  const client = new Client({ ...login, connectionTimeoutMillis: 15_000, query_timeout: 15_000 });
  client.on("error", () => undefined); // the query that follows tells what is wrong
  try {
    await client.connect();
    return (await client.query<Record<string, string>>(sql, [...values])).rows;
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    throw new UserError(
      `the state's database ${login.database} at ${login.host}:${login.port} cannot be asked as ${login.user} (${`${code} ${message}`.trim()}): ` +
        `see that PULUMI_BACKEND_URL and PGPASSFILE are those that it was set up with (docs/backends.md).`,
    );
  } finally {
    await client.end();
  }
}

type Address = Required<Pick<ClientConfig, "host" | "port" | "database" | "user">> & ClientConfig;

/** The same as the engine's driver makes of the address and the environment (lib/pq): what the address does not say, PG… variables do. */
export function loginOf(url: URL, env: Environment): Address {
  const user = decodeURIComponent(url.username) || env["PGUSER"] || userInfo().username;
  const host = url.hostname || env["PGHOST"] || "localhost";
  const port = Number(url.port || env["PGPORT"] || "5432");
  const database = decodeURIComponent(url.pathname.slice(1)) || env["PGDATABASE"] || user;
  const option = (name: string) => url.searchParams.get(name) ?? undefined;
  const passfile = option("passfile") ?? env["PGPASSFILE"] ?? join(homedir(), ".pgpass");
  const password =
    decodeURIComponent(url.password) ||
    env["PGPASSWORD"] ||
    passwordIn(passfile, { host, port: String(port), database, user });
  return {
    ...{ host, port, database, user, password: password ?? "" },
    ssl: tls(
      option("sslmode") ?? env["PGSSLMODE"] ?? "require",
      option("sslrootcert") ?? env["PGSSLROOTCERT"],
    ),
  };
}

/** lib/pq's: "require" verifies nothing, unless there is a root certificate to verify by; then it is "verify-ca". */
function tls(mode: string, rootFile: string | undefined): ClientConfig["ssl"] {
  if (mode === "disable") return false;
  if (rootFile === undefined) return { rejectUnauthorized: mode.startsWith("verify-") };
  const ca = readFileSync(rootFile, "utf8");
  return mode === "verify-full" ? { ca } : { ca, checkServerIdentity: () => undefined };
}
