import { mark } from "../../config/names";
import { databaseRules } from "./database";
import type { DatabaseFact } from "./facts";
import { neighbour, owner, stranger } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import {
  app1,
  database,
  database1,
  database2,
  databaseOf,
  plannedDatabase,
  provisioner,
} from "./testing-database";

const bad = (rule: string, when: string, fact: DatabaseFact, says: string | readonly string[]) =>
  finds(rule, when, { database: [fact] }, says);

const other = (change: Partial<DatabaseFact>) =>
  database({ owner: undefined, ownedBy: "postgres", connectionLimit: -1, ...change });

const nobody = databaseOf(stranger);

testCases(databaseRules, [
  ...databaseRules.flatMap(({ id }) => [
    passes(id, "a plan's", { database: [plannedDatabase(), plannedDatabase({ ownedBy: provisioner })] }),
    passes(id, "a server's", {
      database: [
        database(),
        database({}, neighbour),
        other({ name: "postgres" }),
        other({ name: "template1", isTemplate: true }),
        other({ name: "template0", isTemplate: true, allowConnections: false }),
        other({ name: "main_station", ownedBy: "main_station" }),
      ],
    }),
  ]),

  bad("database-known", "an unknown input", plannedDatabase({ unknown: ["owner"] }), [
    `Database ${database1}: owner is not known before the update, so it cannot be judged`,
  ]),
  bad(
    "database-name",
    "a mark on another name",
    database({ name: "mengxiang" }),
    `Database mengxiang is marked as mengxiang's and must then be named ${database1}`,
  ),
  bad(
    "database-name",
    "one named like a role that logs in",
    database({ name: app1, owner: undefined }),
    `Database ${app1} must be one of a substation that has a file`,
  ),
  bad(
    "database-name",
    "one without a file",
    database({}, stranger),
    `Database ${nobody} must belong to a substation that has a file, but demo/nobody has none`,
  ),
  bad(
    "database-name",
    "any other in a plan",
    plannedDatabase({ name: "main_station", owner: undefined }),
    "Database main_station must be one of a substation that has a file",
  ),
  bad(
    "database-mark",
    "one that lost its mark",
    database({ owner: undefined }),
    `Database ${database1} must carry the comment "${mark(owner)}" but carries no mark`,
  ),
  ...[app1, "postgres", undefined].map((ownedBy) =>
    bad(
      "database-owner",
      `${ownedBy} as the owner`,
      database({ ownedBy }),
      `Database ${database1} must be owned by ${provisioner} but is by ${ownedBy ?? "nothing that is known"}`,
    ),
  ),
  bad(
    "database-owner",
    "a substation's role as the owner of another",
    other({ name: "main_station", ownedBy: app1 }),
    `Database main_station must not be owned by a substation's role but is by ${app1}`,
  ),
  ...[-1, 0, 13, undefined].map((connectionLimit) =>
    bad(
      "database-connection-limit",
      `a limit of ${connectionLimit}`,
      database({ connectionLimit }),
      `Database ${database1} must have a connection limit from 1 to 12 but has ${connectionLimit ?? "nothing that is known"}`,
    ),
  ),
  bad(
    "database-connection-limit",
    "none where no file says how many",
    database({ connectionLimit: -1 }, stranger),
    `Database ${nobody} must have a connection limit of its own but has -1`,
  ),
  bad(
    "database-closed",
    "one that is made open",
    plannedDatabase(
      { allowConnections: true },
      { ignored: ["template", "encoding", "lcCollate", "lcCtype"] },
    ),
    `Database ${database1} must be made closed: nobody may connect before PUBLIC's rights are taken away`,
  ),
  bad(
    "database-closed",
    "one that each update would close again",
    plannedDatabase({}, { ignored: [] }),
    `Database ${database1} must not be closed again once it is open: changes of allowConnections must be ignored`,
  ),
  bad(
    "database-replacement",
    "a change that would drop it",
    plannedDatabase({}, { ignored: ["allowConnections", "encoding"] }),
    `Database ${database1} must ignore changes of template, lcCollate, lcCtype, each of which would replace it`,
  ),
  bad(
    "database-protected",
    "one that is not",
    plannedDatabase({}, { protected: false }),
    `Database ${database1} must be protected`,
  ),
  bad(
    "database-template",
    "a neighbour's as the template",
    plannedDatabase({}, { template: database2 }),
    `Database ${database1} must be made from template0, which nobody can have changed, not from ${database2}`,
  ),
  bad(
    "database-template",
    "one that can be copied",
    database({ isTemplate: true }),
    `Database ${database1} must not be a template: whoever may create databases could copy it`,
  ),
  bad(
    "database-template0",
    "connections to template0",
    other({ name: "template0", allowConnections: true }),
    "Database template0 must allow no connections: what is put into it is in every database that is made from it",
  ),
]);
