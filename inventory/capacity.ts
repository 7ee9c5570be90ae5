import { readFile, statfs } from "node:fs/promises";
import type { DatabaseServer, Platform } from "../config/platform";
import { mapBounded } from "./bounded";
import { asProvisioner } from "./database";
import { zoneUsage } from "./dns";
import { Docker, DockerError } from "./docker-api";

/** What a Docker host has to share out. */
export interface HostCapacity {
  readonly memoryBytes: number;
  /** Cores. */
  readonly cpus: number;
}

const docker = new Docker();

/** Requests to the engine under way at one time. */
const concurrency = 16;

/** Asks the Docker engine that `DOCKER_HOST` names. */
export async function hostCapacity(): Promise<HostCapacity> {
  const { MemTotal, NCPU } = await docker.get<{ MemTotal: number; NCPU: number }>("/info");
  return { memoryBytes: MemTotal, cpus: NCPU };
}

/** One thing that there is so much of. */
export interface Supply {
  /** In all; undefined where that cannot be known from here, or there is no end to it. */
  readonly most: number | undefined;
  /** Promised already. */
  readonly committed: number;
  /** What is not known or not counted, and why. */
  readonly notes: readonly string[];
}

export interface EngineSupply {
  readonly memory: Supply;
  readonly cpus: Supply;
  readonly processes: Supply;
  /** Bytes free on the file system of the engine's own files. */
  readonly dockerDisk: Supply;
  /** Containers on the network. */
  readonly networkPorts: Supply;
}

export interface DatabaseSupply {
  readonly databaseConnections: Supply;
  /** Bytes free on the file system of the server's files. */
  readonly databaseDisk: Supply;
  /** Bytes of a database with nothing in it. */
  readonly emptyDatabase: number;
  /** Connections that the provisioner itself may hold; undefined where there is no limit. */
  readonly provisionerConnections: number | undefined;
}

interface Inspected {
  readonly State: { readonly Running: boolean };
  readonly HostConfig: {
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly PidsLimit: number | null;
  };
}

/** What the engine has, and what running containers of any kind were promised of it. */
export async function engineSupply(edgeNetwork: string): Promise<EngineSupply> {
  const [info, listed, ports] = await Promise.all([
    docker.get<{ MemTotal: number; NCPU: number; DockerRootDir: string }>("/info"),
    docker.get<readonly { Id: string }[]>("/containers/json"),
    portsOf(edgeNetwork),
  ]);
  const seen = await mapBounded(concurrency, listed, async ({ Id }) => await inspect(Id));
  const running = seen.filter((one) => one?.State.Running).map((one) => one!.HostConfig);
  const promised = (of: (limits: Inspected["HostConfig"]) => number, unlimited: string) => {
    const without = running.filter((limits) => of(limits) <= 0).length;
    return {
      committed: running.reduce((sum, limits) => sum + Math.max(0, of(limits)), 0),
      notes:
        without > 0
          ? [`${without} running containers have no limit of ${unlimited}: they are not counted`]
          : [],
    };
  };
  return {
    memory: { most: info.MemTotal, ...promised(({ Memory }) => Memory, "memory") },
    cpus: { most: info.NCPU, ...promised(({ NanoCpus }) => NanoCpus / 1e9, "CPU time") },
    processes: { most: await kernelProcesses(), ...promised(({ PidsLimit }) => PidsLimit ?? 0, "processes") },
    dockerDisk: await disk(info.DockerRootDir, isLocalEngine(), "the Docker engine's files"),
    networkPorts: { most: undefined, committed: ports, notes: [] },
  };
}

/** A container may be gone by the time that it is looked at. */
async function inspect(id: string): Promise<Inspected | undefined> {
  try {
    return await docker.get<Inspected>(`/containers/${id}/json`);
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return undefined;
    throw error;
  }
}

async function portsOf(network: string): Promise<number> {
  try {
    const { Containers } = await docker.get<{ Containers: object | null }>(`/networks/${network}`);
    return Object.keys(Containers ?? {}).length;
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return 0; // the platform was never set up
    throw error;
  }
}

const isLocalEngine = (): boolean => (process.env["DOCKER_HOST"] || "unix://").startsWith("unix://");

/** Processes and threads that the kernel has numbers for. */
async function kernelProcesses(): Promise<number | undefined> {
  if (!isLocalEngine()) return undefined;
  const numbers = await Promise.all(
    ["pid_max", "threads-max"].map(async (name) => Number(await readIfThere(`/proc/sys/kernel/${name}`))),
  );
  const least = Math.min(...numbers);
  return Number.isFinite(least) && least > 0 ? least : undefined;
}

const readIfThere = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "NaN");

/** Bytes of the file system that a folder is on, as far as this machine can see it. */
async function disk(folder: string | undefined, local: boolean, what: string): Promise<Supply> {
  const found = folder !== undefined && local ? await statfs(folder).catch(() => undefined) : undefined;
  if (!found)
    return { most: undefined, committed: 0, notes: [`the disk of ${what} cannot be seen from here`] };
  const { bsize, blocks, bfree, bavail } = found;
  // What only root may use counts as used.
  return { most: bsize * (blocks - bfree + bavail), committed: bsize * (blocks - bfree), notes: [] };
}

/** Without one, as where the provisioner may not ask: a copy of PostgreSQL 15's own template. */
const usualEmptyDatabase = 7.5 * 1024 * 1024;

/** What the server has, and what all databases were promised of it. */
export async function databaseSupply(server: DatabaseServer): Promise<DatabaseSupply> {
  const { rows } = await asProvisioner(server, (client) =>
    client.query<{
      most: number;
      committed: number;
      unlimited: number;
      folder: string | null;
      empty: string | null;
      own: number;
    }>(`
      SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int AS most,
             (SELECT coalesce(sum(datconnlimit) FILTER (WHERE datconnlimit > 0), 0)::int FROM pg_database) AS committed,
             (SELECT count(*)::int FROM pg_stat_activity a JOIN pg_database d ON d.oid = a.datid
               WHERE d.datconnlimit < 0 AND a.usename <> current_user) AS unlimited,
             CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END AS folder,
             CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size('template0') END AS empty,
             (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS own`),
  );
  const [row] = rows;
  if (!row) throw new Error("the database server told nothing of itself");
  const { most, committed, unlimited, folder, empty, own } = row;
  return {
    databaseConnections: {
      most,
      committed: committed + unlimited,
      notes: [],
    },
    databaseDisk: await disk(folder ?? undefined, isHere(server), "the database server's files"),
    emptyDatabase: empty === null ? usualEmptyDatabase : Number(empty),
    provisionerConnections: own < 0 ? undefined : own,
  };
}

/** Whether the server's files are on this machine. */
const isHere = ({ host }: DatabaseServer): boolean => ["localhost", "127.0.0.1", "::1"].includes(host);

/** Records of the zone, and how many it may hold, where its API tells: some have no such question, and some tokens may not ask it. */
export async function zoneSupply({ dns }: Platform): Promise<Supply> {
  try {
    const { records, quota } = await zoneUsage(dns);
    const notes = quota === undefined ? [`the API tells no limit of records for ${dns.name}`] : [];
    return { most: quota, committed: records, notes };
  } catch (error) {
    return { most: undefined, committed: 0, notes: [error instanceof Error ? error.message : String(error)] };
  }
}
