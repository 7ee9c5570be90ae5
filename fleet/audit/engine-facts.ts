import { labels, parseMark } from "../../config/names";
import type { CgroupLimits } from "../../inventory/cgroup";
import type { EngineObjects, HostConfig, InspectedContainer } from "../../inventory/containers";
import type { ContainerFact, NetworkFact, Port, VolumeFact } from "../../policies/rules/facts";

/**
 * What the Docker engine tells, as facts.
 * @param names of containers, by id: the engine tells by id whose namespace is shared
 */

export function containerFact(
  found: InspectedContainer,
  cgroup: CgroupLimits | undefined,
  imageEnvironment: readonly string[] | undefined,
  names: ReadonlyMap<string, string> = new Map(),
): ContainerFact {
  const { Config, HostConfig, State } = found;
  const held = Config.Labels ?? {};
  return {
    name: found.Name.slice(1),
    owner: parseMark(held[labels.mark]),
    unknown: [],
    platform: held[labels.platform],
    role: held[labels.role],
    image: Config.Image,
    user: Config.User || undefined,
    groups: HostConfig.GroupAdd ?? [],
    privileged: HostConfig.Privileged,
    capabilities: {
      add: (HostConfig.CapAdd ?? []).map(withoutPrefix),
      drop: (HostConfig.CapDrop ?? []).map(withoutPrefix),
    },
    securityOptions: HostConfig.SecurityOpt ?? [],
    readOnlyRoot: HostConfig.ReadonlyRootfs,
    tmpfs: HostConfig.Tmpfs ?? {},
    memoryBytes: HostConfig.Memory,
    memorySwapBytes: HostConfig.MemorySwap,
    cpus: coresOf(HostConfig),
    ulimits: (HostConfig.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({
      name: Name,
      soft: Soft,
      hard: Hard,
    })),
    namespaces: {
      network:
        HostConfig.NetworkMode.replace(/^container:(.*)$/, (mode, id: string) =>
          names.has(id) ? `container:${names.get(id)}` : mode,
        ) || undefined,
      pid: HostConfig.PidMode || undefined,
      ipc: HostConfig.IpcMode || undefined,
      uts: HostConfig.UTSMode || undefined,
      user: HostConfig.UsernsMode || undefined,
      cgroup: HostConfig.CgroupnsMode || undefined,
    },
    // Docker lists these two like networks, though nothing can be reached by being "on" them.
    networks: Object.keys(found.NetworkSettings.Networks ?? {}).filter(
      (name) => name !== "host" && name !== "none",
    ),
    mounts: found.Mounts.map(({ Type, Name, Source, Destination, RW, Propagation }) => ({
      type: Type,
      source: (Type === "volume" ? Name : Source) ?? "",
      target: Destination,
      readOnly: !RW,
      propagation: Propagation ?? "",
    })),
    devices: devicesOf(HostConfig),
    ports: portsOf(HostConfig),
    publishAllPorts: HostConfig.PublishAllPorts,
    restart: {
      policy: HostConfig.RestartPolicy.Name || "no",
      maximumRetries: HostConfig.RestartPolicy.MaximumRetryCount,
    },
    healthcheck: Config.Healthcheck?.Test ?? [],
    environment: Config.Env ?? [],
    command: [found.Path, ...found.Args],
    labels: held,
    cgroupParent: HostConfig.CgroupParent || undefined,
    log: { driver: HostConfig.LogConfig.Type, options: HostConfig.LogConfig.Config ?? {} },
    sysctls: HostConfig.Sysctls ?? {},
    tty: Config.Tty,
    stdinOpen: Config.OpenStdin,
    live: {
      state: State.Status,
      health: State.Health?.Status,
      restartCount: found.RestartCount,
      startedAt: Date.parse(State.StartedAt),
      imageId: found.Image,
      cgroup,
      pidsLimit: HostConfig.PidsLimit ?? undefined,
      imageEnvironment,
    },
  };
}

export const networkFact = (network: EngineObjects["networks"][number]): NetworkFact => ({
  name: network.Name,
  owner: parseMark(network.Labels?.[labels.mark]),
  unknown: [],
  platform: network.Labels?.[labels.platform],
  driver: network.Driver,
  // Docker's own default is to let them talk.
  interContainer: network.Options?.["com.docker.network.bridge.enable_icc"] !== "false",
  attachable: network.Attachable,
  live: { members: network.members },
});

export const volumeFact = (volume: EngineObjects["volumes"][number]): VolumeFact => ({
  name: volume.Name,
  owner: parseMark(volume.Labels?.[labels.mark]),
  unknown: [],
  platform: volume.Labels?.[labels.platform],
  driver: volume.Driver,
  driverOptions: volume.Options ?? {},
  live: { users: volume.users },
});

const withoutPrefix = (capability: string): string => capability.replace(/^CAP_/, "");

/** Undefined where there is no limit. */
function coresOf({ NanoCpus, CpuQuota, CpuPeriod }: HostConfig): number | undefined {
  if (NanoCpus > 0) return NanoCpus / 1e9;
  return CpuQuota > 0 ? CpuQuota / (CpuPeriod || 100_000) : undefined;
}

const devicesOf = ({ Devices, DeviceRequests, DeviceCgroupRules }: HostConfig): string[] => [
  ...(Devices ?? []).map(
    ({ PathOnHost, PathInContainer, CgroupPermissions }) =>
      `${PathOnHost}:${PathInContainer}:${CgroupPermissions}`,
  ),
  ...(DeviceRequests ?? []).map((request) => `request ${JSON.stringify(request)}`),
  ...(DeviceCgroupRules ?? []).map((one) => `rule ${one}`),
];

/** Asked for as `"80/tcp": [{ HostIp, HostPort }]`. */
const portsOf = ({ PortBindings }: HostConfig): Port[] =>
  Object.entries(PortBindings ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostIp, HostPort }) => ({
      address: HostIp,
      host: HostPort === "" ? undefined : Number(HostPort),
      container: parseInt(port, 10),
    })),
  );
