import type * as pulumi from "@pulumi/pulumi";
import type { ChannelSpec } from "../config/channels/types";

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

/** Where a gateway calls, and where it sends the buyer's browser. */
export interface ChannelUrls {
  readonly notifyUrl: string;
  readonly returnUrl: string;
}

/** Of each channel, by its id. They follow from the shop's own address, so that no two channels of any two shops have one in common. */
export const channelUrls = (url: string, channels: readonly ChannelSpec[]): Record<string, ChannelUrls> =>
  Object.fromEntries(
    channels.map(({ id }) => [
      id,
      { notifyUrl: `${url}/pay/${id}/notify`, returnUrl: `${url}/pay/${id}/return` },
    ]),
  );

/**
 * `channels` of substation.json, without what is secret in it.
 * @param sandboxGateway base URL of the platform's sandbox gateways
 */
export function channelConfig(
  url: string,
  channels: readonly ChannelSpec[],
  sandboxGateway: string | undefined,
): Record<string, object> {
  const urls = channelUrls(url, channels);
  return Object.fromEntries(
    channels.map(({ id, secrets: _names, gateway, ...channel }) => [
      id,
      { ...channel, gateway: channel.sandbox ? sandbox(sandboxGateway, channel) : gateway, ...urls[id] },
    ]),
  );
}

/** `secrets.channels` of substation.json: values by channel and field. */
export const channelSecretValues = (
  secrets: ChannelSecrets,
): Record<string, Record<string, pulumi.Output<string>>> =>
  map(secrets, (fields) => map(fields, ({ value }) => value));

/** Versions in place of values. */
export const channelSecretVersions = (secrets: ChannelSecrets): Record<string, Record<string, string>> =>
  map(secrets, (fields) => map(fields, ({ version }) => version));

function sandbox(base: string | undefined, { kind }: Pick<ChannelSpec, "kind">): string {
  if (base === undefined) throw new Error("a sandbox channel on a platform without sandbox gateways"); // refused before
  return `${base}/${kind}`;
}

const map = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
