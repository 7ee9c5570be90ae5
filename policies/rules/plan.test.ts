import type { StepFact } from "./facts";
import { planRules } from "./plan";
import { owner, platform } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { database1, step } from "./testing-database";

const database = "postgresql:index/database:Database";
const container = "docker:index/container:Container";
const component = "substation:index:Substation";

const gone = (op: string, type: string, words: string, change: Partial<StepFact> = {}) =>
  finds(
    type === component ? "plan-substation" : "plan-data",
    `${op} of ${type}`,
    { step: [{ ...step(op, type, "mengxiang"), ...change }] },
    words,
    { stack: "demo", mayTouch: 5 },
  );

/** A container of each that is replaced, where the substation stands or is new. */
const replaced = (count: number, stands = true) =>
  Array.from({ length: count }, (_, at) => {
    const of = { ...owner, id: `shop${String(at).padStart(2, "0")}` };
    return stands
      ? [step("same", component, of.id, of), step("create-replacement", container, `${of.id}-shop`, of)]
      : [step("create", component, of.id, of), step("create", container, `${of.id}-shop`, of)];
  }).flat();

const kept = (thing: string, name: string, verb: string) =>
  `${thing} ${name} must be kept where there is no closing order, and the plan ${verb} it`;

testCases(planRules, [
  ...planRules.map(({ id }) =>
    passes(
      id,
      "an ordinary update",
      {
        step: [
          step("create", database, "xingchen"),
          step("update", database, "mengxiang"),
          step("refresh", database, "haitang"),
          step("same", "docker:index/volume:Volume", "mengxiang-secrets"),
          ...["create-replacement", "replace", "delete-replaced"].map((op) =>
            step(op, container, "mengxiang-shop"),
          ),
          step("delete", "cloudflare:index/dnsRecord:DnsRecord", "mengxiang"),
          step("replace", "random:index/randomPassword:RandomPassword", "mengxiang-root"),
        ],
      },
      { stack: "demo", mayTouch: 5 },
    ),
  ),

  gone("delete", database, kept("Database", database1, "deletes"), { object: database1 }),
  ...["replace", "create-replacement", "delete-replaced"].map((op) =>
    gone(op, database, kept("Database", database1, "replaces"), { object: database1 }),
  ),
  gone("delete", "postgresql:index/role:Role", kept("Role", "mengxiang", "deletes")),
  gone("replace", "postgresql:index/schema:Schema", kept("Schema", "mengxiang", "replaces")),
  gone("delete", "docker:index/volume:Volume", kept("Volume", "mengxiang", "deletes")),
  gone("delete", component, kept("Substation", "mengxiang", "deletes")),
  finds(
    "plan-data",
    "the three steps of one replacement, once",
    {
      step: ["create-replacement", "replace", "delete-replaced"].map((op) => step(op, database, "mengxiang")),
    },
    kept("Database", "mengxiang", "replaces"),
  ),

  finds(
    "plan-data",
    "a database that the state knows of, and the server not any more",
    {
      step: ["refresh", "create"].map((op) => ({ ...step(op, database, "mengxiang"), urn: "urn" })),
    },
    "Database mengxiang must be brought back from a backup, and not be made anew: it is gone from its server, and its data with it",
  ),

  ...["plan-data", "plan-substation"].map((id) =>
    passes(
      id,
      "the removal of one whose order is due and whose data is kept, where database and roles stay on their server",
      {
        step: [
          step("delete", component, "mengxiang"),
          step("delete", "docker:index/volume:Volume", "mengxiang"),
          { ...step("delete", database, "mengxiang"), retained: true },
          { ...step("delete", "postgresql:index/role:Role", "mengxiang"), retained: true },
        ],
      },
      { stack: "demo", mayTouch: 5, removable: new Set(["mengxiang"]) },
    ),
  ),
  finds(
    "plan-data",
    "a database that would go with its resource, whatever was ordered",
    { step: [step("delete", database, "mengxiang")] },
    kept("Database", "mengxiang", "deletes"),
    { stack: "demo", mayTouch: 5, removable: new Set(["mengxiang"]) },
  ),
  finds(
    "plan-data",
    "a replacement in the middle of a removal",
    { step: [{ ...step("replace", database, "mengxiang"), retained: true }] },
    kept("Database", "mengxiang", "replaces"),
    { stack: "demo", mayTouch: 5, removable: new Set(["mengxiang"]) },
  ),
  finds(
    "plan-substation",
    "a neighbour of the one that is to go",
    { step: [step("delete", component, "haitang", { ...owner, id: "haitang" })] },
    kept("Substation", "haitang", "deletes"),
    { stack: "demo", mayTouch: 5, removable: new Set(["mengxiang"]) },
  ),

  passes("plan-touched", "as many as it may", { step: replaced(5) }, { mayTouch: 5 }),
  passes("plan-touched", "any number of new ones", { step: replaced(25, false) }, { mayTouch: 5 }),
  passes("plan-touched", "what belongs to no substation", {
    step: [
      {
        ...step("update", "docker:index/network:Network", "edge"),
        owner: undefined,
        urn: `urn:pulumi:${platform}::substation::docker:index/network:Network::edge`,
      },
    ],
  }),
  finds(
    "plan-touched",
    "more than it may",
    { step: replaced(11) },
    "Plan of demo must change at most 5 of the substations that stand, and changes 11: shop00, shop01, shop02, shop03, shop04, shop05, shop06, shop07, shop08, shop09, …",
    { stack: "demo", mayTouch: 5 },
  ),
  finds(
    "plan-touched",
    "one, where nobody said how many",
    { step: replaced(1) },
    "Plan of demo must change at most 0 of the substations that stand, and changes 1: shop00",
    { stack: "demo", mayTouch: undefined },
  ),
  finds(
    "plan-touched",
    "what is so deep in a substation that it cannot be told which",
    { step: [{ ...step("update", container, "deep"), owner: undefined }] },
    `Plan of demo must change at most 0 of the substations that stand, and changes 1: ${step("update", container, "deep").urn}`,
    { stack: "demo", mayTouch: 0 },
  ),
]);
