import { appRole, databaseName, migrateRole, parseMark } from "../../config/names";
import type { DatabaseServer } from "../../config/platform";
import { mapBounded } from "../../inventory/bounded";
import {
  hbaLines,
  roleVerifiers,
  serverCatalog,
  tenantCatalog,
  type CatalogDatabase,
  type ServerCatalog,
} from "../../inventory/catalogs";
import type { FactKind, Facts } from "../../policies/rules/facts";
import type { ExpectedSubstation } from "../../policies/rules/intent";
import { looksLikeTenant } from "../../policies/rules/tenants";
import { hbaFact, serverFacts, tenantFacts, type ServerFacts, type TenantFacts } from "./database-facts";
import type { Looks } from "./looks";
import { compare, type Given } from "./passwords";

/** Connections to databases of substations at one time: the provisioner's own limit, and the server's, must hold more. */
const concurrency = 4;

export interface ServerSeen {
  readonly facts: ServerFacts & TenantFacts & Pick<Facts, "hba">;
  /** What there is for substations to share; undefined where that cannot be told. */
  readonly connections: number | undefined;
}

/** Of its own kinds alone: it is laid over the facts of others. */
export const nothingSeen: ServerSeen = {
  facts: {
    role: [],
    membership: [],
    database: [],
    grant: [],
    extension: [],
    function: [],
    hba: [],
    setting: [],
    session: [],
  },
  connections: undefined,
};

/** What a server is needed for. The inside of a substation's database has more of some. */
export const serverKinds = [
  ..."role membership database grant extension function hba setting session".split(" "),
] as readonly FactKind[];
const tenantKinds = ["grant", "extension", "function"] as const;

/** What the audit asks of an operator, whose server was not prepared by us. */
const prepare = () =>
  'Run the SQL of docs/platform.md, section "The database server", once as a superuser in database postgres.';

/**
 * What the database server shows. A query for the server, one each for pg_hba.conf and the stored passwords, and one for each substation's database.
 * @param wanted substations whose databases are looked into
 */
export async function lookAtServer(
  server: DatabaseServer,
  platform: string,
  wanted: readonly ExpectedSubstation[] | undefined,
  given: Promise<Given>,
  looks: Looks,
): Promise<ServerSeen> {
  const where = `${server.host}:${server.port}`;
  const catalog = await looks.at(`the database server at ${where}`, serverKinds, serverCatalog(server));
  if (!catalog) return nothingSeen;
  const [hba, verifiers] = await Promise.all([
    looks.at(`pg_hba.conf of ${where}`, ["hba"], hbaLines(server), prepare),
    looks.at(`stored passwords on ${where}`, [], roleVerifiers(server), prepare),
  ]);
  if (!catalog.seesSessions)
    looks.miss(
      `sessions on ${where}`,
      ["session"],
      `${server.user} is no member of pg_read_all_stats. ${prepare()}`,
    );
  const databases = catalog.databases.filter((database) => isTenant(database, platform, wanted));
  const inside = mapBounded(concurrency, databases, async ({ name }) => {
    const found = await looks.at(`the inside of database ${name}`, tenantKinds, tenantCatalog(server, name));
    return found && tenantFacts(name, found, catalog);
  });
  const passwords = await given;
  const asGiven = verifiers ? await compare(passwords.passwords, verifiers) : new Map<string, boolean>();
  if (verifiers) missPasswords(passwords, catalog, verifiers, looks);
  const all = serverFacts(catalog, { verifiers: verifiers ?? new Map(), asGiven });
  const tenants = (await inside).filter((found) => found !== undefined);
  return {
    facts: {
      ...all,
      grant: [...all.grant, ...tenants.flatMap(({ grant }) => grant)],
      extension: tenants.flatMap(({ extension }) => extension),
      function: tenants.flatMap((found) => found.function),
      hba: (hba ?? []).map(hbaFact),
    },
    connections: connectionsOf(catalog),
  };
}

function isTenant(
  { name, mark }: CatalogDatabase,
  platform: string,
  wanted: readonly ExpectedSubstation[] | undefined,
): boolean {
  if (wanted) return wanted.some(({ owner }) => databaseName(owner.platform, owner.id) === name);
  const owner = parseMark(mark);
  return owner ? owner.platform === platform : looksLikeTenant(name);
}

/** Roles of which nobody can say whether their passwords are still those that were given out. */
function missPasswords(
  { passwords, substations }: Given,
  { roles }: ServerCatalog,
  verifiers: ReadonlyMap<string, string | null>,
  looks: Looks,
): void {
  const live = new Set(roles.map(({ name }) => name));
  for (const { owner } of substations) {
    const database = databaseName(owner.platform, owner.id);
    for (const role of [migrateRole(database), appRole(database)].filter((name) => live.has(name))) {
      const what = `the password of role ${role} of ${owner.id}`;
      if (!verifiers.has(role))
        looks.miss(what, [], "The provisioner does not administer the role: somebody else made it.");
      else if (!passwords.has(role))
        looks.miss(
          what,
          [],
          `The state of stack ${owner.group} does not have the role: run "substation repair ${owner.group}".`,
        );
    }
  }
}

/** Those that are not kept for superusers and the main station. */
function connectionsOf({ settings }: ServerCatalog): number | undefined {
  const value = (name: string) => Number(settings.find((one) => one.name === name)?.value);
  const left =
    value("max_connections") - value("superuser_reserved_connections") - value("reserved_connections");
  return Number.isNaN(left) ? undefined : left;
}
