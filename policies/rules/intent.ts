import type { AdapterNeeds, ChannelSpec } from "../../config/channels/types";
import type { Resources } from "../../config/fleet";
import type { Owner } from "../../config/names";
import type { Position } from "../../config/problem";
import type { Scope } from "../../config/scopes";

/** What the files ask for. Facts are judged against it, and never against what the code that made them was told. */
export interface Intent {
  readonly platform: PlatformIntent;
  /** The stack that a plan is of; undefined where everything on the platform is looked at. */
  readonly stack: string | undefined;
  /** All substations of all groups on this platform, by id. */
  readonly substations: ReadonlyMap<string, ExpectedSubstation>;
  /** What there is to share out; undefined where nobody could tell. */
  readonly capacity: Capacity | undefined;
  /** How many standing substations one plan may change, replace or remove. Undefined where no plan is judged. */
  readonly mayTouch: number | undefined;
  /** Substations whose closing order is due and whose last export has been read back: their objects may go. @default none */
  readonly removable?: ReadonlySet<string>;
}

export interface PlatformIntent {
  readonly name: string;
  /** The DNS zone, e.g. `shops.example.com`. */
  readonly zone: string;
  /** IPv4 address that the substations' records point at. */
  readonly ingressAddress: string;
  readonly edgeNetwork: string;
  /** Role that opens and closes substations. */
  readonly provisioner: string;
}

export interface ExpectedSubstation {
  readonly owner: Owner;
  readonly tier: string;
  /** The tier's: what the shop's token may do at the main station's API. */
  readonly scopes: readonly Scope[];
  readonly host: string;
  /** The most that its tier allows. */
  readonly limits: Resources;
  /** What its file asks for, the tier's or less. */
  readonly resources: Resources;
  /** Of its custom channels. */
  readonly adapters: readonly ExpectedAdapter[];
  /** Its file, for findings that concern it. */
  readonly file: Position;
}

/** What a custom channel's descriptor asks for: the image by digest, and what one container of it may use. */
export interface ExpectedAdapter extends AdapterNeeds {
  readonly channel: string;
  readonly image: string;
}

export const expectedAdapters = (channels: readonly ChannelSpec[]): ExpectedAdapter[] =>
  channels.flatMap(({ id, adapter }) =>
    adapter ? [{ channel: id, image: adapter.image, ...adapter.needs }] : [],
  );

export interface Capacity {
  readonly memoryBytes: number;
  readonly cpus: number;
  /** `max_connections` less what is reserved for superusers and the main station. */
  readonly databaseConnections: number | undefined;
}
