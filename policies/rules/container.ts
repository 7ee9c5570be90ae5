import { labels, userId, volumeName } from "../../config/names";
import type { ContainerFact, Mount } from "./facts";
import type { Intent } from "./intent";

/**
 * What each kind of container may be. The numbers stand here once more on purpose, and are not those of components/: a rule that took its limits from what it
 * judges would judge nothing.
 */

export type Purpose = "shop" | "migrate" | "ingress" | "docker-proxy";

export interface Ceiling {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly processes: number;
  /** Of all tmpfs mounts together. */
  readonly temporaryStorageBytes: number;
  readonly logSizeBytes: number;
}

const mebibyte = 1024 * 1024;

/** Of containers that no tier speaks of. The migration has the same in every tier: it runs alone, for seconds, with the image that is about to serve. */
const fixedCeilings: Readonly<Record<Exclude<Purpose, "shop">, Ceiling>> = {
  migrate: ceiling(256, 1, 64, 16, 2),
  ingress: ceiling(256, 1, 512, 16, 10),
  "docker-proxy": ceiling(64, 0.5, 128, 0, 10),
};

/**
 * What a container is for, by what it says of itself and can be held to. Undefined for all others: those have no exceptions.
 * The platform's own two are let off some rules, so their name must be the platform's, and none of a substation's labels may be on them.
 */
export function purposeOf(container: ContainerFact, { platform }: Intent): Purpose | undefined {
  const { role, owner } = container;
  if (role === "shop" || role === "migrate") return owner?.platform === platform.name ? role : undefined;
  if (role !== "ingress" && role !== "docker-proxy") return undefined;
  const claimed = [labels.mark, labels.group, labels.id].some((label) => label in container.labels);
  const own = container.platform === platform.name && container.name === `${platform.name}-${role}`;
  return owner === undefined && !claimed && own ? role : undefined;
}

export const isPlatformOwn = (container: ContainerFact, intent: Intent): boolean =>
  ["ingress", "docker-proxy"].includes(purposeOf(container, intent) ?? "");

/** The most that it may use. Undefined where nobody expects it: `container-owner` finds fault with that. */
export function ceilingOf(container: ContainerFact, intent: Intent): Ceiling | undefined {
  const purpose = purposeOf(container, intent);
  if (purpose === undefined) return undefined;
  return purpose === "shop"
    ? intent.substations.get(container.owner?.id ?? "")?.limits
    : fixedCeilings[purpose];
}

/** `uid:gid`, or undefined where any that is not root's will do. */
export function userOf(container: ContainerFact, intent: Intent): string | undefined {
  const purpose = purposeOf(container, intent);
  // Root without a capability: nobody but the owner of the engine's socket may open it, and to open it is all that this one can do.
  if (purpose === "docker-proxy") return "0:0";
  if (purpose === "ingress" || !container.owner) return undefined;
  const user = userId(container.owner.platform, container.owner.id);
  return `${user}:${user}`;
}

/** Docker's network mode, which is also the one network that it may be on. */
export function networkOf(container: ContainerFact, intent: Intent): string {
  const purpose = purposeOf(container, intent);
  // The ingress listens on the host's address, and reaches every shop; the other one speaks through a socket alone.
  if (purpose === "ingress") return "host";
  return purpose === "docker-proxy" ? "none" : intent.platform.edgeNetwork;
}

/** All that it may mount. `writable` where it may write there. */
export interface AllowedMount {
  readonly type: string;
  readonly sources: readonly string[];
  readonly target: string;
  readonly writable: boolean;
}

export function mountsOf(container: ContainerFact, intent: Intent): readonly AllowedMount[] {
  const { owner } = container;
  const platform = intent.platform.name;
  const proxySocket = {
    type: "volume",
    sources: [`${platform}-docker-proxy`],
    target: "/run/docker-proxy",
  };
  switch (purposeOf(container, intent)) {
    case "shop":
      return owner ? [secrets(volumeName(platform, owner.id), "/run/secrets", false)] : [];
    case "migrate":
      return owner ? [secrets(volumeName(platform, owner.id), "/srv/shop-secrets", true)] : [];
    case "ingress":
      return [{ ...proxySocket, writable: false }];
    case "docker-proxy":
      return [{ ...proxySocket, writable: true }, engineSocket];
    case undefined:
      return [];
  }
}

export const describeMount = ({ type, source, target, readOnly }: Mount): string =>
  `${type} ${source || "(no name)"} at ${target}${readOnly ? "" : ", writable"}`;

const secrets = (volume: string, target: string, writable: boolean): AllowedMount => ({
  type: "volume",
  sources: [volume],
  target,
  writable,
});

const engineSocket: AllowedMount = {
  type: "bind",
  sources: ["/var/run/docker.sock", "/run/docker.sock"],
  target: "/var/run/docker.sock",
  writable: false,
};

function ceiling(
  memoryMb: number,
  cpus: number,
  processes: number,
  temporaryMb: number,
  logMb: number,
): Ceiling {
  return {
    memoryBytes: memoryMb * mebibyte,
    cpus,
    processes,
    temporaryStorageBytes: temporaryMb * mebibyte,
    logSizeBytes: logMb * mebibyte,
  };
}
