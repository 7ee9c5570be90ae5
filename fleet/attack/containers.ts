import { UserError } from "../../config/error";
import { labels, mark, parseMark, type Owner } from "../../config/names";
import { Docker } from "../../inventory/docker-api";
import { liveContainers } from "../../inventory/docker";

/** Of `docker inspect`, what is used here. */
export interface ShopContainer {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly Image: string;
  readonly Args: readonly string[];
  readonly Config: {
    readonly Hostname: string;
    readonly User: string;
    readonly Env: readonly string[];
  };
  readonly HostConfig: {
    readonly Mounts?: readonly object[] | null;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string; readonly Gateway: string }>>;
  };
}

/** The container of a substation that serves, the newest where one replaces another. */
export async function servingContainer(owner: Owner): Promise<ShopContainer> {
  const id = await running(
    ({ [labels.mark]: found, [labels.role]: role }) => found === mark(owner) && role === "shop",
  );
  if (id === undefined)
    throw new UserError(
      `substation ${owner.group}/${owner.id} has no running container: open it first, or mend it`,
    );
  return await inspect(id);
}

/** The other substations of the same platform that serve. */
export async function neighbours(owner: Owner): Promise<Owner[]> {
  return (await liveContainers())
    .filter(
      ({ Labels, State }) =>
        State === "running" &&
        Labels[labels.platform] === owner.platform &&
        Labels[labels.role] === "shop" &&
        Labels[labels.id] !== owner.id,
    )
    .flatMap(({ Labels }) => parseMark(Labels[labels.mark]) ?? []);
}

/** Port of the ingress's metrics and health, as its container was told; undefined where no ingress of ours runs. */
export async function operationsPort(platform: string): Promise<number | undefined> {
  const id = await running(
    ({ [labels.platform]: found, [labels.role]: role }) => found === platform && role === "ingress",
  );
  if (id === undefined) return undefined;
  const { Args } = await inspect(id);
  const [, port] =
    Args.map((arg) => /^--entrypoints\.operations\.address=.*:(\d+)$/i.exec(arg)).find(Boolean) ?? [];
  return port === undefined ? undefined : Number(port);
}

/** Gateway of the engine's default network, another address of the Docker host; undefined where that network was taken away. */
export async function defaultGateway(): Promise<string | undefined> {
  type Network = {
    readonly Name: string;
    readonly IPAM: { readonly Config: readonly { Gateway?: string }[] | null };
  };
  const networks = await new Docker().get<readonly Network[]>("/networks");
  return networks.find(({ Name }) => Name === "bridge")?.IPAM.Config?.[0]?.Gateway;
}

async function running(
  wanted: (held: Readonly<Record<string, string>>) => boolean,
): Promise<string | undefined> {
  return (await liveContainers()).find(({ Labels, State }) => State === "running" && wanted(Labels))?.Id;
}

const inspect = (id: string): Promise<ShopContainer> =>
  new Docker().get<ShopContainer>(`/containers/${id}/json`);
