import { catalogRules } from "./catalog";
import { grantRules } from "./grant";
import { finds, passes, testCases } from "./testing-cases";
import { database1, grant } from "./testing-database";

const everybodys = (on: "table" | "function", object: string, ...privileges: string[]) =>
  grant({ on, object, name: "public", privileges });
const marks = everybodys("table", "pg_catalog.pg_shdescription", "SELECT");
const counters = everybodys("function", "pg_catalog.pg_stat_get_db_*", "EXECUTE");
const id = "grant-neighbours";

testCases(catalogRules, [
  finds(
    id,
    "marks that everybody can read",
    { grant: [marks] },
    `PUBLIC must not be able to read pg_catalog.pg_shdescription in database ${database1}: it shows the marks of all substations`,
  ),
  finds(
    id,
    "counters that everybody can read",
    { grant: [counters] },
    `PUBLIC must not be able to read pg_catalog.pg_stat_get_db_* in database ${database1}: it shows how much each database is used`,
  ),
  passes(id, "other catalogs", { grant: [everybodys("table", "pg_catalog.pg_class", "SELECT")] }),
  passes(id, "rights that are taken away", { grant: [{ ...marks, privileges: [] }] }),
]);

describe("what everybody can read is told by one rule alone, what a role was given by others", () => {
  testCases(
    grantRules.filter((rule) => ["grant-objects", "grant-catalog"].includes(rule.id)),
    [
      passes("grant-objects", "PUBLIC's", { grant: [marks, counters] }),
      passes("grant-catalog", "PUBLIC's", { grant: [marks, counters] }),
      finds(
        "grant-objects",
        "a stranger's",
        { grant: [{ ...marks, name: "stranger" }] },
        `Role stranger must have no right on table pg_catalog.pg_shdescription of database ${database1} but has SELECT`,
      ),
      finds(
        "grant-catalog",
        "a substation's",
        { grant: [{ ...marks, name: database1 }] },
        `Role ${database1} must have no right of its own on table pg_catalog.pg_shdescription of database ${database1} but has SELECT`,
      ),
    ],
  );
});
