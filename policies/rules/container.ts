import type { AdapterNeeds } from "../../config/channels/types";
import { adapterVolumeName, labels, userId, volumeName } from "../../config/names";
import { thousandths } from "../../config/units";
import type { ContainerFact, Mount } from "./facts";
import type { ExpectedSubstation, Intent } from "./intent";

/**
 * What each kind of container may be. The numbers stand here once more on purpose, and are not those of components/: a rule that took its limits from what it
 * judges would judge nothing.
 */

export type Purpose = "shop" | "migrate" | "adapter" | "ingress" | "docker-proxy";

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
const fixedCeilings: Readonly<Record<Exclude<Purpose, "shop" | "adapter">, Ceiling>> = {
  migrate: ceiling(256, 1, 64, 16, 2),
  ingress: ceiling(256, 1, 512, 16, 10),
  "docker-proxy": ceiling(64, 0.5, 128, 0, 10),
};

/** Of an adapter, beside what its descriptor asks for. */
const adapterCeiling = { temporaryStorageBytes: 16 * mebibyte, logSizeBytes: 2 * mebibyte };

/**
 * What a container is for, by what it says of itself and can be held to. Undefined for all others: those have no exceptions.
 * The platform's own two are let off some rules, so their name must be the platform's, and none of a substation's labels may be on them.
 */
export function purposeOf(container: ContainerFact, { platform }: Intent): Purpose | undefined {
  const { role, owner } = container;
  if (role === "shop" || role === "migrate" || role === "adapter")
    return owner?.platform === platform.name ? role : undefined;
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
  if (purpose === "adapter") {
    const adapter = adapterOf(container, intent);
    return adapter && { ...adapter, ...adapterCeiling };
  }
  if (purpose !== "shop") return fixedCeilings[purpose];
  const substation = intent.substations.get(container.owner?.id ?? "");
  return substation && withoutAdapters(substation);
}

/** The custom channel of the substation's file that an adapter is of; undefined where there is none. */
export const adapterOf = ({ owner, labels: held }: ContainerFact, { substations }: Intent) =>
  substations.get(owner?.id ?? "")?.adapters.find(({ channel }) => channel === held[labels.channel]);

/** What adapters may use is taken from the shop, so that all together never use more than the tier allows. */
function withoutAdapters({ limits, adapters }: ExpectedSubstation): Ceiling {
  const left = (key: keyof AdapterNeeds): number =>
    adapters.reduce((rest, adapter) => rest - adapter[key], limits[key]);
  return {
    ...limits,
    memoryBytes: left("memoryBytes"),
    cpus: thousandths(left("cpus")),
    processes: left("processes"),
  };
}

/** Processes of all of a substation's containers that serve at one time: they share a user. */
export function processesOf(container: ContainerFact, intent: Intent): number | undefined {
  const serves = ["shop", "adapter"].includes(purposeOf(container, intent) ?? "");
  if (serves) return intent.substations.get(container.owner?.id ?? "")?.limits.processes;
  return ceilingOf(container, intent)?.processes;
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

/** Docker's network mode, which is also the one network that it may be on; of an adapter see `container-network`. */
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
      return owner
        ? [
            secrets(volumeName(platform, owner.id), "/srv/shop-secrets", true),
            ...(intent.substations.get(owner.id)?.adapters ?? []).map(({ channel }) =>
              secrets(
                adapterVolumeName(platform, owner.id, channel),
                `/srv/adapter-secrets/${channel}`,
                true,
              ),
            ),
          ]
        : [];
    case "adapter": {
      const channel = adapterOf(container, intent)?.channel;
      return owner && channel !== undefined
        ? [secrets(adapterVolumeName(platform, owner.id, channel), "/run/secrets", false)]
        : [];
    }
    case "ingress":
      return [{ ...proxySocket, writable: false }];
    case "docker-proxy":
      return [{ ...proxySocket, writable: true }, engineSocket];
    case undefined:
      return [];
  }
}

/** Whether the ingress may take the label for one of its own. */
export const isRoute = (label: string): boolean => /^traefik\./i.test(label);

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
