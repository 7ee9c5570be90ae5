import { labels } from "../config/names";
import { mapBounded } from "../inventory/bounded";
import { Docker, DockerError } from "../inventory/docker-api";

/** Ids of everything on the Docker engine that carries a platform's label. */
export interface DockerObjects {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

export const countObjects = (objects: DockerObjects): number =>
  objects.containers.length + objects.networks.length + objects.volumes.length;

/** What the engine holds of this platform; undefined where no engine answers. */
export async function listObjects(
  platform: string,
  docker: Docker = new Docker(),
): Promise<DockerObjects | undefined> {
  const query = { filters: { label: [`${labels.platform}=${platform}`] } };
  return await unlessUnreachable(async () => {
    const containers = await docker.get<{ Id: string }[]>("/containers/json", { ...query, all: true });
    const networks = await docker.get<{ Id: string }[]>("/networks", query);
    const volumes = await docker.get<{ Volumes: { Name: string }[] | null }>("/volumes", query);
    return {
      containers: containers.map(({ Id }) => Id),
      networks: networks.map(({ Id }) => Id),
      volumes: (volumes.Volumes ?? []).map(({ Name }) => Name),
    };
  });
}

/** Whether any container at all is on the engine, whoever made it. */
export const hasContainers = async (docker: Docker = new Docker()): Promise<boolean> =>
  ((await unlessUnreachable(() => docker.get<unknown[]>("/containers/json", { all: true })))?.length ?? 0) >
  0;

async function unlessUnreachable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DockerError && error.status === undefined) return undefined;
    throw error;
  }
}

/** Removes them in the order in which they hold each other; what has gone meanwhile is no error. */
export async function removeObjects(objects: DockerObjects, docker: Docker = new Docker()): Promise<void> {
  const remove = async (path: string, query: Record<string, boolean> = {}) => {
    try {
      await docker.delete(path, query);
    } catch (error) {
      if (!(error instanceof DockerError && error.status === 404)) throw error;
    }
  };
  // A container's end is a moment of waiting each.
  await mapBounded(4, objects.containers, (id) => remove(`/containers/${id}`, { force: true, v: true }));
  for (const id of objects.networks) await remove(`/networks/${id}`);
  for (const name of objects.volumes) await remove(`/volumes/${encodeURIComponent(name)}`);
}
