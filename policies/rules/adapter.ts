import { labels } from "../../config/names";
import { adapterOf, purposeOf } from "./container";
import type { ContainerFact } from "./facts";
import { expectedIn } from "./fleet-complete";
import { fleetRule, rule, type Rule } from "./rule";

/** Adapters of custom channels: images of an operator's own, beside a shop, in its network namespace. */

export const adapterImage = rule("container", {
  id: "container-adapter",
  severity: "high",
  description: "Checks that an adapter is of a custom channel in its substation's file, and runs its image.",
  references: ["D19"],
  remedy:
    "Run the update of the group. What speaks for a payment system says what was paid: no other image may.",
  *check(container, intent) {
    if (purposeOf(container, intent) !== "adapter") return;
    const { name, image } = container;
    const wanted = adapterOf(container, intent);
    if (!wanted)
      yield `Container ${name} must be of a custom channel in its substation's file, but is of ${container.labels[labels.channel] ?? "none"}`;
    else if (image !== wanted.image)
      yield `Container ${name} must run the image of its channel's descriptor, ${wanted.image}, but names ${image ?? "none"}`;
  },
});

export const adapterNamespace = fleetRule({
  id: "fleet-adapter-namespace",
  severity: "high",
  needs: ["container"],
  description: "Checks that an adapter is where its shop reaches it: in the namespace that the shop has now.",
  references: ["D10", "D18"],
  remedy:
    'Run the update of the group: it restarts the adapter. By hand: "docker restart <container>". A shop that was started anew has another namespace, and its adapters keep the old one.',
  *check({ container }, intent) {
    const shops = new Map(
      container.filter((one) => purposeOf(one, intent) === "shop").map((one) => [one.name, one]),
    );
    for (const adapter of container) {
      if (purposeOf(adapter, intent) !== "adapter") continue;
      const target = /^container:(.*)$/.exec(adapter.namespaces.network ?? "")?.[1] ?? "";
      const fault = namespaceFault(adapter, shops.get(target));
      if (fault)
        yield {
          subject: adapter.name,
          owner: adapter.owner,
          message: `Container ${adapter.name} must be in the network namespace that its shop has, but ${fault}`,
        };
    }
  },
});

function namespaceFault(adapter: ContainerFact, shop: ContainerFact | undefined): string | undefined {
  if (!shop || shop.owner?.id !== adapter.owner?.id) return "there is no such shop of its substation";
  if (!adapter.live || !shop.live || shop.live.state !== "running") return undefined; // container-running says so
  return adapter.live.startedAt < shop.live.startedAt ? `${shop.name} was started after it` : undefined;
}

export const adaptersThere = fleetRule({
  id: "fleet-adapter-missing",
  severity: "high",
  needs: ["container"],
  description: "Checks that every custom channel of every file has its adapter.",
  references: ["D17", "X02"],
  remedy: 'Run "npm run up -- <group>". In a plan: the program has left it out.',
  *check({ container }, intent) {
    const there = new Set(
      container
        .filter(({ role }) => role === "adapter")
        .map(({ owner, labels: held }) => `${owner?.id}/${held[labels.channel]}`),
    );
    for (const { owner, adapters } of expectedIn(intent)) {
      for (const { channel } of adapters) {
        if (!there.has(`${owner.id}/${channel}`))
          yield {
            subject: owner.id,
            owner,
            message: `Substation ${owner.id} must have an adapter for its channel ${channel}, but there is none`,
          };
      }
    }
  },
});

export const adapterRules: readonly Rule[] = [adapterImage, adapterNamespace, adaptersThere];
