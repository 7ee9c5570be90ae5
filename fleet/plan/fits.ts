import { capacityShares, type CapacityName } from "../../config/capacity";
import type { SubstationSpec } from "../../config/fleet";
import { labels, mark } from "../../config/names";
import type { Platform } from "../../config/platform";
import { projectSettings } from "../../config/stack-config";
import { databaseSupply, engineSupply, zoneSupply } from "../../inventory/capacity";
import { liveContainers } from "../../inventory/docker";
import { startLimit } from "../open/admission";
import type { Workspace } from "../pulumi";
import { judgeCapacity } from "./capacity";
import type { PlatformCapacity } from "./types";

/** What is asked of a platform: members that are to stand on it, whether they do or not. */
export interface Batch {
  readonly specs: readonly SubstationSpec[];
  /** Those of them whose containers are made anew. @default none */
  readonly replaced?: ReadonlySet<string>;
  readonly engines: number;
}

/**
 * Whether a platform can carry what is asked of it, beside everything that it carries already. Those members whose shop runs are counted in that.
 * @param stack of the platform
 * @throws an error of the server that cannot be looked at
 */
export async function capacityOf(
  workspace: Workspace,
  stack: string,
  platform: Platform,
  { specs, replaced = new Set(), engines }: Batch,
): Promise<PlatformCapacity> {
  const containers = await liveContainers();
  const running = new Set(
    containers
      .filter(({ Labels, State }) => Labels[labels.role] === "shop" && State === "running")
      .map(({ Labels }) => Labels[labels.mark]),
  );
  const stands = ({ group, id }: SubstationSpec) => running.has(mark({ platform: platform.name, group, id }));
  const demand = {
    created: specs.filter((spec) => !stands(spec)),
    replaced: specs.filter((spec) => stands(spec) && replaced.has(spec.id)),
    atOnce: startLimit(),
    engines,
  };
  if (demand.created.length + demand.replaced.length === 0)
    return { platform: stack, rows: [], firstToRunOut: undefined, fits: true };
  const [engine, database, dnsRecords] = await Promise.all([
    engineSupply(platform.edgeNetwork),
    databaseSupply(platform.database),
    zoneSupply(platform),
  ]);
  const shares = capacityShares(projectSettings(workspace), stack);
  return judgeCapacity(stack, demand, { ...engine, ...database, dnsRecords }, shares);
}

const title: Readonly<Record<CapacityName, string>> = {
  memory: "memory",
  cpus: "cores",
  processes: "processes",
  databaseConnections: "database connections",
  dockerDisk: "disk of the Docker engine",
  databaseDisk: "disk of the database server",
  dnsRecords: "DNS records",
  networkPorts: "containers on one network",
};

export const titleOf = (name: CapacityName): string => title[name];

/** An amount for people: bytes in MB or GB of 1,024. */
export function amountText(name: CapacityName, amount: number): string {
  if (name === "memory" || name === "dockerDisk" || name === "databaseDisk") {
    const mebibytes = amount / 1024 ** 2;
    return Math.abs(mebibytes) < 10_240
      ? `${Math.round(mebibytes)} MB`
      : `${(mebibytes / 1024).toFixed(1)} GB`;
  }
  return String(Math.round(amount * 100) / 100);
}

/** What a platform has too little of, a sentence each; empty where the batch fits. */
export const shortages = ({ platform, rows }: PlatformCapacity): string[] =>
  rows
    .filter(({ fits }) => !fits)
    .map(
      ({ name, need, left = 0, most = 0, committed }) =>
        `${platform} has too little ${titleOf(name)}: the batch takes ${amountText(name, need)}, and ${amountText(name, Math.max(0, left))} is left: ` +
        `${amountText(name, committed)} of ${amountText(name, most)} is promised or in use already`,
    );
