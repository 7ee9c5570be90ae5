import type { ChannelSpec } from "./channels/types";

/** Where a gateway calls, and where it sends the buyer's browser. */
export interface ChannelUrls {
  readonly notifyUrl: string;
  readonly returnUrl: string;
}

/** As visitors see a shop: without a trailing slash. @param port of the platform's ingress */
export const shopUrl = (host: string, port: number): string =>
  port === 80 ? `http://${host}` : `http://${host}:${port}`;

/** Of a channel. They follow from the shop's own address, so that no two channels of any two shops have one in common. */
export const channelUrlsOf = (url: string, id: string): ChannelUrls => ({
  notifyUrl: `${url}/pay/${id}/notify`,
  returnUrl: `${url}/pay/${id}/return`,
});

/** The same of each channel, by its id. */
export const channelUrls = (
  url: string,
  channels: readonly Pick<ChannelSpec, "id">[],
): Record<string, ChannelUrls> => Object.fromEntries(channels.map(({ id }) => [id, channelUrlsOf(url, id)]));
