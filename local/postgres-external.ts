import * as fs from "node:fs";
import * as net from "node:net";
import { checkServerIdentity, type TLSSocket } from "node:tls";
import { Client } from "pg";
import { UserError } from "../config/error";
import { errorText } from "./files";
import { type DatabaseAccess } from "./postgres";

/** The PostgreSQL server of the operator's own that the environment names, checked; undefined where it names none. */
export async function externalDatabase(
  env: NodeJS.ProcessEnv = process.env,
): Promise<DatabaseAccess | undefined> {
  const url = env["SUBSTATION_DATABASE_URL"];
  if (!url) return undefined;
  const access = parseDatabaseUrl(url, env["SUBSTATION_DATABASE_ADDRESS"]);
  await checkServer(access);
  return access;
}

/**
 * `postgres://provisioner:password@host:5432/?sslmode=verify-full&sslrootcert=/path/ca.pem` as an access. `address` is where containers reach
 * the same server; the URL's host by default.
 */
export function parseDatabaseUrl(text: string, address?: string): DatabaseAccess {
  const form = "postgres://USER:PASSWORD@HOST:PORT/?sslmode=verify-full&sslrootcert=/path/to/ca.pem";
  const wrong = (what: string) => new UserError(`SUBSTATION_DATABASE_URL ${what}. Its form: ${form}`); // never the value: it holds a password
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong("is not a URL");
  }
  if (!["postgres:", "postgresql:"].includes(url.protocol))
    throw wrong(`begins with "${url.protocol}", not "postgres:"`);
  if (!url.hostname || !url.username || !url.password) throw wrong("lacks a host, a user or a password");
  const mode = url.searchParams.get("sslmode");
  const caFile = url.searchParams.get("sslrootcert");
  if (mode !== "verify-full")
    throw wrong(`has sslmode "${mode ?? "(none)"}", but only "verify-full" keeps an impostor out`);
  if (!caFile)
    throw wrong("lacks sslrootcert, the PEM file of the authority that signed the server's certificate");
  if (!fs.existsSync(caFile)) throw wrong(`names ${caFile} as sslrootcert, which does not exist`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const reached = address || host;
  if (reached === "localhost" || reached === "::1" || (net.isIPv4(reached) && reached.startsWith("127."))) {
    throw new UserError(
      `Containers cannot reach PostgreSQL at ${reached}: that is themselves. Name the server as they see it by SUBSTATION_DATABASE_ADDRESS.`,
    );
  }
  const { username, password, port } = url;
  return {
    host,
    port: Number(port || 5432),
    address: reached,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    caFile,
  };
}

/** Connects as the provisioner and makes sure that substations can be opened on this server, and only that. */
async function checkServer(access: DatabaseAccess): Promise<void> {
  const where = `${access.host}:${access.port}`;
  const client = new Client({
    ...access,
    database: "postgres",
    ssl: { ca: fs.readFileSync(access.caFile, "utf8"), rejectUnauthorized: true },
    connectionTimeoutMillis: 10_000,
  });
  try {
    await client.connect();
    const socket = (client as unknown as { connection: { stream: TLSSocket } }).connection.stream;
    const mismatch = checkServerIdentity(access.address, socket.getPeerCertificate());
    if (mismatch)
      throw new UserError(
        `The certificate of PostgreSQL at ${where} is not valid for ${access.address}, where containers reach it: ${mismatch.message}`,
      );
    const { rows } = await client.query<{
      version: number;
      rolsuper: boolean;
      rolcreatedb: boolean;
      rolcreaterole: boolean;
    }>(
      "select current_setting('server_version_num')::int as version, rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user",
    );
    const problem = findProblem(rows[0]!, access.user);
    if (problem) throw new UserError(`PostgreSQL at ${where}: ${problem}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `PostgreSQL at ${where} (SUBSTATION_DATABASE_URL) cannot be used: ${errorText(error)}`,
    );
  } finally {
    await client.end();
  }
}

/** What keeps a server from being used, with what to do; undefined where nothing does. */
export function findProblem(
  {
    version,
    rolsuper,
    rolcreatedb,
    rolcreaterole,
  }: { version: number; rolsuper: boolean; rolcreatedb: boolean; rolcreaterole: boolean },
  user: string,
): string | undefined {
  if (version < 160000)
    return `version ${Math.floor(version / 10000)} is too old. 16 is the first in which CREATEROLE does not reach every other role.`;
  if (rolsuper)
    return `"${user}" is a superuser, which a provisioner must not be. Make a role of its own: CREATE ROLE substation_provisioner LOGIN CREATEDB CREATEROLE`;
  if (!rolcreatedb || !rolcreaterole)
    return `"${user}" may not create databases and roles. As a superuser: ALTER ROLE "${user}" CREATEDB CREATEROLE`;
  return undefined;
}
