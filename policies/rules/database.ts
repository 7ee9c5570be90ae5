import type { DatabaseFact } from "./facts";
import { known } from "./known";
import { rule, type Rule } from "./rule";
import { connectionLimits, looksLikeTenant, markFaults, nameFaults, seen, substationOf } from "./tenants";

const tenant = ({ name, owner }: DatabaseFact): boolean => owner !== undefined || looksLikeTenant(name);

/** A change of one of these makes the provider drop the database and make a new one. */
const replacing = ["template", "encoding", "lcCollate", "lcCtype"];

export const databaseKnown = known("database", "Database");

export const databaseOpaqueName = rule("database", {
  id: "database-name",
  severity: "critical",
  description:
    "Checks that a database that is, or looks like, a substation's has the opaque name that follows from its owner.",
  references: ["P14", "P13"],
  remedy: "Find out who made it. A plan makes the databases of substations that have a file, and no others.",
  check: (database, intent) => nameFaults("Database", database, database.plan !== undefined, intent),
});

export const databaseMark = rule("database", {
  id: "database-mark",
  severity: "medium",
  description: "Checks that a live database of a substation carries its owner's mark as its comment.",
  references: ["P14"],
  remedy: "Put the mark back: COMMENT ON DATABASE … IS 'substation <platform>/<group>/<id>'.",
  *check(database, intent) {
    if (!database.plan) yield* markFaults("Database", database, intent);
  },
});

export const databaseOwner = rule("database", {
  id: "database-owner",
  severity: "critical",
  description:
    "Checks that the provisioner owns a substation's database: an owner may drop it, and let others in.",
  references: ["P03"],
  remedy: "ALTER DATABASE … OWNER TO the provisioner; in a plan, leave `owner` unset.",
  *check(database, { platform }) {
    const { name, ownedBy, plan } = database;
    if (!tenant(database)) {
      if (ownedBy !== undefined && looksLikeTenant(ownedBy))
        yield `Database ${name} must not be owned by a substation's role but is by ${ownedBy}`;
    } else if (ownedBy !== platform.provisioner && !(plan && ownedBy === undefined))
      yield `Database ${name} must be owned by ${platform.provisioner} but is by ${seen(ownedBy)}`;
  },
});

export const databaseConnectionLimit = rule("database", {
  id: "database-connection-limit",
  severity: "high",
  description: "Checks that a substation's database takes no more connections than its tier gives.",
  references: ["P09", "CIS PostgreSQL 5.5"],
  remedy: "ALTER DATABASE … CONNECTION LIMIT; `up` of the group sets what the file asks for.",
  *check(database, intent) {
    if (!tenant(database)) return;
    const { name, connectionLimit: limit } = database;
    const limits = substationOf(name, intent)?.limits;
    const most = limits ? connectionLimits(limits).database : Infinity;
    if (limit === undefined || limit < 1 || limit > most)
      yield `Database ${name} must have a connection limit ${limits ? `from 1 to ${most}` : "of its own"} but has ${seen(limit)}`;
  },
});

export const databaseClosed = rule("database", {
  id: "database-closed",
  severity: "high",
  description:
    "Checks that a plan makes a database closed, and leaves it to the hook that shuts strangers out to open it.",
  references: ["P05"],
  remedy: 'Set `allowConnections: false` and `ignoreChanges: ["allowConnections"]`.',
  *check({ name, allowConnections, plan }) {
    // With the changes ignored, a plan of what stands has the value that the server has: true.
    if (plan && !plan.ignored.includes("allowConnections"))
      yield allowConnections === false
        ? `Database ${name} must not be closed again once it is open: changes of allowConnections must be ignored`
        : `Database ${name} must be made closed: nobody may connect before PUBLIC's rights are taken away`;
  },
});

export const databaseReplacement = rule("database", {
  id: "database-replacement",
  severity: "critical",
  description: "Checks that no change of the program can make the provider drop a database and make it anew.",
  references: ["P20"],
  remedy: `Ignore changes of ${replacing.join(", ")}.`,
  *check({ name, plan }) {
    const missing = plan ? replacing.filter((property) => !plan.ignored.includes(property)) : [];
    if (missing.length > 0)
      yield `Database ${name} must ignore changes of ${missing.join(", ")}, each of which would replace it`;
  },
});

export const databaseProtected = rule("database", {
  id: "database-protected",
  severity: "critical",
  description: "Checks that a plan protects the databases of substations.",
  references: ["P20", "X02"],
  remedy: "Set `protect: true`. docs/closing.md says how a substation is closed.",
  *check({ name, plan }) {
    if (plan && !plan.protected) yield `Database ${name} must be protected`;
  },
});

export const databaseTemplate = rule("database", {
  id: "database-template",
  severity: "high",
  description:
    "Checks that a substation's database is made from template0, and that nobody can make copies of it.",
  references: ["P04", "P08"],
  remedy: "Set `template: template0` and leave `isTemplate` unset; ALTER DATABASE … IS_TEMPLATE false.",
  *check(database) {
    const { name, isTemplate, plan } = database;
    if (!tenant(database)) return;
    if (plan && plan.template !== "template0")
      yield `Database ${name} must be made from template0, which nobody can have changed, not from ${plan.template ?? "the provider's choice"}`;
    if (isTemplate)
      yield `Database ${name} must not be a template: whoever may create databases could copy it`;
  },
});

export const databaseTemplate0 = rule("database", {
  id: "database-template0",
  severity: "medium",
  description:
    "Checks that nobody can connect to template0, from which the databases of substations are made.",
  references: ["P04"],
  remedy: "ALTER DATABASE template0 ALLOW_CONNECTIONS false, after a look at what was put into it.",
  *check({ name, allowConnections }) {
    if (name === "template0" && allowConnections !== false)
      yield `Database ${name} must allow no connections: what is put into it is in every database that is made from it`;
  },
});

export const databaseRules: readonly Rule[] = [
  databaseKnown,
  databaseOpaqueName,
  databaseMark,
  databaseOwner,
  databaseConnectionLimit,
  databaseClosed,
  databaseReplacement,
  databaseProtected,
  databaseTemplate,
  databaseTemplate0,
];
