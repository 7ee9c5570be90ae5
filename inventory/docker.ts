import { Docker, DockerError } from "./docker-api";

/** What is on the Docker engine that `DOCKER_HOST` names, and how to tidy up there. */

const docker = new Docker();

export interface LiveContainer {
  readonly Id: string;
  /** Each with a leading slash. */
  readonly Names: readonly string[];
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly Created: number;
  /** running, exited, … */
  readonly State: string;
  /** For people: "Up 5 minutes (healthy)". */
  readonly Status: string;
}

export interface LiveVolume {
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export interface LiveNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export const liveContainers = (): Promise<readonly LiveContainer[]> =>
  docker.get("/containers/json", { all: true });

/** starting, healthy, unhealthy, out of the words for people; undefined where nothing asks, or it does not run. */
export const healthOf = ({ Status }: Pick<LiveContainer, "Status">): string | undefined =>
  /\((?:health: )?(starting|healthy|unhealthy)\)/.exec(Status)?.[1];

export const liveNetworks = (): Promise<readonly LiveNetwork[]> => docker.get("/networks");

export async function liveVolumes(): Promise<readonly LiveVolume[]> {
  const answer = await docker.get<{ Volumes: readonly LiveVolume[] | null }>("/volumes");
  return answer.Volumes ?? [];
}

/** The last lines that a container wrote, both streams, without their framing. */
export async function containerLog(id: string, lines: number): Promise<string> {
  const framed = await docker.get<unknown>(`/containers/${id}/logs`, {
    stdout: true,
    stderr: true,
    tail: lines,
  });
  // Eight bytes before each chunk: stream, three zeros, length (Docker API, "Stream format").
  const bytes = Buffer.isBuffer(framed) ? framed : Buffer.alloc(0);
  const parts: string[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32BE(at + 4);
    parts.push(bytes.toString("utf8", at + 8, at + 8 + size));
    at += 8 + size;
  }
  return parts.join("").trimEnd();
}

/** What a container ended with; undefined where it runs, was never started, or is not there. */
export async function containerExitCode(name: string): Promise<number | undefined> {
  const found = await containerState(name);
  return found?.state === "exited" ? found.exitCode : undefined;
}

export interface ContainerState {
  readonly id: string;
  /** running, restarting, exited, … */
  readonly state: string;
  /** starting, healthy, unhealthy; undefined where nothing asks. */
  readonly health: string | undefined;
  readonly exitCode: number;
  /** By the engine, since it was made. */
  readonly restarts: number;
  /** Docker's `NetworkMode`. */
  readonly network: string;
  /** When it was started last, by the clock of the engine's host: ISO 8601, in UTC. */
  readonly startedAt: string;
}

/** How a container is now; undefined where there is none of that name or id. */
export async function containerState(name: string): Promise<ContainerState | undefined> {
  try {
    const { Id, RestartCount, State, HostConfig } = await docker.get<Inspected>(`/containers/${name}/json`);
    return {
      id: Id,
      state: State.Status,
      health: State.Health?.Status,
      exitCode: State.ExitCode,
      restarts: RestartCount,
      network: HostConfig.NetworkMode,
      startedAt: State.StartedAt,
    };
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return undefined;
    throw error;
  }
}

interface Inspected {
  readonly Id: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly HostConfig: { readonly NetworkMode: string };
}

export const renameContainer = (id: string, name: string): Promise<unknown> =>
  docker.post(`/containers/${id}/rename`, { name });

/** Stops a container, with a moment to end its work, and starts it again; one that does not run is started. */
export const restartContainer = (id: string): Promise<unknown> =>
  docker.post(`/containers/${id}/restart`, { t: 10 });

/**
 * When a running container was started, on the clock of `performance.now()`: in milliseconds, and by at most one round trip too early. By way of its age, so that the clocks
 * of the engine's host and of ours need not agree.
 */
export async function containerStart(id: string): Promise<number> {
  const asked = performance.now();
  const { State } = await docker.get<{ State: { StartedAt: string } }>(`/containers/${id}/json`);
  const { SystemTime } = await docker.get<{ SystemTime: string }>("/info");
  return asked - (Date.parse(SystemTime) - Date.parse(State.StartedAt));
}

/** Sets how many processes and threads a container may have at one time, from now on and after a restart too. */
export const limitProcesses = (id: string, processes: number): Promise<unknown> =>
  docker.post(`/containers/${id}/update`, {}, { PidsLimit: processes });

/** What the engine says of that; null or 0 where there is no limit, as after it dropped one that its kernel cannot keep. */
export async function processLimitOf(id: string): Promise<number | null> {
  const { HostConfig } = await docker.get<{ HostConfig: { PidsLimit: number | null } }>(
    `/containers/${id}/json`,
  );
  return HostConfig.PidsLimit;
}

/** Sets how many cores a container may use, from now on and after a restart too. */
export const limitCores = (nameOrId: string, cores: number): Promise<unknown> =>
  docker.post(`/containers/${nameOrId}/update`, {}, { NanoCpus: Math.round(cores * 1e9) });

/** Removes a container, running or not, with the volumes that have no name. One that is already gone is no error. */
export async function removeContainer(nameOrId: string): Promise<void> {
  try {
    await docker.delete(`/containers/${nameOrId}`, { force: true, v: true });
  } catch (error) {
    if (!(error instanceof DockerError && error.status === 404)) throw error;
  }
}
