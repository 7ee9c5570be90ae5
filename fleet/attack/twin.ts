import { labels, mark, type Owner } from "../../config/names";
import { Docker, DockerError } from "../../inventory/docker-api";
import { liveContainers, removeContainer } from "../../inventory/docker";
import type { ShopContainer } from "./containers";

/** Value of the label that tells a twin from a shop. */
const role = "attack";

/** Seconds after which a twin ends by itself, and with that is removed, where the attack that made it was killed. */
const lifetime = 120;

/**
 * Runs `work` on a twin of a shop's container: same image, user, limits, network and secrets, but no route, and a first process that only waits. What is used up there
 * is not used up for visitors. It is removed in every case.
 */
export async function withTwin<T>(
  shop: ShopContainer,
  owner: Owner,
  work: (id: string) => Promise<T>,
): Promise<T> {
  await removeTwins(owner);
  const docker = new Docker();
  const { Image, Config, HostConfig } = shop;
  const { Id } = await docker.post<{ Id: string }>(
    "/containers/create",
    { name: `${owner.platform}-${owner.id}-attack` },
    {
      Image,
      User: Config.User,
      Env: Config.Env,
      Entrypoint: ["/usr/local/bin/node", "--eval", `setTimeout(() => {}, ${lifetime * 1000})`],
      Cmd: [],
      Healthcheck: { Test: ["NONE"] },
      Labels: {
        [labels.mark]: mark(owner),
        [labels.platform]: owner.platform,
        [labels.group]: owner.group,
        [labels.id]: owner.id,
        [labels.role]: role,
      },
      HostConfig: {
        ...HostConfig,
        Binds: [],
        Mounts: (HostConfig.Mounts ?? []).map((mount) => ({ ...mount, ReadOnly: true })),
        PortBindings: {},
        RestartPolicy: { Name: "no" },
        AutoRemove: true,
      },
    },
  );
  try {
    await docker.post(`/containers/${Id}/start`);
    return await work(Id);
  } finally {
    await remove(Id);
  }
}

/** Twins of a substation that are there: while an attack runs one, else none. */
export async function twins(owner: Owner): Promise<string[]> {
  const all = await liveContainers();
  return all
    .filter(({ Labels }) => Labels[labels.role] === role && Labels[labels.mark] === mark(owner))
    .map(({ Id }) => Id);
}

async function removeTwins(owner: Owner): Promise<void> {
  for (const id of await twins(owner)) await remove(id);
}

/** It also removes itself, as soon as it ends: the engine may be at that already. */
async function remove(id: string): Promise<void> {
  const status = (error: unknown) => (error instanceof DockerError ? error.status : undefined);
  try {
    await removeContainer(id);
  } catch (error) {
    if (status(error) !== 409) throw error;
    await new Docker().post(`/containers/${id}/wait`, { condition: "removed" }).catch((gone: unknown) => {
      if (status(gone) !== 404) throw gone;
    });
  }
}
