import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ingress } from "../../config/platform";

/** How long visitors of a shop waited, in milliseconds. */
export interface Latency {
  readonly requests: number;
  /** Answered with something else than 200, or not at all. They count as requests, not in the times. */
  readonly failures: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Milliseconds between the starts of two requests, whether the first was answered or not: a shop that stalls is asked all the same. */
const interval = 20;

/** Milliseconds after which an answer counts as a failure. */
const patience = 5_000;

export interface Sampling {
  /** Ends it, waits for the requests under way, and says what came of them. */
  stop(): Promise<Latency>;
}

/** Asks for a shop's page through the ingress, over and over, `most` times at most. */
export function sample({ address, port }: Ingress, host: string, most: number): Sampling {
  const agent = new http.Agent({ keepAlive: true });
  const times: (number | undefined)[] = [];
  const pending: Promise<void>[] = [];
  const stopped = new AbortController();
  const asking = (async () => {
    const start = performance.now();
    while (pending.length < most && !stopped.signal.aborted) {
      pending.push(
        once({ agent, host: address, port, headers: { host }, timeout: patience }).then(
          (time) => void times.push(time),
        ),
      );
      await sleep(Math.max(0, start + pending.length * interval - performance.now()));
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await asking;
      await Promise.all(pending);
      agent.destroy();
      return summary(times);
    },
  };
}

/** Milliseconds until the whole answer was there; undefined where it was none of a shop that serves. */
function once(options: http.RequestOptions): Promise<number | undefined> {
  const started = performance.now();
  return new Promise((resolve) => {
    const request = http.get(options, (response) => {
      response.on("end", () =>
        resolve(response.statusCode === 200 ? performance.now() - started : undefined),
      );
      response.on("error", () => resolve(undefined));
      response.resume();
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
  });
}

export function summary(times: readonly (number | undefined)[]): Latency {
  const sorted = times.filter((time) => time !== undefined).sort((a, b) => a - b);
  return {
    requests: times.length,
    failures: times.length - sorted.length,
    medianMs: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
  };
}

/** The smallest of the sorted values that `percent` of them do not exceed (nearest rank); NaN of none. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
