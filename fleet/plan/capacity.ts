import { capacityNames, type CapacityName, type CapacityShares } from "../../config/capacity";
import { adaptersOf } from "../../config/channels/adapters";
import type { SubstationSpec } from "../../config/fleet";
import { migrationLimits } from "../../config/migration-limits";
import type { DatabaseSupply, EngineSupply, Supply } from "../../inventory/capacity";
import { connectionLimits } from "../../policies/rules/tenants";
import { resourcesAtOnce } from "./update";
import type { CapacityRow, PlatformCapacity } from "./types";

const mebibyte = 1024 * 1024;

/** Log files of a container: one that is written, one before it. */
const logFiles = 2;

/** What the engine keeps of a container with a read-only root, into which nothing is written: its settings and mounts, some files of a block each. */
const containerFiles = 64 * 1024;

/** What the initial data and the tables take in a new database: measured as 0.7 MB, with nothing sold. */
const newTables = 1 * mebibyte;

/** Log of an adapter (docs/channel-adapter.md). */
const adapterLog = 2 * mebibyte;

/** Everything that a platform has, as it was found. */
export interface Supplies extends EngineSupply, DatabaseSupply {
  readonly dnsRecords: Supply;
}

/** What is asked of a platform. */
export interface Demand {
  /** Those that do not stand yet. */
  readonly created: readonly SubstationSpec[];
  /** Those whose containers are made anew: the new one is there before the old one goes. */
  readonly replaced: readonly SubstationSpec[];
  /** Substations that are worked on at one time. */
  readonly atOnce: number;
  /** Engines at one time. */
  readonly engines: number;
}

type Needs = Readonly<Record<CapacityName, number>>;

/** What one substation takes for as long as it stands. Its /tmp is in memory, and within its limit of that. */
export function needsOf(spec: Pick<SubstationSpec, "resources" | "channels">, emptyDatabase: number): Needs {
  const { resources, channels } = spec;
  const adapters = adaptersOf(channels).length;
  return {
    memory: resources.memoryBytes,
    cpus: resources.cpus,
    processes: resources.processes,
    databaseConnections: connectionLimits(resources).database,
    dockerDisk:
      logFiles * (resources.logSizeBytes + migrationLimits.logSizeBytes + adapters * adapterLog) +
      (2 + adapters) * containerFiles,
    databaseDisk: emptyDatabase + newTables,
    dnsRecords: 1,
    networkPorts: 1, // adapters share the shop's
  };
}

/** What a batch takes at its height: what stays, and what is there only while it is worked on. */
export function demandOf({ created, replaced, atOnce, engines }: Demand, supplies: Supplies): Needs {
  const each = created.map((spec) => needsOf(spec, supplies.emptyDatabase));
  const sum = (name: CapacityName) => each.reduce((total, needs) => total + needs[name], 0);
  const most = (of: (spec: SubstationSpec) => number): number =>
    replaced
      .map(of)
      .sort((a, b) => b - a)
      .slice(0, atOnce)
      .reduce((total, value) => total + value, 0);
  // A database is migrated before its shop runs, in a container of its own.
  const migrating = Math.min(atOnce, created.length + replaced.length);
  const working = created.length + replaced.length > 0;
  return {
    memory:
      sum("memory") +
      most(({ resources }) => resources.memoryBytes) +
      migrating * migrationLimits.memoryBytes,
    cpus: sum("cpus") + most(({ resources }) => resources.cpus) + migrating * migrationLimits.cpus,
    processes:
      sum("processes") + most(({ resources }) => resources.processes) + migrating * migrationLimits.processes,
    databaseConnections:
      sum("databaseConnections") +
      (working ? Math.min(supplies.provisionerConnections ?? Infinity, engines * connectionsOfEngine) : 0),
    dockerDisk: sum("dockerDisk"),
    databaseDisk: sum("databaseDisk"),
    dnsRecords: sum("dnsRecords"),
    networkPorts: sum("networkPorts") + migrating + Math.min(atOnce, replaced.length),
  };
}

/** The provider's pool to the database that all is made from, one to each tenant's database that is worked on, and two for the program's own looks (infra/group.ts, inventory/database.ts). */
const connectionsOfEngine = 8 + resourcesAtOnce + 2;

/** Whether a platform can carry a batch. Pure. */
export function judgeCapacity(
  platform: string,
  demand: Demand,
  supplies: Supplies,
  shares: CapacityShares,
): PlatformCapacity {
  const needs = demandOf(demand, supplies);
  const share: Readonly<Partial<Record<CapacityName, number>>> = {
    ...shares.of,
    dockerDisk: shares.of.disk,
    databaseDisk: shares.of.disk,
  };
  const rows = capacityNames.map((name): CapacityRow => {
    const { most: total, committed, notes } = supplies[name];
    const fixed = { networkPorts: shares.networkPorts, dnsRecords: total ?? shares.dnsRecords };
    const most =
      name === "networkPorts" || name === "dnsRecords"
        ? fixed[name]
        : total === undefined
          ? undefined
          : total * (share[name] ?? 1);
    const left = most === undefined ? undefined : most - committed;
    const need = needs[name];
    return {
      name,
      need,
      most,
      committed,
      left,
      fits: need === 0 || left === undefined || need <= left,
      notes,
    };
  });
  return {
    platform,
    rows,
    firstToRunOut: firstToRunOut(demand, supplies, rows),
    fits: rows.every(({ fits }) => fits),
  };
}

/** What the least of is left when the batch is there, counted in more substations like its own. */
function firstToRunOut(
  { created }: Demand,
  supplies: Supplies,
  rows: readonly CapacityRow[],
): PlatformCapacity["firstToRunOut"] {
  if (created.length === 0) return undefined;
  const each = created.map((spec) => needsOf(spec, supplies.emptyDatabase));
  const found = rows.flatMap(({ name, left, need }) => {
    const mean = each.reduce((total, needs) => total + needs[name], 0) / created.length;
    return left === undefined || mean === 0 ? [] : [{ name, more: Math.floor((left - need) / mean) }];
  });
  return found.reduce<(typeof found)[number] | undefined>(
    (least, one) => (least === undefined || one.more < least.more ? one : least),
    undefined,
  );
}
