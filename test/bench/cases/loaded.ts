import { setTimeout as sleep } from "node:timers/promises";
import { batchOf, layBatch } from "../batch";
import type { Case } from "../report";
import { forget, openBatch, type Bench } from "../runs";
import { Station } from "../station";

/** Seconds for which the main station is looked at before the opening begins: as long as an opening of 100 is to take at most. */
const before = 60;

/**
 * What an opening of `count` is to those who share the machine: memory of all its processes, bytes of state, and how long the main station waits for its database meanwhile.
 * Not timed: the looking takes time.
 */
export async function loaded(bench: Bench, name: string, count: number): Promise<Case> {
  const { lab, platform, progress, signal } = bench;
  const batch = batchOf(`m${count}`, count);
  await layBatch(lab, bench.merchant, batch);
  const station = await Station.watch(lab.home, platform);
  try {
    await sleep(2_000, undefined, { signal }); // its first queries plan, and warm caches
    await station.since();
    await progress.step(`${name}: the main station at rest, ${before} s`, () =>
      sleep(before * 1000, undefined, { signal }),
    );
    const rest = await station.since();
    const { usage } = await progress.step(`${name}: substation open, watched`, () =>
      openBatch(bench, batch, { memory: true }),
    );
    const during = await station.since();
    await forget(bench, batch);
    return {
      name,
      peakPssMiB: usage.peakPss,
      peakRssMiB: usage.peakRss,
      peakPssMiBByProgram: usage.peakPssByProgram,
      stateMiB: usage.stateMiB,
      restMedianMs: rest.medianMs,
      restP99Ms: rest.p99Ms,
      duringMedianMs: during.medianMs,
      duringP99Ms: during.p99Ms,
      p99Ratio: during.p99Ms / rest.p99Ms,
      queries: during.requests,
      failures: during.failures,
    };
  } finally {
    await station.stop();
  }
}
