import { isPlatformOwn } from "./container";
import { known } from "./known";
import { fleetRule, rule, type Rule } from "./rule";

/** The one network on which the ingress meets the shops, and no shop another. */

export const networkKnown = known("network", "Network");

export const networkName = rule("network", {
  id: "network-name",
  severity: "high",
  description: "Checks that a platform has its edge network and no other.",
  references: ["D16", "CIS Docker 5.30"],
  remedy:
    "Name it <platform>-edge and label it with the platform; a second network is a second way to a neighbour.",
  *check({ name, platform }, { platform: wanted }) {
    if (name !== wanted.edgeNetwork || platform !== wanted.name)
      yield `Network ${name} must be ${wanted.edgeNetwork} of platform ${wanted.name}, but is of platform ${platform ?? "nobody"}`;
  },
});

export const networkDriver = rule("network", {
  id: "network-driver",
  severity: "high",
  description: "Checks that the edge network is one that can keep its members apart.",
  references: ["D16", "CIS Docker 2.2"],
  remedy: "Set driver to bridge. No other of Docker's drivers knows enable_icc.",
  *check({ name, driver }) {
    if (driver !== "bridge")
      yield `Network ${name} must have the driver bridge, but has ${driver ?? "none that is known"}`;
  },
});

export const networkIsolation = rule("network", {
  id: "network-isolation",
  severity: "critical",
  description: "Checks that containers on the edge network cannot reach each other.",
  references: ["D16", "D25", "CIS Docker 2.2"],
  remedy: 'Set its option com.docker.network.bridge.enable_icc to "false".',
  *check({ name, interContainer }) {
    if (interContainer !== false) yield `Network ${name} must keep its containers apart`;
  },
});

export const networkMembers = fleetRule({
  id: "network-members",
  severity: "high",
  needs: ["container", "network"],
  description: "Checks that only containers of the platform are on the edge network.",
  references: ["D16", "CIS Docker 5.30"],
  remedy: 'Find out who put it there, then: "docker network disconnect <network> <container>".',
  *check(facts, intent) {
    const ours = new Set(
      facts.container
        .filter((one) => one.owner?.platform === intent.platform.name || isPlatformOwn(one, intent))
        .map(({ name }) => name),
    );
    for (const { name, live } of facts.network) {
      for (const member of live?.members ?? []) {
        if (!ours.has(member))
          yield {
            subject: member,
            message: `Container ${member} must not be on the network ${name}: it is no substation's`,
          };
      }
    }
  },
});

export const networkRules: readonly Rule[] = [
  networkKnown,
  networkName,
  networkDriver,
  networkIsolation,
  networkMembers,
];
