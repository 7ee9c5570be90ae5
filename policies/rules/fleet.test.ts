import { databaseName, userId } from "../../config/names";
import { fleetRules } from "./fleet";
import {
  asLive,
  container,
  expected,
  goodContainers,
  hostOf,
  ingress,
  limits,
  migration,
  neighbour,
  owner,
  runningContainer,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { database, record } from "./testing-database";

/** A machine with room for as many shops of the test's tier, and no more. */
const memoryFor = (shops: number) => ({
  memoryBytes: (shops * limits.memoryBytes) / 0.9,
  cpus: 2,
  databaseConnections: 900,
});
const capacity = (change: Partial<ReturnType<typeof memoryFor>>) => ({
  capacity: { ...memoryFor(50), ...change },
});
const [shop, other] = [runningContainer(), runningContainer({}, neighbour)];
const fleet = {
  container: goodContainers,
  database: [database(), database({}, neighbour)],
  record: [record(), record({}, neighbour)],
};
const twins = new Map([
  ["mengxiang", expected(owner)],
  ["haitang", expected(neighbour, { host: hostOf(owner) })],
]);
const noFiles = { substations: new Map() };

testCases(fleetRules, [
  ...fleetRules.map(({ id }) => passes(id, "a good platform", fleet)),

  finds(
    "fleet-unique-user",
    "a shop that runs as its neighbour's user",
    { container: [container({ user: `${userId("local", "haitang")}:1` })] },
    `User ${userId("local", "haitang")} must be one substation's, but is haitang's and mengxiang's`,
  ),
  finds(
    "fleet-unique-host",
    "two files with one host name",
    {},
    "Host name mengxiang.substation.test must be one substation's, but is haitang's and mengxiang's",
    { substations: twins },
  ),
  finds(
    "fleet-unique-host",
    "a record of a neighbour's name",
    { record: [record({ name: hostOf(neighbour) })] },
    "Host name haitang.substation.test must be one substation's, but is haitang's and mengxiang's",
  ),
  ...[
    `Host(\`${hostOf(neighbour)}\`)`,
    `PathPrefix(\`/\`) && host("x.test", "${hostOf(neighbour).toUpperCase()}")`,
  ].map((rule) =>
    finds(
      "fleet-unique-host",
      `the rule ${rule}`,
      { container: [container({ labels: { "traefik.http.routers.x.rule": rule } })] },
      "Host name haitang.substation.test must be one substation's, but is haitang's and mengxiang's",
    ),
  ),
  finds(
    "fleet-unique-database",
    "a database that is marked as two substations'",
    { database: [database(), database({ name: databaseName("local", "haitang") })] },
    `Database ${databaseName("local", "haitang")} must be one substation's, but is haitang's and mengxiang's`,
  ),
  finds(
    "fleet-unique-volume",
    "a volume that two mount",
    { container: [shop, container({ mounts: container({}, neighbour).mounts }), other] },
    "Volume local-haitang-secrets must be one substation's, but is haitang's and mengxiang's",
  ),

  passes(
    "fleet-memory",
    "two shops where there is room for two",
    { container: [shop, other] },
    { capacity: memoryFor(2) },
  ),
  finds(
    "fleet-memory",
    "two shops where there is room for one",
    { container: [shop, other] },
    "Platform local: containers must have at most 192 MB of memory together, but may use 384 MB",
    { capacity: memoryFor(1) },
  ),
  finds(
    "fleet-memory",
    "the platform's own on top",
    { container: [shop, other, asLive(ingress())] },
    "Platform local: containers must have at most 384 MB of memory together, but may use 640 MB",
    { capacity: memoryFor(2) },
  ),
  finds(
    "fleet-memory",
    "one shop, and one of another stack that has a file alone",
    { container: [shop] },
    "Platform local: containers must have at most 192 MB of memory together, but may use 384 MB",
    { capacity: memoryFor(1) },
  ),
  finds(
    "fleet-memory",
    "two containers of one shop, while nobody removes the old one",
    { container: [shop, other, { ...shop, name: "local-mengxiang-shop-old" }] },
    "Platform local: containers must have at most 384 MB of memory together, but may use 576 MB",
    { capacity: memoryFor(2) },
  ),
  passes(
    "fleet-memory",
    "containers that ended, and migrations",
    { container: [shop, other, asLive(migration(), "exited"), migration(), asLive(container(), "exited")] },
    { capacity: memoryFor(2) },
  ),
  finds(
    "fleet-memory",
    "a host that nobody could ask",
    fleet,
    "Platform local: memory cannot be judged: nobody could tell how much the Docker host has",
    { capacity: undefined },
  ),

  finds(
    "fleet-cpus",
    "more than 16 times what there is",
    { container: [shop, other] },
    "Platform local: containers must have at most 0.8 CPUs together, 16 times what there is, but have 1",
    capacity({ cpus: 0.05 }),
  ),
  finds(
    "fleet-cpus",
    "a host that nobody could ask",
    fleet,
    "Platform local: CPU time cannot be judged: nobody could tell how much the Docker host has",
    { capacity: undefined },
  ),

  passes(
    "fleet-connections",
    "as many as there are",
    { database: [database(), database({}, neighbour)] },
    capacity({ databaseConnections: 24 }),
  ),
  finds(
    "fleet-connections",
    "one more than there are",
    { database: [database(), database({}, neighbour)] },
    "Platform local: databases must take at most 23 connections together, but may take 24",
    capacity({ databaseConnections: 23 }),
  ),
  finds(
    "fleet-connections",
    "one that has a file alone",
    { database: [database()] },
    "Platform local: databases must take at most 23 connections together, but may take 24",
    capacity({ databaseConnections: 23 }),
  ),
  passes(
    "fleet-connections",
    "what a plan cannot ask",
    {},
    { capacity: { memoryBytes: 1, cpus: 1, databaseConnections: undefined } },
  ),
  passes("fleet-connections", "nothing where no file is", {}, noFiles),
]);
