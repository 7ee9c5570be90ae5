import { databaseName } from "../../config/names";
import { completeRules } from "./fleet-complete";
import {
  asLive,
  container,
  expected,
  migration,
  neighbour,
  owner,
  plannedContainer,
  runningContainer,
  volume,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { database, grant, group, migrator, record, role } from "./testing-database";

const db = databaseName("local", "mengxiang");
const whole = {
  container: [runningContainer()],
  volume: [volume()],
  database: [database()],
  role: [group(), migrator(), role()],
  record: [record()],
};
const one = new Map([["mengxiang", expected(owner)]]);
const only = { substations: one };
/** Of another group than the second substation. */
const plan = {
  stack: "demo",
  substations: new Map([...one, ["haitang", expected({ ...neighbour, group: "gold" })]]),
};
const revoked = grant({ name: "public", privileges: [] });
const rights = (privileges: string[]) => grant({ name: "public", privileges });

testCases(completeRules, [
  ...completeRules.map(({ id }) =>
    passes(id, "a substation that has all", { ...whole, grant: [revoked] }, only),
  ),
  ...completeRules.map(({ id }) =>
    passes(
      id,
      "a plan of one group, without another's",
      { ...whole, container: [plannedContainer()], grant: [revoked] },
      plan,
    ),
  ),
  ...completeRules.map(({ id }) =>
    passes(id, "a plan of the platform, which has no substation", {}, { stack: "platform" }),
  ),

  finds(
    "fleet-container-missing",
    "a file without a container",
    { ...whole, container: [] },
    "Substation mengxiang must have a container that serves, but there is none",
    only,
  ),
  finds(
    "fleet-container-missing",
    "a migration alone",
    { ...whole, container: [asLive(migration(), "exited")] },
    "Substation mengxiang must have a container that serves, but there is none",
    only,
  ),
  finds(
    "fleet-container-missing",
    "a plan that leaves the shop out",
    { container: [migration(), container({}, neighbour)] },
    "Substation mengxiang must have a container that serves, but there is none",
    plan,
  ),
  finds(
    "fleet-volume-missing",
    "a file without a volume",
    { ...whole, volume: [] },
    "Substation mengxiang must have its volume, but there is no local-mengxiang-secrets",
    only,
  ),
  finds(
    "fleet-database-missing",
    "a file without a database",
    { ...whole, database: [database({}, neighbour)] },
    `Substation mengxiang must have its database, but there is no ${db}`,
    only,
  ),
  finds(
    "fleet-role-missing",
    "a file without two of its roles",
    { ...whole, role: [migrator()] },
    `Substation mengxiang must have its roles, but there is no ${db} and no ${db}_app`,
    only,
  ),
  finds(
    "fleet-record-missing",
    "a file without a record",
    { ...whole, record: [record({ name: "old.substation.test" })] },
    "Substation mengxiang must have its DNS record, but there is no mengxiang.substation.test",
    only,
  ),
  finds("fleet-record-missing", "every substation that lacks one", { ...whole, record: [] }, [
    "Substation mengxiang must have its DNS record, but there is no mengxiang.substation.test",
    "Substation haitang must have its DNS record, but there is no haitang.substation.test",
  ]),

  finds(
    "fleet-dangling-record",
    "a record without a container",
    { ...whole, container: [] },
    "Record mengxiang.substation.test must not be there while no container of mengxiang runs",
    only,
  ),
  finds(
    "fleet-dangling-record",
    "a record of a container that ended",
    { ...whole, container: [asLive(container(), "exited")] },
    "Record mengxiang.substation.test must not be there while no container of mengxiang runs",
    only,
  ),
  passes("fleet-dangling-record", "records of nobody", { record: [record({ owner: undefined })] }),
  passes(
    "fleet-dangling-record",
    "a plan, whose containers do not run yet",
    { ...whole, container: [plannedContainer()] },
    plan,
  ),

  finds(
    "fleet-public-revoked",
    "a database without the grant of nothing",
    { database: [database()] },
    `Database ${db} must have all rights of PUBLIC taken away in the plan`,
    plan,
  ),
  finds(
    "fleet-public-revoked",
    "a grant of something",
    { database: [database()], grant: [rights(["CONNECT"])] },
    `Database ${db} must have all rights of PUBLIC taken away in the plan`,
    plan,
  ),
  finds(
    "fleet-public-revoked",
    "a grant of nothing to somebody",
    { database: [database()], grant: [grant({ privileges: [] })] },
    `Database ${db} must have all rights of PUBLIC taken away in the plan`,
    plan,
  ),
  finds(
    "fleet-public-revoked",
    "a grant of nothing on another database",
    { database: [database()], grant: [{ ...revoked, database: "other" }] },
    `Database ${db} must have all rights of PUBLIC taken away in the plan`,
    plan,
  ),
  finds(
    "fleet-public-revoked",
    "a grant of nothing on a schema",
    { database: [database()], grant: [{ ...revoked, on: "schema" }] },
    `Database ${db} must have all rights of PUBLIC taken away in the plan`,
    plan,
  ),
  passes(
    "fleet-public-revoked",
    "what is live, which is judged right by right",
    { database: [database()] },
    only,
  ),
]);
