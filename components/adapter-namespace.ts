import { labels } from "../config/names";
import { containerState, liveContainers, restartContainer, type ContainerState } from "../inventory/docker";

/**
 * Restarts the adapters of a group that their shop cannot reach. A shop that was started anew, after a crash or with its host, has a new
 * network namespace, and an adapter that went on running is still in the old one, alone.
 */
export async function renewNamespaces(platform: string, group: string): Promise<void> {
  const adapters = (await liveContainers()).filter(
    ({ Labels }) =>
      Labels[labels.platform] === platform &&
      Labels[labels.group] === group &&
      Labels[labels.role] === "adapter",
  );
  await Promise.all(
    adapters.map(async ({ Id }) => {
      const adapter = await containerState(Id);
      const shop = adapter && (await containerState(adapter.network.replace(/^container:/, "")));
      if (shop && isStale(adapter, shop)) await restartContainer(Id);
    }),
  );
}

/** One that was made and never started is an update's that is not done. */
export const isStale = (
  adapter: Pick<ContainerState, "state" | "startedAt">,
  shop: Pick<ContainerState, "state" | "startedAt">,
): boolean =>
  shop.state === "running" &&
  adapter.state !== "created" &&
  (adapter.state === "exited" || Date.parse(adapter.startedAt) < Date.parse(shop.startedAt));
