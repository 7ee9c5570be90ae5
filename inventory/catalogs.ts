import type { QueryResult } from "pg";
import type { DatabaseServer } from "../config/platform";
import { asProvisioner, inDatabase } from "./database";
import { serverQueries, tenantQueries } from "./catalog-queries";

/** What PostgreSQL's catalogs tell of who may do what. Read as the provisioner; nothing is changed. */

export interface ServerCatalog {
  readonly roles: readonly CatalogRole[];
  readonly roleSettings: readonly RoleSetting[];
  readonly memberships: readonly CatalogMembership[];
  readonly databases: readonly CatalogDatabase[];
  readonly grants: readonly CatalogGrant[];
  /** Numbers in the unit of the setting, as `pg_settings` has them. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly sessions: readonly CatalogSession[];
  /** Whether the provisioner may see from where sessions of other roles come, and whether over TLS. */
  readonly seesSessions: boolean;
}

export interface CatalogRole {
  readonly name: string;
  /** The comment on it. */
  readonly mark: string | null;
  /** The superuser that the cluster was made with. */
  readonly bootstrap: boolean;
  readonly login: boolean;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  readonly createRole: boolean;
  readonly replication: boolean;
  readonly bypassRowSecurity: boolean;
  /** -1 is without limit. */
  readonly connectionLimit: number;
}

/** `ALTER ROLE … IN DATABASE … SET`; null is every role, or every database. */
export interface RoleSetting {
  readonly role: string | null;
  readonly database: string | null;
  /** `name=value` */
  readonly settings: readonly string[];
}

export interface CatalogMembership {
  readonly member: string;
  readonly role: string;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  /** Empty where it is direct. */
  readonly through: readonly string[];
}

export interface CatalogDatabase {
  readonly name: string;
  readonly mark: string | null;
  readonly ownedBy: string;
  readonly connectionLimit: number;
  readonly allowConnections: boolean;
  readonly isTemplate: boolean;
}

/** Rights on a database, a schema, …; `grantee` is "public" for everybody. */
export interface CatalogGrant {
  /** "database", "schema", "table", "sequence", "function", "default function", "default type", "other" */
  readonly on: string;
  readonly object: string;
  readonly grantee: string;
  /** Upper case. */
  readonly privileges: readonly string[];
  readonly grantable: boolean;
}

export interface CatalogSession {
  readonly role: string;
  readonly database: string;
  /** Null where it came over the unix socket. */
  readonly address: string | null;
  readonly tls: boolean;
}

export interface HbaLine {
  readonly file: string;
  readonly line: number;
  readonly type: string | null;
  readonly databases: readonly string[] | null;
  readonly users: readonly string[] | null;
  /** In CIDR notation, where it is an address. */
  readonly address: string | null;
  readonly method: string | null;
  readonly error: string | null;
}

export interface TenantCatalog {
  readonly grants: readonly CatalogGrant[];
  readonly extensions: readonly string[];
  readonly functions: readonly CatalogFunction[];
}

/** One that runs with its owner's rights, or in a language that is not trusted. */
export interface CatalogFunction {
  /** `schema.name` */
  readonly name: string;
  readonly ownedBy: string;
  readonly ownedBySuperuser: boolean;
  readonly securityDefiner: boolean;
  readonly language: string;
  readonly trustedLanguage: boolean;
}

/** Roles, memberships, databases, settings and sessions of the whole server, in one query. */
export async function serverCatalog(server: DatabaseServer): Promise<ServerCatalog> {
  const { rights, ...lists } = await asProvisioner(server, (client) => all(client, serverQueries));
  const [{ seesSessions } = { seesSessions: false }] = rights as { seesSessions: boolean }[];
  return { ...(lists as unknown as Omit<ServerCatalog, "seesSessions">), seesSessions };
}

/**
 * The lines of pg_hba.conf, in the order in which the server reads them.
 * @throws the server's error, 42501 where the provisioner may not look
 */
export async function hbaLines(server: DatabaseServer): Promise<readonly HbaLine[]> {
  const { rows } = await asProvisioner(server, (client) =>
    client.query<HbaLine & { netmask: string | null }>(
      `SELECT regexp_replace(file_name, '.*/', '') AS file, line_number AS line, type, database AS databases, user_name AS users,
              address, netmask, auth_method AS method, error
         FROM pg_hba_file_rules ORDER BY rule_number NULLS FIRST, line_number`,
    ),
  );
  return rows.map(({ netmask, address, ...line }) => ({
    ...line,
    address: address !== null && netmask !== null ? `${address}/${prefixLength(netmask)}` : address,
  }));
}

/**
 * What PostgreSQL keeps of the passwords of the roles that the provisioner administers, by role; null where one has none.
 * @throws the server's error, 42501, 42883 or 3F000 where the server was not prepared for this
 */
export async function roleVerifiers(server: DatabaseServer): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await asProvisioner(server, (client) =>
    client.query<{ role: string; verifier: string | null }>(
      "SELECT role, verifier FROM substation.role_verifiers()",
    ),
  );
  return new Map(rows.map(({ role, verifier }) => [role, verifier]));
}

/**
 * Who has rights inside one database, in one query on a connection of its own.
 * @throws the server's error, e.g. 53300 where all connections of the database are taken
 */
export async function tenantCatalog(server: DatabaseServer, database: string): Promise<TenantCatalog> {
  const { user, password } = server;
  const { extensions, ...rest } = await inDatabase(server, { database, user, password }, (client) =>
    all(client, tenantQueries),
  );
  return {
    ...(rest as unknown as Omit<TenantCatalog, "extensions">),
    extensions: (extensions as { name: string }[]).map(({ name }) => name),
  };
}

/** Sends several statements at once, as one query and one transaction, and names their rows. */
async function all<K extends string>(
  client: { query(text: string): Promise<unknown> },
  statements: Readonly<Record<K, string>>,
): Promise<Record<K, unknown[]>> {
  const results = (await client.query(Object.values<string>(statements).join(";\n"))) as QueryResult[];
  return Object.fromEntries(
    Object.keys(statements).map((key, at) => [key, results[at]?.rows ?? []]),
  ) as Record<K, unknown[]>;
}

/** `255.255.240.0` → 20; of IPv6 likewise, where the notation of a mask leaves out only zeros. */
function prefixLength(netmask: string): number {
  const groups = netmask.includes(":")
    ? netmask.split(":").map((group) => parseInt(group || "0", 16))
    : netmask.split(".").map(Number);
  return groups.reduce((sum, group) => sum + group.toString(2).replaceAll("0", "").length, 0);
}
