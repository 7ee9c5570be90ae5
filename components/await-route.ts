import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { labels, type Owner } from "../config/names";
import type { Ingress } from "../config/platform";
import { containerState, liveContainers } from "../inventory/docker";

/** Where visitors of a shop come in. */
export interface Door {
  readonly host: string;
  readonly ingress: Ingress;
}

/** Milliseconds after which the old container goes all the same. */
const patience = 15_000;
const between = 100;
/** What an image that does not tell its containers apart is given. */
const untold = 3_000;

/**
 * Hook for the last container of a shop: where another one serves, that goes only when visitors reach the new one. The ingress reads the containers of its host one after the other.
 * While many change, it may have looked at the new one before that was ready, and at the old one after that was stopped, and would have none to send visitors to.
 * @param name of the shop's container, on the Docker host
 */
export const awaitRoute = (owner: Owner, door: Door, name: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-route`, async () => {
    const shop = await containerState(name);
    if (!shop || !(await isReplacing(owner, shop.id))) return;
    if (!(await untilRouted(door, shop.id.slice(0, 12))))
      await pulumi.log.warn(
        `visitors of ${owner.id} did not reach its new container within ${patience / 1000} s, by ${door.host} at ${door.ingress.address}:${door.ingress.port}: the old one goes all the same`,
      );
  });

const isReplacing = async (owner: Owner, id: string): Promise<boolean> =>
  (await liveContainers()).some(
    ({ Id, Labels, State }) =>
      Id !== id &&
      State === "running" &&
      Labels[labels.platform] === owner.platform &&
      Labels[labels.id] === owner.id && // of whatever group: it may have been moved
      Labels[labels.role] === "shop",
  );

/**
 * @param instance host name of the container, as its answers tell it (docs/image-contract.md)
 * @returns false where it was not reached in time
 */
export async function untilRouted(door: Door, instance: string, wait = patience): Promise<boolean> {
  for (const end = Date.now() + wait; Date.now() < end; await sleep(between)) {
    const answer = await ask(door);
    if (answer?.instance === instance) return true;
    if (answer?.status === 200 && answer.instance === undefined) {
      await sleep(Math.min(wait, untold));
      return true;
    }
  }
  return false;
}

interface Answer {
  readonly status: number | undefined;
  readonly instance: string | undefined;
}

/** One request through the ingress; undefined where nobody answers. */
function ask({ host, ingress: { address, port } }: Door): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = http.get(
      { host: address, port, path: "/healthz", headers: { host }, agent: false, timeout: 2_000 },
      (response) => {
        response.resume();
        const instance = response.headers["x-substation-instance"];
        resolve({
          status: response.statusCode,
          instance: instance === undefined ? undefined : String(instance),
        });
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined)); // it is asked again
  });
}
