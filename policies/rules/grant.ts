import { databaseName, migrateRole } from "../../config/names";
import { showsNeighbours } from "./catalog";
import type { GrantFact } from "./facts";
import { known } from "./known";
import { rule, type Rule } from "./rule";
import { looksLikeTenant, parseTenantName } from "./tenants";

/** Rules about rights on databases, and on what is in a substation's. */

const everybody = "public";

const who = (name: string): string => (name === everybody ? "PUBLIC" : `Role ${name}`);

const what = ({ on, object, database }: GrantFact): string =>
  on === "database" ? `database ${database}` : `${on} ${object} of database ${database}`;

const has = ({ privileges }: GrantFact): string => privileges.join(", ") || "none";

/** The database that alone may concern the one who has the right; undefined where he is no substation's. */
function ownDatabase({ name, owner }: GrantFact): string | undefined {
  if (looksLikeTenant(name)) return parseTenantName(name)?.database ?? "none";
  return owner && databaseName(owner.platform, owner.id);
}

const remedy = "REVOKE it, and find out who granted it.";

export const grantKnown = known("grant", "Grant");

export const grantPublicDatabase = rule("grant", {
  id: "grant-public-database",
  severity: "critical",
  description:
    "Checks that PUBLIC, which is every role, has no right on any database that can be connected to.",
  references: ["P04", "CIS PostgreSQL 4.6"],
  remedy: "REVOKE ALL ON DATABASE … FROM PUBLIC: also of postgres, template1 and the main station's.",
  *check(grant) {
    // initdb lets everybody into template0 by right, and nobody in fact: `database-template0` sees to that.
    if (
      grant.name === everybody &&
      grant.on === "database" &&
      grant.database !== "template0" &&
      has(grant) !== "none"
    )
      yield `PUBLIC must have no right on ${what(grant)} but has ${has(grant)}`;
  },
});

export const grantForeign = rule("grant", {
  id: "grant-foreign",
  severity: "critical",
  description:
    "Checks that a substation has rights in its own database alone: none in a neighbour's, none in the main station's.",
  references: ["P17", "CIS PostgreSQL 4.6"],
  remedy,
  *check(grant) {
    const own = ownDatabase(grant);
    if (own !== undefined && own !== grant.database)
      yield `${who(grant.name)} must have no right outside the substation's own database but is granted ${has(grant)} on ${what(grant)}`;
  },
});

export const grantDatabase = rule("grant", {
  id: "grant-database",
  severity: "critical",
  description:
    "Checks that on a substation's database its group may connect, its migration create a schema, and nobody anything else.",
  references: ["P03", "P04", "P18"],
  remedy,
  *check(grant, { platform }) {
    const { name, on, database, privileges } = grant;
    if (on !== "database" || !looksLikeTenant(database)) return;
    const foreign = looksLikeTenant(name) && ownDatabase(grant) !== database;
    // The provisioner owns it; the others have rules of their own.
    if (name === everybody || name === platform.provisioner || foreign) return;
    const allowed = name === database ? "CONNECT" : name === migrateRole(database) ? "CREATE" : undefined;
    const more = privileges.filter((privilege) => privilege !== allowed);
    if (more.length > 0)
      yield `Role ${name} must have ${allowed ? `no right but ${allowed}` : "no right"} on ${what(grant)} but has ${more.join(", ")}`;
  },
});

export const grantOption = rule("grant", {
  id: "grant-option",
  severity: "high",
  description: "Checks that a substation's roles cannot pass their rights on.",
  references: ["P02", "P18"],
  remedy: "REVOKE GRANT OPTION FOR …, and find out who granted it.",
  *check(grant) {
    if (looksLikeTenant(grant.name) && grant.grantable)
      yield `Role ${grant.name} must not be able to pass on its rights on ${what(grant)}`;
  },
});

export const grantSchemaCreate = rule("grant", {
  id: "grant-schema-create",
  severity: "high",
  description: "Checks that PUBLIC, which is every role, cannot create objects in any schema.",
  references: ["P06", "CIS PostgreSQL 4.10"],
  remedy: "REVOKE CREATE ON SCHEMA … FROM PUBLIC.",
  *check(grant) {
    if (grant.name === everybody && grant.on === "schema" && grant.privileges.includes("CREATE"))
      yield `PUBLIC must not be able to create objects in ${what(grant)}`;
  },
});

export const grantObjects = rule("grant", {
  id: "grant-objects",
  severity: "high",
  description: "Checks that nobody but a substation's own roles has rights on what is in its database.",
  references: ["P17", "CIS PostgreSQL 4.6"],
  remedy,
  *check(grant, { platform }) {
    const { name, on, object, database } = grant;
    if (on === "database" || !looksLikeTenant(database) || looksLikeTenant(name) || has(grant) === "none")
      return;
    if (name === platform.provisioner) return;
    if (name === "pg_database_owner" && on === "schema" && object === "public") return; // the provisioner, by another name
    if (name === everybody && publicMay(grant)) return;
    yield `${who(name)} must have no right on ${what(grant)} but has ${has(grant)}`;
  },
});

/** What PostgreSQL gives everybody, and what does no harm in a database that no stranger can connect to; default privileges have a rule of their own. */
function publicMay({ on, object, privileges }: GrantFact): boolean {
  if (showsNeighbours(object)) return true; // `grant-neighbours` sees to that
  if (on === "default function" || on === "default type") return true;
  if (on === "function") return !isCatalog(object);
  // CREATE in a schema has a rule of its own.
  if (on === "schema" && object === "public")
    return privileges.every((privilege) => ["USAGE", "CREATE"].includes(privilege));
  return on === "other" && privileges.every((privilege) => privilege === "USAGE");
}

const isCatalog = (object: string): boolean =>
  /^(?:pg_catalog|information_schema|pg_toast)(?:\.|$)/.test(object);

export const grantCatalog = rule("grant", {
  id: "grant-catalog",
  severity: "critical",
  description:
    "Checks that a substation's roles were given nothing on the system's own objects, such as functions that read the server's files.",
  references: ["P02", "P17", "CIS PostgreSQL 4.5"],
  remedy,
  *check(grant) {
    if (looksLikeTenant(grant.name) && isCatalog(grant.object) && has(grant) !== "none")
      yield `Role ${grant.name} must have no right of its own on ${what(grant)} but has ${has(grant)}`;
  },
});

export const grantDefault = rule("grant", {
  id: "grant-default",
  severity: "low",
  description:
    "Checks that functions and types which a migration will make are not everybody's from the start.",
  references: ["P07", "CIS PostgreSQL 4.5"],
  remedy:
    "Let the image's migration say ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC, and USAGE ON TYPES (docs/image-contract.md).",
  *check(grant) {
    const { name, on, object, database } = grant;
    if ((on === "default function" || on === "default type") && name === everybody && has(grant) !== "none")
      yield `Role ${object} must give PUBLIC no right on each new ${on.replace("default ", "")} in database ${database}, and gives ${has(grant)}`;
  },
});

export const grantRules: readonly Rule[] = [
  grantKnown,
  grantPublicDatabase,
  grantForeign,
  grantDatabase,
  grantOption,
  grantSchemaCreate,
  grantObjects,
  grantCatalog,
  grantDefault,
];
