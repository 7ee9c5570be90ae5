import * as fs from "node:fs";
import { Client } from "pg";
import { errorCode, errorText } from "./files";
import { UserError } from "../config/error";
import { scramVerifier } from "../config/scram";
import { type DatabaseAccess } from "./postgres";
import { auditRights } from "./postgres-audit";
import { closeCatalogs } from "./postgres-catalog";
import { provisioner } from "./postgres-config";

/** Connections that the provisioner may hold at once, so that openings never crowd out the shops. */
const provisionerConnections = 40;

/**
 * Brings a server to where substations can be opened on it: nobody but the provisioner may connect to the maintenance databases, tenants
 * do not see each other in the catalogs, and the provisioner exists, with exactly its rights. Finds that this is so already in a few milliseconds.
 *
 * The provisioner has `pg_signal_backend`, without which `DROP DATABASE … WITH (FORCE)` cannot send tenants away, and may see what the audit
 * looks at; it does not inherit the rights of the roles that it creates (`createrole_self_grant` stays empty), so it cannot read a shop's tables by accident.
 * By default it would look for operators and functions first in a schema named like it, which a tenant can make in its own database: hence its search path.
 */
export async function prepareServer(
  superuserClient: (database: string) => Client,
  access: DatabaseAccess,
): Promise<void> {
  const client = superuserClient("postgres");
  try {
    await client.connect();
    await client.query("begin");
    const role = await client.query("select 1 from pg_roles where rolname = $1", [provisioner]);
    if (role.rowCount === 0)
      await client.query(`create role ${provisioner} password '${await scramVerifier(access.password)}'`);
    await client.query(
      `alter role ${provisioner} login createdb createrole noinherit nosuperuser noreplication nobypassrls connection limit ${provisionerConnections}`,
    );
    await client.query(`alter role ${provisioner} set createrole_self_grant = ''`);
    await client.query(`alter role ${provisioner} set search_path = pg_catalog, pg_temp`);
    await client.query(`grant pg_signal_backend to ${provisioner} with inherit true`);
    for (const database of ["postgres", "template1"])
      await client.query(`revoke connect, temporary on database ${database} from public`);
    await client.query(`grant connect on database postgres to ${provisioner}`);
    await client.query(auditRights(provisioner));
    await client.query(`comment on role ${provisioner} is 'substation: opens and closes substations'`);
    await client.query("commit");
    await closeCatalogs(client, superuserClient);
    if (!(await canLogIn(access))) {
      await client.query(`alter role ${provisioner} password '${await scramVerifier(access.password)}'`);
      if (!(await canLogIn(access)))
        throw new Error(`${provisioner} cannot log in with the password that was just set`);
    }
    const { rows } = await client.query<{ line: number; error: string }>(
      "select line_number as line, error from pg_hba_file_rules where error is not null",
    );
    if (rows[0]) throw new Error(`pg_hba.conf, line ${rows[0].line}: ${rows[0].error}`);
  } finally {
    await client.end();
  }
}

/** Logs in as the provisioner does, over verified TLS. False where the password is not the one that the server knows. */
async function canLogIn(access: DatabaseAccess): Promise<boolean> {
  const client = new Client({
    ...access,
    database: "postgres",
    ssl: { ca: fs.readFileSync(access.caFile, "utf8"), rejectUnauthorized: true },
    connectionTimeoutMillis: 10_000,
  });
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (errorCode(error) === "28P01") return false;
    throw new UserError(
      `PostgreSQL runs, but ${access.user} cannot connect to ${access.host}:${access.port}: ${errorText(error)}`,
    );
  } finally {
    await client.end();
  }
}
