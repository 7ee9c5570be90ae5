import { labels } from "../../config/names";
import { describeMount, isRoute, mountsOf, networkOf, purposeOf, type AllowedMount } from "./container";
import type { ContainerFact, Mount } from "./facts";
import { rule, type Rule } from "./rule";
import { isNamedSecret, secretIn } from "./secret-text";

/** What a container can reach, and what of it can be read: networks, files, ports, environment. */

export const containerNetwork = rule("container", {
  id: "container-network",
  severity: "critical",
  description:
    "Checks that a container is on the platform's edge network and on no other, and an adapter in its own shop's namespace.",
  references: [
    ...["D16", "D10", "CIS Docker 5.9", "CIS Docker 5.10", "CIS Docker 5.30"],
    ...["PSS baseline", "KICS ce14a68b", "KICS 071a71ff"],
  ],
  remedy:
    'Set networkMode and networksAdvanced to the edge network. By hand: "docker network disconnect <network> <container>".',
  *check(container, intent) {
    const { name, namespaces, networks } = container;
    if (purposeOf(container, intent) === "adapter") {
      yield* adapterFaults(container);
      return;
    }
    const wanted = networkOf(container, intent);
    if (namespaces.network !== wanted)
      yield `Container ${name} must have the network mode ${wanted}, but has ${namespaces.network || "the engine's default"}`;
    const others = networks.filter((network) => network !== wanted);
    if (others.length > 0)
      yield `Container ${name} must be on no network but ${wanted}, but is on ${others.join(", ")}`;
    // Docker counts "host" and "none" among the networks of what runs; a plan does not name them.
    if (wanted === intent.platform.edgeNetwork && !networks.includes(wanted))
      yield `Container ${name} must be on the network ${wanted}`;
  },
});

export const containerMounts = rule("container", {
  id: "container-mounts",
  severity: "critical",
  description:
    "Checks that a container mounts its substation's own volume and nothing else: no path of the host, no socket.",
  references: [
    "D11",
    "D12",
    "CIS Docker 5.6",
    "CIS Docker 5.32",
    "PSS baseline",
    "KICS d6355c88",
    "KICS 1c1325ff",
  ],
  remedy:
    "Remove the mount. An image that declares volumes of its own (VOLUME) gets one for each: build it without.",
  *check(container, intent) {
    const allowed = mountsOf(container, intent);
    for (const mount of container.mounts) {
      if (!allowed.some((one) => isAllowed(mount, one)))
        yield `Container ${container.name} must not mount ${describeMount(mount)}`;
    }
  },
});

export const containerMountPropagation = rule("container", {
  id: "container-mount-propagation",
  severity: "high",
  description: "Checks that mounts made in a container stay in it.",
  references: ["D13", "CIS Docker 5.20", "KICS baa452f0"],
  remedy: "Remove the mount's propagation: Docker's default is private.",
  *check({ name, mounts }) {
    for (const { target, propagation } of mounts) {
      if (!["", "private", "rprivate"].includes(propagation))
        yield `Container ${name} must mount ${target} with private propagation, but it is ${propagation}`;
    }
  },
});

export const containerPorts = rule("container", {
  id: "container-ports",
  severity: "high",
  description: "Checks that a container publishes no port: visitors come through the ingress.",
  references: ["D15", "CIS Docker 5.8", "CIS Docker 5.14", "KICS 451d79dc", "KICS bc2908f3"],
  remedy: "Remove ports, and set publishAllPorts to false.",
  *check({ name, ports, publishAllPorts }) {
    for (const { address, host, container } of ports)
      yield `Container ${name} must publish no port, but publishes ${container} at ${address || "0.0.0.0"}:${host ?? "any"}`;
    if (publishAllPorts !== false) yield `Container ${name} must not publish its image's ports`;
  },
});

export const containerEngine = rule("container", {
  id: "container-engine",
  severity: "high",
  description: "Checks that a container is told of no Docker engine.",
  references: ["D11", "CIS Docker 5.32"],
  remedy: "Remove the variable: whoever speaks to the engine is root on the host.",
  *check({ name, environment }) {
    for (const [variable] of environment.map(split)) {
      if (
        /^(?:DOCKER_(?:HOST|CERT_PATH|TLS_VERIFY|CONTEXT)|CONTAINER_HOST|CONTAINERD_ADDRESS)$/.test(variable)
      )
        yield `Container ${name} must not be told of a container engine, but has ${variable}`;
    }
  },
});

export const containerSecrets = rule("container", {
  id: "container-secrets",
  severity: "high",
  description: "Checks that no secret stands in a container's environment, labels or command line.",
  references: ["D26", "P21", "CIS Docker 4.10", "CIS PostgreSQL 1.6"],
  remedy:
    "Put it into the substation's secrets file, and renew it: everybody who can ask the engine has read it.",
  *check({ name, owner, environment, labels, command, healthcheck }) {
    const places: readonly (readonly [where: string, pairs: readonly Pair[]])[] = [
      ...environment.map((text) => {
        const [key, value] = split(text);
        return [`variable ${key}`, [[key, value]]] as const;
      }),
      ...Object.entries(labels).map(([key, value]) => {
        // Ours are judged one by one elsewhere: `substation.secrets` holds numbers, and an id may be called anything.
        const isKnown = isOurs(key) || isRoute(key);
        const pair: Pair = isKnown ? ["", withoutNames(value, owner)] : [key, value];
        return [`label ${key}`, [pair]] as const;
      }),
      ...command.map((_, at) => [`argument ${at + 1} of the command`, pairsOf(command, at)] as const),
      ...healthcheck.map(
        (_, at) => [`argument ${at + 1} of the health check`, pairsOf(healthcheck, at)] as const,
      ),
    ];
    for (const [where, pairs] of places) {
      const what = pairs.map(([key, value]) => secretIn(key, value)).find((found) => found !== undefined);
      if (what !== undefined)
        yield `Container ${name} must hold no secret in plain sight, but ${where} has ${what}`;
    }
  },
});

export const reachRules: readonly Rule[] = [
  containerNetwork,
  containerMounts,
  containerMountPropagation,
  containerPorts,
  containerEngine,
  containerSecrets,
];

/** An adapter shares its own shop's namespace, by a name that no other substation's container can have. */
function* adapterFaults({ name, owner, namespaces, networks }: ContainerFact): Iterable<string> {
  const mode = namespaces.network ?? "";
  const shop = `container:${owner?.platform}-${owner?.id}-shop-`;
  const own = mode.startsWith(shop) && /^[a-z2-7]{10}$/.test(mode.slice(shop.length));
  if (!own)
    yield `Container ${name} must have the network mode ${shop}…, but has ${mode || "the engine's default"}`;
  if (networks.length > 0)
    yield `Container ${name} must be on no network but its shop's, but is on ${networks.join(", ")}`;
}

function isAllowed(mount: Mount, { type, sources, target, writable }: AllowedMount): boolean {
  return (
    mount.type === type &&
    sources.includes(mount.source) &&
    mount.target === target &&
    (writable || mount.readOnly)
  );
}

const isOurs = (label: string): boolean => (Object.values(labels) as string[]).includes(label);

const withoutNames = (value: string, owner: ContainerFact["owner"]): string =>
  owner ? value.replaceAll(owner.id, " ").replaceAll(owner.group, " ") : value;

type Pair = readonly [key: string, value: string];

function split(text: string): Pair {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Of an argument: `--name=value` and `NAME=value` wherever they stand in it, and the whole, by the name that goes before where that is a secret's. */
function pairsOf(command: ContainerFact["command"], at: number): readonly Pair[] {
  const text = command[at] ?? "";
  const before = /^--?([\w.-]+)$/.exec(command[at - 1] ?? "")?.[1] ?? "";
  const key = isNamedSecret(before) && !text.startsWith("-") ? before : "";
  const inside = [...text.matchAll(/([A-Za-z_][\w.-]*)=([^\s"';]*)/g)];
  return [...inside.map(([, name = "", value = ""]): Pair => [name, value]), [key, text]];
}
