import { appRole, databaseName, migrateRole, type Owner } from "../../config/names";
import type { Resources } from "../../config/fleet";
import type { Platform } from "../../config/platform";
import { defaultGateway, operationsPort, servingContainer, type ShopContainer } from "./containers";
import type { Login } from "./questions";

/** Whom the attack plays, and what it goes for. */
export interface AttackTarget {
  readonly platform: Platform;
  /** The substation whose part is played. */
  readonly owner: Owner;
  readonly limits: Resources;
  /** Another substation of the platform that serves. Without one, what goes against neighbours is not tried. */
  readonly neighbour?: Neighbour;
  /** Folder of the typed files. */
  readonly stacks: string;
  /** Doors of the Docker host to try beside the usual ones: port by title. */
  readonly hostPorts?: Readonly<Record<string, number>>;
}

export interface Neighbour {
  readonly owner: Owner;
  readonly host: string;
  readonly title: string;
}

/** All that the attempts are written from. */
export interface Facts {
  readonly target: AttackTarget;
  readonly shop: ShopContainer;
  readonly own: Tenant;
  /** Made-up names where there is no neighbour: what is tried against them is then not counted. */
  readonly neighbour: Tenant & {
    /** What must not be found in a catalog. */
    readonly words: readonly string[];
    /** Of its container. */
    readonly addresses: readonly string[];
    readonly names: readonly string[];
  };
  readonly provisioner: string;
  /** The shop's own login. */
  readonly login: Login;
  /** Of the Docker host, as containers reach it. */
  readonly hostAddresses: readonly string[];
  /** By title. */
  readonly hostPorts: Readonly<Record<string, number>>;
}

export interface Tenant {
  readonly database: string;
  readonly app: string;
  readonly migrate: string;
}

export async function gather(target: AttackTarget): Promise<Facts> {
  const { platform, owner, neighbour } = target;
  const shop = await servingContainer(owner);
  const beside = neighbour && (await servingContainer(neighbour.owner));
  const own = tenant(owner);
  const { address, port, user: provisioner } = platform.database;
  const dnsApi = localPort(platform.dns.api);
  const operations = await operationsPort(platform.name);
  return {
    target,
    shop,
    own,
    neighbour: {
      ...tenant(neighbour?.owner ?? { ...owner, id: "nobody" }),
      words: neighbour ? [neighbour.owner.id, neighbour.host, neighbour.title] : [],
      addresses: beside ? unique(addresses(beside).map(({ IPAddress }) => IPAddress)) : [],
      names: beside ? [beside.Name.slice(1)] : [],
    },
    provisioner,
    login: { host: address, port, database: own.database, user: own.app },
    hostAddresses: unique([
      ...addresses(shop).map(({ Gateway }) => Gateway),
      address,
      await defaultGateway(),
      platform.ingress.address.startsWith("127.") ? undefined : platform.ingress.address,
    ]),
    hostPorts: {
      "secure shell": 22,
      "Docker's API": 2375,
      "Docker's API with TLS": 2376,
      ...(operations === undefined ? {} : { "the ingress's operations": operations }),
      ...(dnsApi === undefined ? {} : { "the DNS zone's API": dnsApi }),
      ...target.hostPorts,
    },
  };
}

function tenant({ platform, id }: Owner): Tenant {
  const database = databaseName(platform, id);
  return { database, app: appRole(database), migrate: migrateRole(database) };
}

const addresses = (container: ShopContainer) => Object.values(container.NetworkSettings.Networks);

const unique = (list: readonly (string | undefined)[]): string[] =>
  [...new Set(list.filter((item) => item !== undefined && item !== ""))] as string[];

/** The port of a URL on this machine; undefined where it leads elsewhere. */
export function localPort(url: string | undefined): number | undefined {
  if (url === undefined) return undefined;
  const { hostname, port, protocol } = new URL(url);
  if (hostname !== "localhost" && !hostname.startsWith("127.")) return undefined;
  return Number(port) || (protocol === "https:" ? 443 : 80);
}
