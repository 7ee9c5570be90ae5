import { UserError } from "./error";
import type { ProjectSettings } from "./stack-config";

/** What substations take of what a platform has: bytes, cores, and numbers of things. */
export const capacityNames = [
  "memory",
  "cpus",
  "processes",
  "databaseConnections",
  "dockerDisk",
  "databaseDisk",
  "dnsRecords",
  "networkPorts",
] as const;
export type CapacityName = (typeof capacityNames)[number];

/** How much of what there is may be promised. */
export interface CapacityShares {
  /** Multiples of what there is. */
  readonly of: Readonly<Record<"memory" | "cpus" | "processes" | "databaseConnections" | "disk", number>>;
  /** Containers on one network of the kind "bridge". */
  readonly networkPorts: number;
  /** Records that the zone may hold, where its API does not say. */
  readonly dnsRecords: number | undefined;
}

/**
 * Where a platform's settings say nothing: what the rules `fleet-memory`, `fleet-cpus` and `fleet-connections` allow (docs/security.md), half of the kernel's processes, a tenth of a
 * disk left free. A bridge of Linux has 1,024 ports, and beyond about 1,000 packets are lost without a word (moby/moby#44973).
 */
const defaults = { memory: 0.9, cpus: 16, processes: 0.5, databaseConnections: 1, disk: 0.9 };
const mostNetworkPorts = 1_000;

/** The settings of a platform's stack (docs/capacity.md). @throws UserError for one that is no number */
export function capacityShares(
  settings: Pick<ProjectSettings, "setting" | "project">,
  stack: string,
): CapacityShares {
  const number = (key: string): number | undefined => {
    const text = settings.setting(stack, key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw new UserError(
      `${settings.project}:${key} of stack ${stack} is ${JSON.stringify(text)}: write a number above 0, like 0.9 (docs/capacity.md).`,
    );
  };
  return {
    of: {
      memory: number("capacityMemory") ?? defaults.memory,
      cpus: number("capacityCpus") ?? defaults.cpus,
      processes: number("capacityProcesses") ?? defaults.processes,
      databaseConnections: number("capacityConnections") ?? defaults.databaseConnections,
      disk: number("capacityDisk") ?? defaults.disk,
    },
    networkPorts: number("capacityNetworkPorts") ?? mostNetworkPorts,
    dnsRecords: number("capacityDnsRecords"),
  };
}
