import type * as pulumi from "@pulumi/pulumi";
import { descriptorOf } from "../config/channels";
import { adaptersOf } from "../config/channels/adapters";
import type { ChannelSpec } from "../config/channels/types";
import type { Sandbox } from "../config/platform";
import { channelUrls } from "../config/urls";

/** The value of one secret field of a channel. */
export interface ChannelSecret {
  readonly value: pulumi.Output<string>;
  /**
   * Literal, another one whenever the value may be another one, and without a hint of the value: it goes into the names of containers, which are made anew by it.
   */
  readonly version: string;
}

/** By channel, then by field. */
export type ChannelSecrets = Readonly<Record<string, Readonly<Record<string, ChannelSecret>>>>;

/** `channels` of substation.json, without what is secret in it. */
export function channelConfig(
  url: string,
  channels: readonly ChannelSpec[],
  sandbox: Sandbox | undefined,
): Record<string, object> {
  const urls = channelUrls(url, channels);
  const custom = new Map(
    adaptersOf(channels).map(({ channel, port, merchant }) => [channel.id, { port, merchant }]),
  );
  return Object.fromEntries(
    channels.map(({ id, secrets: _names, adapter: _adapter, gateway, ...channel }): [string, object] => {
      const own = custom.get(id);
      if (own) return [id, { ...channel, adapter: own, ...urls[id] }];
      const there = channel.sandbox ? inSandbox(channel, sandbox) : {};
      return [id, { ...channel, gateway, ...there, ...urls[id] }];
    }),
  );
}

/** `secrets.channels` of substation.json: values by channel and field. What a custom channel has, its adapter gets and not the shop. */
export const channelSecretValues = (
  channels: readonly ChannelSpec[],
  secrets: ChannelSecrets,
): Record<string, Record<string, pulumi.Output<string>>> => {
  const adapters = new Set(adaptersOf(channels).map(({ channel }) => channel.id));
  const own = Object.entries(secrets).filter(([id]) => !adapters.has(id));
  return map(Object.fromEntries(own), (fields) => map(fields, ({ value }) => value));
};

/** Versions in place of values. */
export const channelSecretVersions = (secrets: ChannelSecrets): Record<string, Record<string, string>> =>
  map(secrets, (fields) => map(fields, ({ version }) => version));

/** The sandbox's gateway, and its key wherever the kind has the gateway's: a real one in the file is of no use to it. */
function inSandbox(
  { kind, fields }: Pick<ChannelSpec, "kind" | "fields">,
  sandbox: Sandbox | undefined,
): Pick<ChannelSpec, "gateway" | "fields"> {
  if (sandbox === undefined) throw new Error("a sandbox channel on a platform without sandbox gateways"); // refused before
  const keys = descriptorOf({ kind })
    .fields.filter(({ type, when }) => type === "publicKey" && (!when || fields[when.field] === when.is))
    .map(({ name }) => [name, sandbox.publicKey]);
  return {
    gateway: `${sandbox.gateway}/${kind}`,
    fields: { ...fields, ...(Object.fromEntries(keys) as Record<string, string>) },
  };
}

const map = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
