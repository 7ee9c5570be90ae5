import { labels } from "../config/names";
import { mapBounded } from "./bounded";
import { Docker, DockerError } from "./docker-api";
import type { LiveContainer, LiveNetwork, LiveVolume } from "./docker";

/** Everything on the Docker engine that concerns one platform, as the engine tells it in full. */

const docker = new Docker();

/** Requests to the engine under way at one time. */
const concurrency = 8;

export interface EngineObjects {
  readonly containers: readonly InspectedContainer[];
  /** Variables of the images that they run, by image id; those of an image that is gone are absent. */
  readonly imageEnvironments: ReadonlyMap<string, readonly string[]>;
  readonly networks: readonly (InspectedNetwork & { readonly members: readonly string[] })[];
  readonly volumes: readonly (InspectedVolume & { readonly users: readonly string[] })[];
}

export interface InspectedNetwork extends LiveNetwork {
  readonly Driver: string;
  readonly Attachable: boolean;
  readonly Options: Readonly<Record<string, string>> | null;
}

export interface InspectedVolume extends LiveVolume {
  readonly Driver: string;
  /** Where its files lie on the Docker host. */
  readonly Mountpoint: string;
  readonly Options: Readonly<Record<string, string>> | null;
}

interface ListedContainer extends LiveContainer {
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly NetworkID: string }>> | null;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source?: string;
  }[];
}

/** `docker inspect`, as far as anything is made of it. Lists that are empty may be null. */
export interface InspectedContainer {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  /** Id of the image that runs. */
  readonly Image: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    /** 0 where it does not run. */
    readonly Pid: number;
    /** ISO 8601, in UTC. */
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string } | null;
  };
  readonly Config: {
    readonly Image: string;
    readonly User: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Healthcheck?: { readonly Test?: readonly string[] | null } | null;
    readonly Tty: boolean;
    readonly OpenStdin: boolean;
  };
  readonly HostConfig: HostConfig;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination: string;
    readonly RW: boolean;
    readonly Propagation?: string;
  }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> | null };
}

export interface HostConfig {
  readonly Privileged: boolean;
  readonly CapAdd: readonly string[] | null;
  readonly CapDrop: readonly string[] | null;
  readonly SecurityOpt: readonly string[] | null;
  readonly GroupAdd: readonly string[] | null;
  readonly ReadonlyRootfs: boolean;
  readonly Tmpfs?: Readonly<Record<string, string>> | null;
  readonly Memory: number;
  readonly MemorySwap: number;
  readonly NanoCpus: number;
  readonly CpuQuota: number;
  readonly CpuPeriod: number;
  readonly PidsLimit: number | null;
  readonly Ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[] | null;
  readonly NetworkMode: string;
  readonly PidMode: string;
  readonly IpcMode: string;
  readonly UTSMode: string;
  readonly UsernsMode: string;
  readonly CgroupnsMode?: string;
  readonly CgroupParent: string;
  readonly Devices:
    | readonly {
        readonly PathOnHost: string;
        readonly PathInContainer: string;
        readonly CgroupPermissions: string;
      }[]
    | null;
  readonly DeviceRequests: readonly object[] | null;
  readonly DeviceCgroupRules: readonly string[] | null;
  readonly PortBindings: Readonly<
    Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
  > | null;
  readonly PublishAllPorts: boolean;
  readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> | null };
  readonly Sysctls?: Readonly<Record<string, string>> | null;
}

/**
 * A platform's containers, networks and volumes, whoever made them: by label, by name, and every other container that is on the platform's network, shares a namespace
 * with one of its containers, or reaches into one of its volumes. What other platforms and strangers have for themselves is left out. Three lists, then one request for each
 * container that is the platform's or nobody's, and for each image.
 * @param platform its name
 * @throws DockerError where the engine does not answer
 */
export async function engineObjects(platform: string): Promise<EngineObjects> {
  const [listed, allNetworks, { Volumes: allVolumes }] = await Promise.all([
    docker.get<readonly ListedContainer[]>("/containers/json", { all: true }),
    docker.get<readonly InspectedNetwork[]>("/networks"),
    docker.get<{ readonly Volumes: readonly InspectedVolume[] | null }>("/volumes"),
  ]);
  const ours = (name: string, held: Readonly<Record<string, string>> | null) => {
    const marked = held?.[labels.platform];
    return marked === undefined ? name.startsWith(`${platform}-`) : marked === platform;
  };
  const networks = allNetworks.filter((network) => ours(network.Name, network.Labels));
  const volumes = (allVolumes ?? []).filter((volume) => ours(volume.Name, volume.Labels));

  const isOn = ({ NetworkSettings }: ListedContainer, { Id, Name }: LiveNetwork) =>
    Object.entries(NetworkSettings.Networks ?? {}).some(
      ([name, { NetworkID }]) => NetworkID === Id || (NetworkID === "" && name === Name),
    );
  const uses = ({ Mounts }: ListedContainer, volume: InspectedVolume) =>
    Mounts.some(({ Type, Name, Source }) =>
      Type === "volume" ? Name === volume.Name : Type === "bind" && overlaps(Source ?? "", volume.Mountpoint),
    );
  const own = listed.filter((container) => ours(nameOf(container), container.Labels));
  const near = new Set([
    ...own,
    ...listed.filter(
      (container) =>
        networks.some((network) => isOn(container, network)) ||
        volumes.some((volume) => uses(container, volume)),
    ),
  ]);
  // Only a full look tells whose namespaces a container shares.
  const strangers = listed.filter(
    (container) => !near.has(container) && container.Labels[labels.platform] === undefined,
  );
  const ownIds = new Set(own.map(({ Id }) => Id));
  const inspected = await mapBounded(concurrency, [...near, ...strangers], ({ Id }) => inspect(Id));
  const containers = inspected.filter(
    (container, at) => container && (at < near.size || sharesNamespace(container, ownIds)),
  ) as InspectedContainer[];

  const images = await mapBounded(concurrency, [...new Set(containers.map(({ Image }) => Image))], variables);
  return {
    containers,
    imageEnvironments: new Map(images.filter((found) => found !== undefined)),
    networks: networks.map((network) => ({
      ...network,
      members: listed.filter((container) => isOn(container, network)).map(nameOf),
    })),
    volumes: volumes.map((volume) => ({
      ...volume,
      users: listed.filter((container) => uses(container, volume)).map(nameOf),
    })),
  };
}

/** Its own name; a link adds some that have a second slash. */
const nameOf = ({ Names, Id }: LiveContainer): string =>
  Names.find((name) => name.lastIndexOf("/") === 0)?.slice(1) ?? Id;

/** One that went between the list and the look is no error. */
async function inspect(id: string): Promise<InspectedContainer | undefined> {
  try {
    return await docker.get<InspectedContainer>(`/containers/${id}/json`);
  } catch (error) {
    if (error instanceof DockerError && error.status === 404) return undefined;
    throw error;
  }
}

async function variables(
  image: string,
): Promise<readonly [id: string, environment: readonly string[]] | undefined> {
  const found = await docker.image(image);
  return found && [image, found.Config.Env ?? []];
}

const sharesNamespace = ({ HostConfig }: InspectedContainer, ids: ReadonlySet<string>): boolean =>
  [HostConfig.NetworkMode, HostConfig.PidMode, HostConfig.IpcMode].some((mode) =>
    ids.has(/^container:(.*)$/.exec(mode)?.[1] ?? ""),
  );

/** Whether one of two absolute paths lies in the other. */
const overlaps = (a: string, b: string): boolean => {
  const [one, other] = [`${a.replace(/\/+$/, "")}/`, `${b.replace(/\/+$/, "")}/`];
  return one.startsWith(other) || other.startsWith(one);
};
