import { databaseName, userId } from "../../config/names";
import type { ContainerFact, Facts } from "./facts";
import type { Intent } from "./intent";
import { fleetRule, type FleetRule, type Rule } from "./rule";
import { showBytes } from "./sizes";
import { connectionLimits } from "./tenants";

/** What only all substations together can get wrong: two with the same name, and more than the host has. */

export const fleetUniqueUser = unique({
  id: "fleet-unique-user",
  severity: "critical",
  what: "User",
  references: ["D04", "CIS Docker 4.1"],
  description:
    "Checks that no two substations run as one user of the host: its limits and files would be shared.",
  remedy: "Give the younger substation another id: its user follows from that.",
  *claims({ container }, { substations }) {
    for (const { owner } of substations.values()) yield [String(userId(owner.platform, owner.id)), owner.id];
    for (const { owner, user } of container) {
      if (owner && user !== undefined) yield [user.replace(/:.*/, ""), owner.id];
    }
  },
});

export const fleetUniqueHost = unique({
  id: "fleet-unique-host",
  severity: "critical",
  what: "Host name",
  references: ["C02"],
  description:
    "Checks that no two substations claim one host name: in files, at the ingress, and in the zone.",
  remedy: "Let one of the two files name another host.",
  *claims({ container, record }, { substations }) {
    for (const { owner, host } of substations.values()) yield [host, owner.id];
    for (const { owner, labels } of container) {
      if (owner) for (const host of hostsOf(labels)) yield [host, owner.id];
    }
    for (const { owner, name } of record) if (owner) yield [name, owner.id];
  },
});

export const fleetUniqueDatabase = unique({
  id: "fleet-unique-database",
  severity: "critical",
  what: "Database",
  references: ["P14", "P13"],
  description: "Checks that no two substations have one database.",
  remedy: "Give the younger substation another id: the database's name follows from that.",
  *claims({ database }, { substations }) {
    for (const { owner } of substations.values()) yield [databaseName(owner.platform, owner.id), owner.id];
    for (const { owner, name } of database) if (owner) yield [name, owner.id];
  },
});

export const fleetUniqueVolume = unique({
  id: "fleet-unique-volume",
  severity: "critical",
  what: "Volume",
  references: ["D12", "CIS Docker 5.6"],
  description: "Checks that no volume is mounted by two substations.",
  remedy:
    "Stop the container that is not the volume's owner's, and renew the owner's secrets (substation rotate).",
  *claims({ container }) {
    for (const { owner, mounts } of container) {
      for (const { type, source } of mounts) if (owner && type === "volume") yield [source, owner.id];
    }
  },
});

/** Of the host's memory that containers may have together; the rest is the engine's, the database server's and the kernel's. */
const memoryShare = 0.9;

/** CPU time that shops may have together, as a multiple of what there is: they are rarely all busy, and the kernel shares it out when they are. */
const cpuOvercommit = 16;

export const fleetMemory = fleetRule({
  id: "fleet-memory",
  severity: "high",
  needs: ["container"],
  description: "Checks that all containers together may not use more memory than the host has.",
  references: ["D07", "CIS Docker 5.11"],
  remedy: "Move a group to another host, give this one more memory, or let files ask for less.",
  *check(facts, intent) {
    const asked = sum(facts, intent, "memoryBytes");
    const { memoryBytes } = intent.capacity ?? {};
    const most = memoryShare * (memoryBytes ?? 0);
    if (memoryBytes === undefined)
      yield fault(intent, "memory cannot be judged: nobody could tell how much the Docker host has");
    else if (asked > most)
      yield fault(
        intent,
        `containers must have at most ${showBytes(most)} of memory together, but may use ${showBytes(asked)}`,
      );
  },
});

export const fleetCpus = fleetRule({
  id: "fleet-cpus",
  severity: "medium",
  needs: ["container"],
  description: `Checks that all containers together have at most ${cpuOvercommit} times the CPU time that there is.`,
  references: ["D08", "CIS Docker 5.12"],
  remedy: "Move a group to another host, give this one more CPUs, or let files ask for less.",
  *check(facts, intent) {
    const asked = sum(facts, intent, "cpus");
    const { cpus } = intent.capacity ?? {};
    const most = cpuOvercommit * (cpus ?? 0);
    if (cpus === undefined)
      yield fault(intent, "CPU time cannot be judged: nobody could tell how much the Docker host has");
    else if (asked > most)
      yield fault(
        intent,
        `containers must have at most ${most} CPUs together, ${cpuOvercommit} times what there is, but have ${asked}`,
      );
  },
});

export const fleetConnections = fleetRule({
  id: "fleet-connections",
  severity: "high",
  needs: ["database"],
  description:
    "Checks that all substations together cannot take more connections than the database server has.",
  references: ["P09", "CIS PostgreSQL 5.5"],
  remedy: "Move a group to another server, raise its max_connections, or let files ask for less.",
  *check({ database }, intent) {
    const most = intent.capacity?.databaseConnections;
    if (most === undefined) return; // a plan cannot ask the server
    const own = database.filter(({ owner }) => owner);
    const seen = new Set(own.map(({ owner }) => owner?.id));
    const missing = [...intent.substations.values()].filter(({ owner }) => !seen.has(owner.id));
    const asked =
      // One without a limit is another rule's.
      own.reduce((total, { connectionLimit }) => total + Math.max(0, connectionLimit ?? 0), 0) +
      missing.reduce((total, { resources }) => total + connectionLimits(resources).database, 0);
    if (asked > most)
      yield fault(intent, `databases must take at most ${most} connections together, but may take ${asked}`);
  },
});

export const fleetRules: readonly Rule[] = [
  fleetUniqueUser,
  fleetUniqueHost,
  fleetUniqueDatabase,
  fleetUniqueVolume,
  fleetMemory,
  fleetCpus,
  fleetConnections,
];

interface Unique extends Omit<FleetRule, "kind" | "check"> {
  readonly what: string;
  readonly claims: (facts: Facts, intent: Intent) => Iterable<readonly [value: string, id: string]>;
}

function unique({ what, claims, ...info }: Unique): FleetRule {
  return fleetRule({
    ...info,
    *check(facts, intent) {
      const claimants = new Map<string, Set<string>>();
      for (const [value, id] of claims(facts, intent)) {
        const ids = claimants.get(value) ?? new Set();
        claimants.set(value, ids.add(id));
      }
      for (const [value, ids] of claimants) {
        if (ids.size > 1)
          yield {
            subject: value,
            message: `${what} ${value} must be one substation's, but is ${[...ids].sort().join("'s and ")}'s`,
          };
      }
    },
  });
}

/** Names in any form of the ingress's rules: Host(`a`), HostSNI(`a`), Host(`a`) || Host(`b`). */
const hostsOf = (labels: ContainerFact["labels"]): readonly string[] =>
  Object.entries(labels)
    .filter(([label]) => /^traefik\..*\.rule$/i.test(label))
    .flatMap(([, value]) => [...value.matchAll(/Host(?:SNI)?\(([^)]*)\)/gi)])
    .flatMap(([, names = ""]) =>
      [...names.matchAll(/[`"']([^`"']+)[`"']/g)].map(([, name = ""]) => name.toLowerCase()),
    );

/** What containers may use that serve, and what files ask for that have none yet: those of other stacks too. The migration runs for seconds only. */
function sum({ container }: Facts, { substations }: Intent, what: "memoryBytes" | "cpus"): number {
  const serving = container.filter(
    ({ role, live }) => role !== "migrate" && (!live || live.state === "running"),
  );
  const seen = new Set(serving.map(({ owner }) => owner?.id));
  const missing = [...substations.values()].filter(({ owner }) => !seen.has(owner.id));
  return (
    serving.reduce((total, one) => total + (one[what] ?? 0), 0) +
    missing.reduce((total, { resources }) => total + resources[what], 0)
  );
}

const fault = ({ platform }: Intent, message: string) => ({
  subject: platform.name,
  message: `Platform ${platform.name}: ${message}`,
});
