import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { appRole, databaseName, mark, migrateRole, type Owner } from "../config/names";
import { sealDatabase } from "../inventory/database";
import type { DatabaseServer } from "../config/platform";
import type { Secrets } from "./secrets";

export interface TenantDatabaseArgs {
  readonly owner: Owner;
  readonly server: DatabaseServer;
  readonly provider: postgresql.Provider;
  readonly secrets: Secrets;
  /** Connections that one container of the shop may hold at once. */
  readonly connections: number;
  readonly statementTimeoutMs: number;
  readonly idleTransactionTimeoutMs: number;
}

/** One substation's database and roles, all with opaque names. */
export interface TenantDatabase {
  readonly name: string;
  /** Owns the schema; used by the migration alone. */
  readonly migrateRole: string;
  /** Reads and writes data; used by the shop. */
  readonly appRole: string;
  /** Ready once these exist. */
  readonly ready: readonly pulumi.Resource[];
}

/** The schema that the migration makes and owns, and that the shop's role looks into. */
export const schema = "shop";

/** While one container replaces another, both are connected. */
const servers = 2;

/** Connections of the migration: one that works, one that waits for its lock. */
const migrateConnections = 2;

/**
 * A database that no stranger can connect to, at no moment. It is created closed (`allowConnections: false`). Before its first grant a hook
 * takes away what PostgreSQL gives to PUBLIC, writes the ownership marks and only then opens it, in one transaction; the provider's
 * resources cannot say that in one update. From then on `allowConnections` is left alone.
 *
 * Data is sacred: database and roles are protected, and stay even where a plan deletes them.
 */
export function createTenantDatabase(
  args: TenantDatabaseArgs,
  opts: pulumi.CustomResourceOptions,
): TenantDatabase {
  const { owner, server, provider, secrets } = args;
  const { id } = owner;
  const name = databaseName(owner.platform, id);
  const migrate = migrateRole(name);
  const app = appRole(name);
  const base = { ...opts, provider };
  const kept = { ...base, protect: true, retainOnDelete: true };

  const group = new postgresql.Role(
    `${id}-group`,
    { name, login: false, superuser: false, createDatabase: false, createRole: false, replication: false },
    kept,
  );
  const members = {
    login: true,
    roles: [name],
    superuser: false,
    createDatabase: false,
    createRole: false,
    replication: false,
  };
  const migrator = new postgresql.Role(
    `${id}-migrate`,
    {
      ...members,
      name: migrate,
      password: secrets.migratePassword,
      connectionLimit: migrateConnections,
      searchPaths: [schema],
    },
    { ...kept, dependsOn: group },
  );
  const shop = new postgresql.Role(
    `${id}-app`,
    {
      ...members,
      name: app,
      password: secrets.appPassword,
      connectionLimit: servers * args.connections,
      searchPaths: [schema],
      statementTimeout: args.statementTimeoutMs,
      idleInTransactionSessionTimeout: args.idleTransactionTimeoutMs,
    },
    { ...kept, dependsOn: group },
  );
  const database = new postgresql.Database(
    id,
    {
      name,
      allowConnections: false,
      connectionLimit: servers * args.connections + migrateConnections,
      template: "template0",
      encoding: "UTF8",
    },
    // What would replace a database is never taken from the program; what the hook opened is not closed again.
    {
      ...kept,
      dependsOn: [group, migrator, shop],
      ignoreChanges: ["allowConnections", "template", "encoding", "lcCollate", "lcCtype"],
    },
  );

  const seal = new pulumi.ResourceHook(`${id}-seal`, async () => {
    await sealDatabase(server, { database: name, roles: [name, migrate, app], mark: mark(owner) });
  });
  // One after the other: concurrent grants on one database fail with "tuple concurrently updated" (cyrilgdn/postgresql#178).
  const grantOptions = { ...base, deletedWith: database };
  const grant = (suffix: string, role: string, privileges: string[], more: pulumi.CustomResourceOptions) =>
    new postgresql.Grant(
      `${id}-${suffix}`,
      { database: name, objectType: "database", role, privileges },
      { ...grantOptions, ...more },
    );
  const nobody = grant("public", "public", [], { dependsOn: database, hooks: { beforeCreate: [seal] } });
  const connect = grant("connect", name, ["CONNECT"], { dependsOn: nobody });
  const create = grant("create", migrate, ["CREATE"], { dependsOn: connect });

  return { name, migrateRole: migrate, appRole: app, ready: [create] };
}
