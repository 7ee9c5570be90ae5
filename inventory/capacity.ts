import { Docker } from "./docker-api";

/** What a Docker host has to share out. */
export interface HostCapacity {
  readonly memoryBytes: number;
  /** Cores. */
  readonly cpus: number;
}

/** Asks the Docker engine that `DOCKER_HOST` names. */
export async function hostCapacity(): Promise<HostCapacity> {
  const { MemTotal, NCPU } = await new Docker().get<{ MemTotal: number; NCPU: number }>("/info");
  return { memoryBytes: MemTotal, cpus: NCPU };
}
