import { createHash } from "node:crypto";
import type { PlainChannel } from "./config";

/** Whether the channel is on, and one payment by it may be of this sum. */
export const takes = ({ enabled, minimum, maximum }: PlainChannel, fen: number): boolean =>
  enabled && fen >= minimum && fen <= maximum;

/**
 * What a buyer is shown of the channels that may take an order's money. Channels of one kind and one title are one way to pay for the buyer,
 * by several merchants: each order gets one of them, each in proportion to its weight. Ways stand in the order of their largest weight.
 *
 * The order's token chooses, by rendezvous hashing: the same at every look, so that a buyer who comes back goes on with the payment that was
 * begun, and the part of a channel that drops out (its cap, its limits) falls to the others in proportion.
 *
 * @param failed a channel that is shown only where its way has no other
 */
export function chooseChannels(
  token: string,
  usable: readonly PlainChannel[],
  failed?: string,
): readonly PlainChannel[] {
  const ways = new Map<string, PlainChannel[]>();
  for (const channel of usable) {
    const way = JSON.stringify([channel.kind, channel.title]);
    ways.set(way, [...(ways.get(way) ?? []), channel]);
  }
  return [...ways.values()]
    .map((channels) => {
      const ranked = [...channels].sort((a, b) => wait(token, a) - wait(token, b));
      const largest = Math.max(...channels.map(({ weight }) => weight));
      return { largest, shown: ranked.find(({ id }) => id !== failed) ?? ranked[0]! };
    })
    .sort((a, b) => b.largest - a.largest)
    .map(({ shown }) => shown);
}

/** Of waits that are exponential with the weights as rates, each is the shortest with the probability of its weight in the sum. */
function wait(token: string, { id, weight }: PlainChannel): number {
  const digest = createHash("sha256").update(`${token} ${id}`).digest();
  return -Math.log((digest.readUIntBE(0, 6) + 1) / 2 ** 48) / weight;
}
