import type { GrantFact } from "./facts";
import { grantRules } from "./grant";
import { owner } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { app1, app2, database1, database2, grant, migrate1, provisioner } from "./testing-database";

const bad = (rule: string, when: string, change: Partial<GrantFact>, says: string) =>
  finds(rule, when, { grant: [grant(change)] }, says);

const on = (kind: GrantFact["on"], object: string, name: string, ...privileges: string[]) =>
  grant({ on: kind, object, name, privileges });

/** What a clean PostgreSQL 18 has of an open substation. */
const good = [
  grant(),
  grant({ name: migrate1, privileges: ["CREATE"] }),
  grant({ name: "public", privileges: [] }),
  grant({ name: provisioner, privileges: ["CREATE", "CONNECT", "TEMPORARY"] }),
  on("schema", "public", "public", "USAGE"),
  on("schema", "public", "pg_database_owner", "USAGE", "CREATE"),
  on("schema", "shop", migrate1, "USAGE", "CREATE"),
  on("schema", "shop", app1, "USAGE"),
  on("table", "shop.notice", app1, "SELECT", "INSERT"),
  on("function", "shop.price", "public", "EXECUTE"),
  on("other", "language plpgsql", "public", "USAGE"),
  on("default function", migrate1, migrate1, "EXECUTE"),
  grant({ name: "public", database: "template0", object: "template0" }),
  grant({ name: provisioner, database: "postgres", object: "postgres" }),
  grant({ name: "main_station", database: "main_station", object: "main_station" }),
];

testCases(grantRules, [
  ...grantRules.flatMap(({ id }) => [
    passes(id, "what PostgreSQL has of a substation", { grant: good }),
    passes(id, "a plan's", { grant: good.slice(0, 3).map((one) => ({ ...one, owner })) }),
  ]),

  bad(
    "grant-known",
    "an unknown input",
    { unknown: ["role"] },
    `Grant ${database1}: role is not known before the update, so it cannot be judged`,
  ),

  ...[database1, "postgres", "template1", "main_station"].map((database) =>
    bad(
      "grant-public-database",
      `a right on ${database}`,
      { name: "public", database, object: database, privileges: ["CONNECT", "TEMPORARY"] },
      `PUBLIC must have no right on database ${database} but has CONNECT, TEMPORARY`,
    ),
  ),

  bad(
    "grant-foreign",
    "a neighbour's right to connect",
    { name: app2 },
    `Role ${app2} must have no right outside the substation's own database but is granted CONNECT on database ${database1}`,
  ),
  bad(
    "grant-foreign",
    "a right on the main station's tables",
    { name: app1, database: "main_station", on: "table", object: "main.orders", privileges: ["UPDATE"] },
    `Role ${app1} must have no right outside the substation's own database but is granted UPDATE on table main.orders of database main_station`,
  ),
  bad(
    "grant-foreign",
    "a twin",
    { name: `${app1}2` },
    `Role ${app1}2 must have no right outside the substation's own database but is granted CONNECT on database ${database1}`,
  ),
  bad(
    "grant-foreign",
    "a grant that a substation makes on another database",
    { name: "public", owner, database: database2, object: database2, privileges: [] },
    `PUBLIC must have no right outside the substation's own database but is granted none on database ${database2}`,
  ),

  bad(
    "grant-database",
    "more than to connect",
    { privileges: ["CONNECT", "TEMPORARY"] },
    `Role ${database1} must have no right but CONNECT on database ${database1} but has TEMPORARY`,
  ),
  bad(
    "grant-database",
    "more than to create",
    { name: migrate1, privileges: ["CREATE", "CONNECT"] },
    `Role ${migrate1} must have no right but CREATE on database ${database1} but has CONNECT`,
  ),
  bad(
    "grant-database",
    "a right of the shop's role",
    { name: app1, privileges: ["CREATE"] },
    `Role ${app1} must have no right on database ${database1} but has CREATE`,
  ),
  bad(
    "grant-database",
    "a stranger",
    { name: "ops" },
    `Role ops must have no right on database ${database1} but has CONNECT`,
  ),

  bad(
    "grant-option",
    "a right that can be passed on",
    { grantable: true },
    `Role ${database1} must not be able to pass on its rights on database ${database1}`,
  ),

  bad(
    "grant-schema-create",
    "everybody",
    { name: "public", on: "schema", object: "public", privileges: ["CREATE", "USAGE"] },
    `PUBLIC must not be able to create objects in schema public of database ${database1}`,
  ),

  bad(
    "grant-objects",
    "a stranger",
    { name: "ops", on: "table", object: "shop.notice", privileges: ["SELECT"] },
    `Role ops must have no right on table shop.notice of database ${database1} but has SELECT`,
  ),
  bad(
    "grant-objects",
    "a stranger, of what will be made",
    { name: "ops", on: "default function", object: migrate1, privileges: ["EXECUTE"] },
    `Role ops must have no right on default function ${migrate1} of database ${database1} but has EXECUTE`,
  ),
  bad(
    "grant-objects",
    "everybody, of a table",
    { name: "public", on: "table", object: "shop.notice", privileges: ["SELECT"] },
    `PUBLIC must have no right on table shop.notice of database ${database1} but has SELECT`,
  ),
  bad(
    "grant-objects",
    "everybody, of a function of the system",
    { name: "public", on: "function", object: "pg_catalog.pg_read_file", privileges: ["EXECUTE"] },
    `PUBLIC must have no right on function pg_catalog.pg_read_file of database ${database1} but has EXECUTE`,
  ),

  bad(
    "grant-catalog",
    "a function that reads the server's files",
    { name: app1, on: "function", object: "pg_catalog.pg_read_file", privileges: ["EXECUTE"] },
    `Role ${app1} must have no right of its own on function pg_catalog.pg_read_file of database ${database1} but has EXECUTE`,
  ),

  bad(
    "grant-default",
    "functions that everybody may run",
    { name: "public", on: "default function", object: migrate1, privileges: ["EXECUTE"] },
    `Role ${migrate1} must give PUBLIC no right on each new function in database ${database1}, and gives EXECUTE`,
  ),
]);
