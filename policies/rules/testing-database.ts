import { appRole, databaseName, mark, migrateRole, type Owner } from "../../config/names";
import type {
  DatabaseFact,
  ExtensionFact,
  FunctionFact,
  GrantFact,
  HbaFact,
  MembershipFact,
  ProviderFact,
  RecordFact,
  RoleFact,
  SecretFact,
  SessionFact,
  SettingFact,
  StepFact,
} from "./facts";
import { hostOf, intent, limits, neighbour, owner } from "./testing";

/** The same as in testing.ts, of databases, records, secrets and steps. */

export const { provisioner } = intent().platform;

export const databaseOf = (of: Owner): string => databaseName(of.platform, of.id);

export const database1 = databaseOf(owner);
export const [app1, migrate1] = [appRole(database1), migrateRole(database1)];
export const database2 = databaseOf(neighbour);
export const app2 = appRole(database2);

const nobodys = { owner: undefined, unknown: [] } as const;

/** The shop's role, as far as a plan and a server tell the same of it. */
export const role = (change: Partial<RoleFact> = {}, of = owner): RoleFact => ({
  name: appRole(databaseOf(of)),
  owner: of,
  unknown: [],
  login: true,
  superuser: false,
  createDatabase: false,
  createRole: false,
  replication: false,
  bypassRowSecurity: false,
  connectionLimit: 2 * limits.databaseConnections,
  statementTimeoutMs: limits.statementTimeoutMs,
  idleTransactionTimeoutMs: limits.idleTransactionTimeoutMs,
  searchPath: ["shop"],
  ...change,
});

/** The role that migrates. */
export const migrator = (change: Partial<RoleFact> = {}): RoleFact =>
  role({
    name: migrate1,
    connectionLimit: 2,
    statementTimeoutMs: 0,
    idleTransactionTimeoutMs: 0,
    ...change,
  });

/** The role that is named like the database. */
export const group = (change: Partial<RoleFact> = {}): RoleFact =>
  role({
    name: database1,
    login: false,
    connectionLimit: -1,
    statementTimeoutMs: 0,
    idleTransactionTimeoutMs: 0,
    searchPath: [],
    ...change,
  });

export const planned = { protected: true, password: true, passwordSecret: undefined } as const;
export const live = { password: "scram-sha-256", passwordAsGiven: true, bootstrap: false } as const;

/** A role that is no substation's. */
export const otherRole = (change: Partial<RoleFact> & Pick<RoleFact, "name">): RoleFact => ({
  ...role({ ...nobodys, searchPath: [], live: { password: undefined, passwordAsGiven: undefined } }),
  connectionLimit: -1,
  ...change,
});

export const provisionerRole = (change: Partial<RoleFact> = {}): RoleFact =>
  otherRole({
    name: provisioner,
    createDatabase: true,
    createRole: true,
    connectionLimit: 40,
    searchPath: ["pg_catalog", "pg_temp"],
    ...change,
  });

/** The shop's role in its group. */
export const membership = (change: Partial<MembershipFact> = {}): MembershipFact => ({
  name: app1,
  ...nobodys,
  role: database1,
  admin: false,
  inherit: true,
  set: true,
  through: [],
  ...change,
});

/** What PostgreSQL gives to the provisioner with a role that it makes. */
export const administers = (change: Partial<MembershipFact> = {}): MembershipFact =>
  membership({ name: provisioner, admin: true, inherit: false, set: false, ...change });

/** As the server has it. */
export const database = (change: Partial<DatabaseFact> = {}, of = owner): DatabaseFact => ({
  name: databaseOf(of),
  owner: of,
  unknown: [],
  ownedBy: provisioner,
  connectionLimit: 2 * limits.databaseConnections + 2,
  allowConnections: true,
  isTemplate: false,
  ...change,
});

/** As a plan makes it. */
export const plannedDatabase = (
  change: Partial<DatabaseFact> = {},
  plan: Partial<NonNullable<DatabaseFact["plan"]>> = {},
): DatabaseFact =>
  database({
    ownedBy: undefined,
    allowConnections: false,
    plan: {
      protected: true,
      ignored: ["allowConnections", "template", "encoding", "lcCollate", "lcCtype"],
      template: "template0",
      ...plan,
    },
    ...change,
  });

/** The group's right to connect. */
export const grant = (change: Partial<GrantFact> = {}): GrantFact => ({
  name: database1,
  ...nobodys,
  database: database1,
  on: "database",
  object: database1,
  privileges: ["CONNECT"],
  grantable: false,
  ...change,
});

export const extension = (change: Partial<ExtensionFact> = {}): ExtensionFact => ({
  name: "plpgsql",
  ...nobodys,
  database: database1,
  ...change,
});

/** One that runs as the role that migrates. */
export const definer = (change: Partial<FunctionFact> = {}): FunctionFact => ({
  name: "shop.settle",
  ...nobodys,
  database: database1,
  ownedBy: migrate1,
  ownedBySuperuser: false,
  securityDefiner: true,
  language: "plpgsql",
  trustedLanguage: true,
  ...change,
});

/** Lines of pg_hba.conf, each as it stands there: "hostssl samerole all 10.0.0.0/8 scram-sha-256". */
export const hba = (...lines: readonly string[]): HbaFact[] =>
  lines.map((text, at) => {
    const [type = "", databases = "", users = "", ...rest] = text.split(/\s+/);
    const [address, method = ""] = type === "local" ? [undefined, rest[0]] : rest;
    return {
      name: `pg_hba.conf:${at + 1}`,
      ...nobodys,
      order: at + 1,
      type,
      databases: databases.split(","),
      users: users.split(","),
      address,
      method,
      error: undefined,
    };
  });

export const setting = (name: string, value: string): SettingFact => ({ name, value, ...nobodys });

/** As PostgreSQL 18 tells them, of a server that is set up as ours. */
export const settings: readonly SettingFact[] = [
  setting("ssl", "on"),
  setting("ssl_min_protocol_version", "TLSv1.3"),
  setting("password_encryption", "scram-sha-256"),
  setting("log_connections", "authentication,authorization"),
  setting("log_disconnections", "on"),
  setting("log_statement", "none"),
  setting("temp_file_limit", "1048576"),
  setting("superuser_reserved_connections", "5"),
  setting("reserved_connections", "20"),
];

export const session = (change: Partial<SessionFact> = {}): SessionFact => ({
  name: app1,
  ...nobodys,
  database: database1,
  address: "10.87.0.7",
  tls: true,
  ...change,
});

export const record = (change: Partial<RecordFact> = {}, of = owner): RecordFact => ({
  name: hostOf(of),
  owner: of,
  unknown: [],
  type: "A",
  content: intent().platform.ingressAddress,
  proxied: false,
  ttl: 60,
  comment: mark(of),
  ...change,
});

/** A record that no substation has. */
export const strange = (
  change: Partial<RecordFact> & Pick<RecordFact, "name" | "type" | "content">,
): RecordFact => ({
  ...record({ owner: undefined, comment: undefined }),
  ...change,
});

export const secret = (change: Partial<SecretFact> = {}): SecretFact => ({
  name: `${owner.id}-root`,
  owner,
  unknown: [],
  length: 64,
  ...change,
});

/** @param settings replace the good ones of that package */
export const provider = (
  of: keyof typeof providerSettings,
  settings: ProviderFact["settings"] = {},
): ProviderFact => ({
  name: of,
  ...nobodys,
  package: of,
  settings: { ...providerSettings[of], ...settings },
});

const providerSettings = {
  postgresql: {
    username: provisioner,
    sslmode: "verify-full",
    superuser: false,
    maxConnections: 8,
    password: "[secret]",
  },
  docker: {},
  cloudflare: { apiToken: "[secret]" },
} as const;

/** A step on a part of a substation. */
export const step = (op: string, type: string, name: string, of: Owner | undefined = owner): StepFact => ({
  name,
  owner: of,
  unknown: [],
  op,
  type,
  urn: `urn:pulumi:demo::substation::substation:index:Substation$${type}::${name}`,
  object: undefined,
});
