import { parseMark, type Owner } from "../../config/names";
import type {
  CatalogGrant,
  CatalogRole,
  HbaLine,
  RoleSetting,
  ServerCatalog,
  TenantCatalog,
} from "../../inventory/catalogs";
import type { Facts, GrantFact, HbaFact, RoleFact } from "../../policies/rules/facts";
import { verifierKind } from "./passwords";

/** What PostgreSQL's catalogs tell, as facts. */

/** What is known of stored passwords, by role. Both are empty where nobody could look. */
export interface KnownPasswords {
  /** What the server keeps; null where a role has none. */
  readonly verifiers: ReadonlyMap<string, string | null>;
  /** Whether that is still the one that was given out. */
  readonly asGiven: ReadonlyMap<string, boolean>;
}

export type ServerFacts = Pick<Facts, "role" | "membership" | "database" | "grant" | "setting" | "session">;

export function serverFacts(catalog: ServerCatalog, passwords: KnownPasswords): ServerFacts {
  const owners = ownersOf(catalog);
  return {
    role: catalog.roles.map((role) => roleFact(role, catalog.roleSettings, passwords)),
    membership: catalog.memberships.map(({ member, ...rest }) => ({
      name: member,
      owner: owners.roles.get(member),
      unknown: [],
      ...rest,
    })),
    database: catalog.databases.map(({ mark, ...database }) => ({
      ...database,
      owner: parseMark(mark),
      unknown: [],
    })),
    grant: catalog.grants.map((grant) => grantFact(grant, grant.object, owners)),
    setting: catalog.settings.map((setting) => ({ ...setting, owner: undefined, unknown: [] })),
    // Where the provisioner may not see the particulars, the catalog tells the names alone: that is not "without TLS".
    session: catalog.seesSessions
      ? catalog.sessions.map(({ role, address, ...rest }) => ({
          ...rest,
          name: role,
          owner: owners.roles.get(role),
          unknown: [],
          address: address ?? undefined,
        }))
      : [],
  };
}

export type TenantFacts = Pick<Facts, "grant" | "extension" | "function">;

/** @param database whose catalog it is */
export function tenantFacts(database: string, found: TenantCatalog, server: ServerCatalog): TenantFacts {
  const owners = ownersOf(server);
  const owner = owners.databases.get(database);
  return {
    grant: found.grants.map((grant) => grantFact(grant, database, owners)),
    extension: found.extensions.map((name) => ({ name, owner, unknown: [], database })),
    function: found.functions.map((one) => ({ ...one, owner, unknown: [], database })),
  };
}

export const hbaFact = (line: HbaLine, order: number): HbaFact => ({
  name: `${line.file}:${line.line}`,
  owner: undefined,
  unknown: [],
  order,
  type: line.type ?? "",
  databases: line.databases ?? [],
  users: line.users ?? [],
  address: line.address ?? undefined,
  method: line.method ?? "",
  error: line.error ?? undefined,
});

interface Owners {
  readonly roles: ReadonlyMap<string, Owner>;
  readonly databases: ReadonlyMap<string, Owner>;
}

function ownersOf({ roles, databases }: Pick<ServerCatalog, "roles" | "databases">): Owners {
  const byName = (list: readonly { readonly name: string; readonly mark: string | null }[]) =>
    new Map(
      list.flatMap(({ name, mark }) => {
        const owner = parseMark(mark);
        return owner ? [[name, owner] as const] : [];
      }),
    );
  return { roles: byName(roles), databases: byName(databases) };
}

/** It concerns the substation whose database it is in; elsewhere the one whose role has it. */
const grantFact = (
  { on, grantee, object, privileges, grantable }: CatalogGrant,
  database: string,
  { roles, databases }: Owners,
): GrantFact => ({
  name: grantee,
  owner: databases.get(database) ?? roles.get(grantee),
  unknown: [],
  database,
  on: on as GrantFact["on"],
  object,
  privileges,
  grantable,
});

function roleFact(
  role: CatalogRole,
  settings: readonly RoleSetting[],
  { verifiers, asGiven }: KnownPasswords,
): RoleFact {
  const { mark, bootstrap, name, ...attributes } = role;
  const setting = effectiveSettings(name, settings);
  return {
    ...attributes,
    name,
    owner: parseMark(mark),
    unknown: [],
    statementTimeoutMs: milliseconds(setting.get("statement_timeout")),
    idleTransactionTimeoutMs: milliseconds(setting.get("idle_in_transaction_session_timeout")),
    searchPath: (setting.get("search_path") ?? "")
      .split(",")
      .map((schema) => schema.trim().replace(/^"(.*)"$/, "$1"))
      .filter((schema) => schema !== ""),
    live: {
      password: verifierKind(verifiers.get(name)),
      passwordAsGiven: asGiven.get(name),
      bootstrap,
    },
  };
}

/**
 * The settings that a session of a role starts with. Those for the role in one database hide those for the role, wherever that database is: a tenant has but one. They
 * hide those for everybody.
 */
function effectiveSettings(role: string, all: readonly RoleSetting[]): ReadonlyMap<string, string> {
  const rank = (one: RoleSetting) => (one.role === null ? 0 : one.database === null ? 1 : 2);
  const pairs = all
    .filter((one) => one.role === role || (one.role === null && one.database === null))
    .sort((a, b) => rank(a) - rank(b))
    .flatMap(({ settings }) => settings)
    .map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)] as const);
  return new Map(pairs);
}

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  "": 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as PostgreSQL lets it be written: `5000`, `5s`, `1min`. Undefined where it is none, which no rule lets pass. */
export function milliseconds(text: string | undefined): number | undefined {
  const [, value, unit = ""] = /^\s*([\d.]+)\s*(us|ms|s|min|h|d)?\s*$/.exec(text ?? "") ?? [];
  return value === undefined ? undefined : Number(value) * (unitMs[unit] ?? NaN);
}
