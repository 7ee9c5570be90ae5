import { known } from "./known";
import { rule, type Rule } from "./rule";
import { looksLikeTenant, rolesOf } from "./tenants";

/** Rules about code in the databases of substations: whose rights it runs with, and whether it can leave the database. */

/**
 * Extensions that a shop may have, and why each does no harm: none reads files, opens connections, runs programs, or brings a language. PostgreSQL trusts more than these
 * (https://www.postgresql.org/docs/current/contrib.html); one is added here when a shop needs it and somebody has read it.
 */
const harmless: Readonly<Record<string, string>> = {
  plpgsql: "in every database from the start; a trusted language",
  btree_gin: "operator classes",
  btree_gist: "operator classes",
  citext: "a data type",
  hstore: "a data type",
  ltree: "a data type",
  pg_trgm: "text search by similarity",
  pgcrypto: "hashes and ciphers, computed from arguments",
  unaccent: "a text search dictionary; its rule files are the server's own",
  "uuid-ossp": "identifiers",
};

export const extensionKnown = known("extension", "Extension");

export const extensionAllowed = rule("extension", {
  id: "extension-allowed",
  severity: "high",
  description: "Checks that a substation's database has no extension that could reach out of it.",
  references: ["P08", "CIS PostgreSQL 1.8"],
  remedy: `DROP EXTENSION … Known to be harmless are ${Object.keys(harmless).join(", ")}.`,
  *check({ name, database }) {
    if (looksLikeTenant(database) && !Object.hasOwn(harmless, name))
      yield `Extension ${name} must not be in database ${database}: it is not known to be harmless`;
  },
});

export const functionKnown = known("function", "Function");

export const functionDefiner = rule("function", {
  id: "function-definer",
  severity: "critical",
  description:
    "Checks that no function in a substation's database runs with the rights of a superuser, or of anybody but the substation.",
  references: ["P08", "CIS PostgreSQL 4.5"],
  remedy: "DROP FUNCTION …, and find out who made it.",
  *check({ name, database, securityDefiner, ownedBy, ownedBySuperuser }) {
    if (!looksLikeTenant(database) || !securityDefiner) return;
    if (ownedBySuperuser || !rolesOf(database).includes(ownedBy))
      yield `Function ${name} in database ${database} must not run with the rights of ${ownedBy}${ownedBySuperuser ? ", a superuser" : ""}`;
  },
});

export const functionLanguage = rule("function", {
  id: "function-language",
  severity: "critical",
  description:
    "Checks that no function in a substation's database is in a language that can leave the database.",
  references: ["P08", "CIS PostgreSQL 1.8"],
  remedy: "DROP FUNCTION …, and find out who made it: only a superuser could.",
  *check({ name, database, language, trustedLanguage }) {
    if (looksLikeTenant(database) && !trustedLanguage)
      yield `Function ${name} in database ${database} must be in a trusted language, not in ${language}`;
  },
});

export const codeRules: readonly Rule[] = [
  extensionKnown,
  extensionAllowed,
  functionKnown,
  functionDefiner,
  functionLanguage,
];
