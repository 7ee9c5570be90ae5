import { batchOf } from "../batch";
import { median, type Case } from "../report";
import { forget, openBatch, type Bench, type Opening, type ProgramRun } from "../runs";
import { seconds } from "./opening";

/** The same substations in groups of one size. */
export const bySize = (bench: Bench, name: string, count: number, size: number): Promise<Case> =>
  spread(bench, name, count, size, { anySize: true });

/** The same substations by so many engines at one time, in groups of which each engine has three. */
export const byEngines = (bench: Bench, name: string, count: number, engines: number): Promise<Case> =>
  spread(bench, name, count, Math.ceil(count / 12), { engines });

async function spread(bench: Bench, name: string, count: number, size: number, how: Opening): Promise<Case> {
  const runs: ProgramRun[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    const batch = batchOf(`${name.replace("-", "")}r${round}`, count, size);
    runs.push(
      await bench.progress.step(`${name}: substation open of ${count} in ${batch.size} groups`, () =>
        openBatch(bench, batch, how),
      ),
    );
    await forget(bench, batch);
  }
  return {
    name,
    seconds: seconds(runs),
    substations: count,
    groups: Math.ceil(count / size),
    cpuSeconds: median(runs.map(({ usage }) => usage.cpuSeconds)),
    stateMiB: median(runs.map(({ usage }) => usage.stateMiB)),
  };
}
