import { thousandths } from "../units";
import type { Adapter, AdapterNeeds, ChannelSpec } from "./types";

/** The adapter of one custom channel, with its place beside the shop. */
export interface PlacedAdapter {
  readonly channel: ChannelSpec;
  readonly adapter: Adapter;
  /** On 127.0.0.1, which adapter and shop share. Each has its own: one substation may have two channels of one payment system. */
  readonly port: number;
  /** Who must get the money, in the payment system's own words: what every message of it is held against. */
  readonly merchant: string;
}

/** The image contract's own ports are 8080 and 9090. */
const firstPort = 9101;

/** In the order of the file; also of channels that are switched off, which still read what comes of payments that were begun. */
export const adaptersOf = (channels: readonly ChannelSpec[]): PlacedAdapter[] =>
  channels
    .flatMap((channel) => (channel.adapter ? [{ channel, adapter: channel.adapter }] : []))
    .map(({ channel, adapter }, at) => ({
      channel,
      adapter,
      port: firstPort + at,
      merchant: channel.fields[adapter.descriptor.merchant[0] ?? ""] ?? "",
    }));

/** What is left for the shop's own container: all together never have more than the substation. */
export function shopShare<T extends AdapterNeeds>(resources: T, channels: readonly ChannelSpec[]): T {
  const taken = (name: keyof AdapterNeeds): number =>
    adaptersOf(channels).reduce((sum, { adapter }) => sum + adapter.needs[name], 0);
  return {
    ...resources,
    memoryBytes: resources.memoryBytes - taken("memoryBytes"),
    cpus: thousandths(resources.cpus - taken("cpus")),
    processes: resources.processes - taken("processes"),
  };
}
