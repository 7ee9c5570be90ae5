import * as pulumi from "@pulumi/pulumi";
import { labels, mark, type Owner } from "../config/names";
import { containerState, liveContainers, renameContainer } from "../inventory/docker";

/**
 * Hook for a container that is made again as it was before: an update that failed has left the one before it running, under the very name
 * that the new one gets. It goes on serving under another name until the update is done, and then goes by its id.
 */
export const makeRoom = (resource: string, name: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${resource}-room`, async () => {
    const before = await containerState(name);
    if (before?.state === "running") await renameContainer(before.id, `${name}-before`);
  });

/**
 * The same for a shop whose own wait has failed. Room is made only where the container that failed stands there, made later: one that is alone, or the
 * latest, is what a killed update has made and not recorded, which is for `substation repair` to adopt.
 */
export const makeRoomForShop = (owner: Owner, name: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-room`, async () => {
    const shops = (await liveContainers()).filter(
      ({ Labels }) => Labels[labels.mark] === mark(owner) && Labels[labels.role] === "shop",
    );
    const before = shops.find(({ Names }) => Names.includes(`/${name}`));
    if (before && shops.some(({ Created }) => Created > before.Created))
      await renameContainer(before.Id, `${name}-before`);
  });
