import { rule } from "./rule";

/** Rules about PostgreSQL's own catalogs that show, inside one database, something of the others. */

/** What each shows, by the name that a fact has it under. */
const shows: Readonly<Record<string, string>> = {
  "pg_catalog.pg_shdescription": "the marks of all substations",
  "pg_catalog.pg_stat_get_db_*": "how much each database is used",
};

/** PUBLIC's rights on these are initdb's, and told all the same. */
export const showsNeighbours = (object: string): boolean => Object.hasOwn(shows, object);

export const grantNeighbours = rule("grant", {
  id: "grant-neighbours",
  severity: "medium",
  description:
    "Checks that a substation cannot read from within its database which others there are, and how much traffic they have.",
  references: ["P14"],
  remedy:
    'Run the SQL of docs/platform.md, section "What tenants see of each other", as a superuser, in template0 and in each substation\'s database. A managed server without a superuser cannot be mended.',
  *check({ name, object, database, privileges }) {
    if (name === "public" && showsNeighbours(object) && privileges.length > 0)
      yield `PUBLIC must not be able to read ${object} in database ${database}: it shows ${shows[object]}`;
  },
});

export const catalogRules = [grantNeighbours];
