import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../config/names";
import { containerLog, containerState, removeContainer, type ContainerState } from "../inventory/docker";
import type { ChannelSecrets } from "./channels";
import { hide, plainValues } from "./hide";

/** Milliseconds that a shop has to become ready, once its last adapter is made. */
const patience = 60_000;

/** An adapter that was restarted so often does not work. */
const mostRestarts = 3;

/**
 * Hook for the last adapter: waits until the shop's container is healthy, which it becomes when every adapter has answered it. Where it
 * does not, it goes, and its adapters with it: visitors keep the container that they have, or none, and the next update, which looks at what
 * is live, makes them anew.
 * @param adapters names of their containers
 */
export const awaitShop = (
  owner: Owner,
  shop: string,
  adapters: readonly string[],
  secrets: ChannelSecrets,
): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-shop-ready`, async () => {
    const fault = (await elsewhere(shop, adapters)) ?? (await untilReady(shop, adapters));
    if (fault === undefined) return;
    const values = await plainValues(
      Object.values(secrets).flatMap((fields) => Object.values(fields).map(({ value }) => value)),
    );
    const said = await Promise.all(
      [...adapters, shop].map(async (name) => {
        const log = await containerLog(name, 10).catch(() => "");
        return `${name} said last:\n${hide(log, values) || "(nothing)"}`;
      }),
    );
    for (const name of [...adapters, shop]) await removeContainer(name);
    throw new pulumi.RunError(
      `Substation ${owner.group}/${owner.id} is not opened: ${fault}. ` +
        `Its new containers were removed; mend the cause and run the update again.\n${said.join("\n")}`,
    );
  });

/** Hook for the DNS record: a name leads to no shop that is not ready. */
export const requireShop = (owner: Owner, shop: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-requires-shop`, async () => {
    if ((await containerState(shop))?.health === "healthy") return;
    throw new pulumi.RunError(
      `Substation ${owner.group}/${owner.id} is not opened: its shop is not ready (see the error of its adapters).`,
    );
  });

/** Which adapter is in another namespace than its shop's; undefined where none is. A plan's rules know ids by what labels say of them. */
async function elsewhere(shop: string, adapters: readonly string[]): Promise<string | undefined> {
  const front = await containerState(shop);
  for (const name of adapters) {
    const found = await containerState(name);
    if (!front || found?.network !== `container:${front.id}`)
      return `its container ${name} is not in the network namespace of ${shop}`;
  }
  return undefined;
}

/** Why the shop is not ready; undefined where it is. */
async function untilReady(shop: string, adapters: readonly string[]): Promise<string | undefined> {
  for (const end = performance.now() + patience; ; await sleep(250)) {
    const [front, ...beside] = await Promise.all([shop, ...adapters].map(containerState));
    if (front?.health === "healthy") return undefined;
    const fault = [...beside, front]
      .map((state, at) => failed(state, adapters[at] ?? shop))
      .find((found) => found !== undefined);
    if (fault) return fault;
    if (performance.now() > end)
      return `its shop ${shop} is not ready after ${patience / 1000} s; it waits for its adapters (${adapters.join(", ")}) and its database`;
  }
}

function failed(state: ContainerState | undefined, name: string): string | undefined {
  if (!state) return `its container ${name} is gone`;
  if (state.restarts >= mostRestarts)
    return `its container ${name} does not stay up: it was restarted ${state.restarts} times`;
  return ["exited", "dead"].includes(state.state)
    ? `its container ${name} has ended with exit code ${state.exitCode}`
    : undefined;
}
