/** How long to wait before a try is made again: doubling from half a second to a minute, and at random within the upper half of that, so that those who failed together do not come again together. */
const shortest = 500;
const longest = 60_000;

/**
 * @param tries how many have failed so far, from 1
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoff(tries: number, random: () => number = Math.random): number {
  const full = Math.min(longest, shortest * 2 ** Math.min(tries, 16));
  return full * (0.5 + random() / 2);
}
