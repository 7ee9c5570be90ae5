import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { rules } from "./index";
import { noFacts, type Facts } from "./facts";
import { judge, severities, type Rule } from "./rule";
import {
  dockerProxy,
  goodContainers,
  host,
  ingress,
  intent,
  migration,
  neighbour,
  network,
  owner,
  plannedContainer,
  volume,
} from "./testing";
import {
  administers,
  database,
  databaseOf,
  extension,
  grant,
  group,
  hba,
  live,
  membership,
  migrator,
  planned,
  plannedDatabase,
  provider,
  provisioner,
  provisionerRole,
  record,
  role,
  secret,
  session,
  settings,
} from "./testing-database";
import type { hostChecks } from "./host";

const substations = [owner, neighbour];
const each = <T>(of: (whose: typeof owner) => T | readonly T[]): T[] =>
  substations.flatMap((whose) => of(whose));

test("no rule finds fault with a plan of a good group", () => {
  const facts: Facts = {
    ...noFacts,
    container: each((of) => [plannedContainer({}, of), migration({}, of)]),
    volume: each((of) => volume({}, of)),
    role: each((of) =>
      rolesOf(of).map((fact) => ({ ...fact, plan: { ...planned, password: fact.login === true } })),
    ),
    membership: each(membersOf),
    database: each((of) => plannedDatabase({ name: databaseOf(of), owner: of })),
    grant: each((of) => [
      ...grantsOf(of),
      grant({ name: "public", database: databaseOf(of), object: databaseOf(of), privileges: [] }),
    ]),
    record: each((of) => record({}, of)),
    secret: each((of) => secret({ name: `${of.id}-root`, owner: of })),
    provider: [provider("postgresql"), provider("cloudflare")],
  };
  expect(judge(rules, facts, intent({ stack: "demo", mayTouch: 5 })).map(({ message }) => message)).toEqual(
    [],
  );
});

test("no rule finds fault with a plan of a good platform", () => {
  const facts: Facts = {
    ...noFacts,
    container: [
      ingress({ image: undefined, unknown: ["image"] }),
      dockerProxy({ image: undefined, unknown: ["image"] }),
    ],
    network: [network()],
    volume: [volume({ name: "local-docker-proxy", owner: undefined })],
  };
  expect(
    judge(rules, facts, intent({ stack: "platform", mayTouch: 5 })).map(({ message }) => message),
  ).toEqual([]);
});

test("no rule finds fault with what runs on a good platform", () => {
  const containers = goodContainers.filter((container) => container.live);
  const users = (suffix: RegExp) => containers.map(({ name }) => name).filter((name) => suffix.test(name));
  const facts: Facts = {
    ...noFacts,
    container: containers,
    network: [network({ live: { members: users(/-shop-/) } })],
    volume: [
      ...each((of) => volume({ live: { users: users(new RegExp(`-${of.id}-`)) } }, of)),
      volume({
        name: "local-docker-proxy",
        owner: undefined,
        live: { users: users(/-(?:ingress|docker-proxy)$/) },
      }),
    ],
    role: [
      ...each((of) =>
        rolesOf(of).map((fact) => ({
          ...fact,
          live: { ...live, password: fact.login ? live.password : undefined },
        })),
      ),
      provisionerRole(),
    ],
    membership: each((of) => [
      ...membersOf(of),
      ...rolesOf(of).map(({ name }) => administers({ role: name })),
    ]),
    database: each((of) => database({}, of)),
    grant: each(grantsOf),
    extension: each((of) => extension({ database: databaseOf(of) })),
    hba: hba(
      "local all postgres peer",
      `hostssl all ${provisioner} 127.0.0.1/32 scram-sha-256`,
      `host all ${provisioner} all reject`,
      "host all postgres all reject",
      "hostssl samerole all 10.87.0.0/24 scram-sha-256",
      "host all all all reject",
    ),
    setting: settings,
    session: [session()],
    record: each((of) => record({}, of)),
    host: Object.entries(goodHost).map(([name, value]) => host(name, value)),
  };
  expect(judge(rules, facts, intent()).map(({ message }) => message)).toEqual([]);
});

test("an engine with Docker's defaults lacks one thing, of low severity", () => {
  const facts = {
    ...noFacts,
    host: Object.entries({ ...goodHost, "live-restore": "false" }).map(([name, value]) => host(name, value)),
  };
  const hosts = rules.filter(({ kind }) => kind === "host");
  expect(judge(hosts, facts, intent()).map(({ rule }) => [rule.id, rule.severity])).toEqual([
    ["host-live-restore", "low"],
  ]);
});

test("rules tell of themselves what people search for", () => {
  const ids = rules.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  const odd = (wrong: (rule: Rule) => boolean) => rules.filter(wrong).map(({ id }) => id);
  expect({
    id: odd(({ id }) => !/^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(id)),
    severity: odd(({ severity }) => !severities.includes(severity)),
    description: odd(({ description }) => !/^Checks .*\.$/.test(description)),
    references: odd(({ references }) => !/^[DPCSX][0-9]{2}$/.test(references[0] ?? "")),
    remedy: odd(({ remedy }) => remedy.length < 20),
  }).toEqual({ id: [], severity: [], description: [], references: [], remedy: [] });
});

test("every check of containers, networks, volumes and the host has a rule, but one that no fact can tell", () => {
  const seen = new Set(rules.flatMap(({ references }) => references));
  const checks = Array.from({ length: 26 }, (_, at) => `D${String(at + 1).padStart(2, "0")}`);
  expect(checks.filter((check) => !seen.has(check))).toEqual(["D23"]); // docker exec: an event, not a state
});

test("every rule has a test that breaks it", () => {
  const files = readdirSync(__dirname).filter((file) => file.endsWith(".ts"));
  const tests = files
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(path.join(__dirname, file), "utf8"));
  // `testCases` holds that of the rules it is given; where a test does without, it names the rule.
  const given = new Set(
    tests.flatMap((text) => [...text.matchAll(/\btestCases\(\s*(\w+)/g)].map(([, list = ""]) => list)),
  );
  const covered = files
    .filter((file) => !/test/.test(file))
    .flatMap((file) => Object.entries(jest.requireActual<Record<string, unknown>>(`./${file}`)))
    .filter(([name]) => given.has(name))
    .flatMap(([, list]) => (list as readonly Rule[]).map(({ id }) => id));
  const lacking = rules.filter(
    ({ id }) => !covered.includes(id) && !tests.some((text) => text.includes(`"${id}: `)),
  );
  expect(lacking.map(({ id }) => id)).toEqual([]);
});

/** As the demo's host is, with Docker's defaults but one. */
const goodHost = {
  "docker endpoint": "unix:///var/run/docker.sock",
  "docker.sock mode": "0660 root:docker",
  "bridge-nf-call-iptables": "1",
  "memory limit": "true",
  "swap limit": "true",
  "cpu quota": "true",
  "process limit": "true",
  seccomp: "default",
  "insecure registries": "127.0.0.0/8",
  swarm: "inactive",
  debug: "false",
  experimental: "false",
  "live-restore": "true",
  "engine version": "20.10.24+dfsg1",
} satisfies Record<keyof typeof hostChecks, string>;

function rolesOf(of: typeof owner) {
  const name = databaseOf(of);
  return [group({ name, owner: of }), migrator({ name: `${name}_migrate`, owner: of }), role({}, of)];
}

const membersOf = (of: typeof owner) =>
  ["app", "migrate"].map((part) => membership({ name: `${databaseOf(of)}_${part}`, role: databaseOf(of) }));

function grantsOf(of: typeof owner) {
  const name = databaseOf(of);
  const on = { database: name, object: name };
  return [grant({ name, ...on }), grant({ name: `${name}_migrate`, ...on, privileges: ["CREATE"] })];
}
