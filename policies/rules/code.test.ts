import { codeRules } from "./code";
import type { FunctionFact } from "./facts";
import { finds, passes, testCases } from "./testing-cases";
import { app2, database1, definer, extension, migrate1 } from "./testing-database";

const bad = (rule: string, when: string, change: Partial<FunctionFact>, says: string) =>
  finds(rule, when, { function: [definer(change)] }, says);

const runs = `Function shop.settle in database ${database1} must not run with the rights of`;

testCases(codeRules, [
  ...codeRules.map(({ id }) =>
    passes(id, "harmless ones, and what is in no substation's database", {
      extension: [
        extension(),
        extension({ name: "pg_trgm" }),
        extension({ name: "dblink", database: "main_station" }),
      ],
      function: [
        definer(),
        definer({ securityDefiner: false, ownedBy: "ops" }),
        definer({ database: "postgres", ownedBy: "postgres", ownedBySuperuser: true }),
      ],
    }),
  ),

  finds("extension-known", "an unknown input", { extension: [extension({ unknown: ["name"] })] }, [
    "Extension plpgsql: name is not known before the update, so it cannot be judged",
  ]),
  ...["dblink", "postgres_fdw", "file_fdw", "plperlu", "plperl", "constructor"].map((name) =>
    finds(
      "extension-allowed",
      name,
      { extension: [extension({ name })] },
      `Extension ${name} must not be in database ${database1}: it is not known to be harmless`,
    ),
  ),
  bad(
    "function-known",
    "an unknown input",
    { unknown: ["language"] },
    "Function shop.settle: language is not known before the update, so it cannot be judged",
  ),
  bad(
    "function-definer",
    "a superuser's",
    { ownedBy: "postgres", ownedBySuperuser: true },
    `${runs} postgres, a superuser`,
  ),
  bad("function-definer", "a neighbour's", { ownedBy: app2 }, `${runs} ${app2}`),
  bad(
    "function-definer",
    "a superuser's that has a name of ours",
    { ownedBy: migrate1, ownedBySuperuser: true },
    `${runs} ${migrate1}, a superuser`,
  ),
  bad(
    "function-language",
    "a language that leaves the database",
    { language: "c", trustedLanguage: false, securityDefiner: false },
    `Function shop.settle in database ${database1} must be in a trusted language, not in c`,
  ),
]);
