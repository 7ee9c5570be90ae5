import { readFile, stat } from "node:fs/promises";
import { Docker } from "./docker-api";

/** What the Docker engine tells of itself, and this machine of the way to it. */
export interface HostInventory {
  readonly info: EngineInfo;
  /** As DOCKER_HOST has it; the engine's usual socket where that is not set. */
  readonly endpoint: string;
  /** Whether the server's certificate is verified (DOCKER_TLS_VERIFY). */
  readonly tls: boolean;
  /** Of the engine's socket; undefined where the engine is not reached by one. */
  readonly socket: SocketFile | undefined;
  /** Whether traffic on a bridge passes the firewall; undefined where that cannot be seen from here. */
  readonly bridgeFirewall: boolean | undefined;
}

/** `GET /info`, as far as it is judged. An engine leaves out what it is too old or too new to tell. */
export interface EngineInfo {
  readonly ServerVersion: string;
  /** Bytes. */
  readonly MemTotal: number;
  readonly NCPU: number;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly PidsLimit?: boolean;
  readonly BridgeNfIptables?: boolean;
  readonly LiveRestoreEnabled?: boolean;
  readonly ExperimentalBuild?: boolean;
  readonly Debug?: boolean;
  /** `name=seccomp,profile=default` */
  readonly SecurityOptions?: readonly string[] | null;
  readonly Swarm?: { readonly LocalNodeState?: string };
  readonly RegistryConfig?: {
    readonly InsecureRegistryCIDRs?: readonly string[] | null;
    readonly IndexConfigs?: Readonly<Record<string, { readonly Secure?: boolean }>> | null;
  } | null;
}

export interface SocketFile {
  /** Permission bits. */
  readonly mode: number;
  readonly user: string;
  readonly group: string;
}

const docker = new Docker();

/** @throws DockerError where the engine does not answer */
export async function hostInventory(env: NodeJS.ProcessEnv = process.env): Promise<HostInventory> {
  const endpoint = env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
  const path = /^unix:\/\/(.+)$/.exec(endpoint)?.[1];
  const [info, socket, bridge] = await Promise.all([
    docker.get<EngineInfo>("/info"),
    path === undefined ? undefined : socketFile(path),
    path === undefined ? undefined : readIfThere("/proc/sys/net/bridge/bridge-nf-call-iptables"),
  ]);
  return {
    info,
    endpoint,
    tls: Boolean(env["DOCKER_TLS_VERIFY"]),
    socket,
    bridgeFirewall: info.BridgeNfIptables ?? (bridge === undefined ? undefined : bridge.trim() === "1"),
  };
}

async function socketFile(path: string): Promise<SocketFile | undefined> {
  const found = await stat(path).catch(ignoreMissing);
  if (!found) return undefined;
  const [users, groups] = await Promise.all([readIfThere("/etc/passwd"), readIfThere("/etc/group")]);
  return {
    mode: found.mode & 0o7777,
    user: nameIn(users, found.uid),
    group: nameIn(groups, found.gid),
  };
}

/** The name of a number in the format of `/etc/passwd` and `/etc/group`; the number itself where it has none. */
const nameIn = (file: string | undefined, id: number): string =>
  file
    ?.split("\n")
    .map((line) => line.split(":"))
    .find(([, , number]) => number === String(id))?.[0] ?? String(id);

const readIfThere = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch(ignoreMissing);

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
