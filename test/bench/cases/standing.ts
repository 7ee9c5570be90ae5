import { setTimeout as sleep } from "node:timers/promises";
import { mark } from "../../../config/names";
import { audit } from "../../../fleet/audit/audit";
import type { AuditReport } from "../../../fleet/audit/report";
import { inspect } from "../../e2e/lab";
import { Asked } from "../asked";
import { batchOf, idsOf, layBatch, type Batch } from "../batch";
import { said } from "../commands";
import { memoryOf } from "../processes";
import { against, median, type Case } from "../report";
import { forget, programOpening, watched, type Bench, type ProgramRun, type Run } from "../runs";
import { seconds } from "./opening";

const standingName = "standing";
const standingBatch = (count: number): Batch => batchOf(standingName, count);

/** Substations that stand in each bench's platform, and that the cases of this file share. */
const standing = new WeakMap<Bench["lab"], number>();

/** Opens up to `count` that stay, where there are fewer. */
async function stand(bench: Bench, count: number): Promise<void> {
  const now = standing.get(bench.lab) ?? 0;
  if (now >= count) return;
  await layBatch(bench.lab, bench.merchant, standingBatch(count));
  const fresh = idsOf(standingBatch(count)).slice(now);
  await bench.progress.step(`opening ${fresh.length} that stay`, () => programOpening(bench, fresh));
  standing.set(bench.lab, count);
}

/** One more, where `total` stand then, against one more where there was one. */
export async function adding(bench: Bench, name: string, total: number): Promise<Case> {
  const { lab, merchant, progress, repeat } = bench;
  const add = async (count: number): Promise<ProgramRun> => {
    await layBatch(lab, merchant, standingBatch(count));
    const fresh = idsOf(standingBatch(count)).slice(-1);
    const run = await progress.step(`${name}: substation open of the ${count}th`, () =>
      programOpening(bench, fresh),
    );
    standing.set(lab, count);
    return run;
  };
  await forget(bench, standingBatch(standing.get(lab) ?? 0));
  standing.set(lab, 0);
  await stand(bench, 1);
  const few: ProgramRun[] = [];
  for (let round = 1; round <= repeat; round++) few.push(await add(1 + round));
  await stand(bench, total - repeat);
  const many: ProgramRun[] = [];
  for (let round = 1; round <= repeat; round++) many.push(await add(total - repeat + round));
  return {
    name,
    ...against(seconds(many), "to 1", seconds(few)),
    cpuSeconds: cpuSeconds(many),
    cpuSecondsToOne: cpuSeconds(few),
  };
}

/** `substation open` of all that stand, with nothing to do. The first finds that out by engines; those after it see that nothing has changed since. */
export async function unchanged(bench: Bench, name: string, count: number): Promise<Case> {
  await stand(bench, count);
  const run = (which: string) =>
    bench.progress.step(`${name}: substation open, ${which}`, () =>
      programOpening(bench, idsOf(standingBatch(count)), {}, "unchanged"),
    );
  const first = await run("by engines");
  const runs: ProgramRun[] = [];
  for (let round = 1; round <= bench.repeat; round++) runs.push(await run("again"));
  return {
    name,
    seconds: seconds(runs),
    cpuSeconds: cpuSeconds(runs),
    firstSeconds: first.seconds,
    firstCpuSeconds: first.usage.cpuSeconds,
  };
}

/** `substation drift` of all that stand, as it is run every night. */
export async function drifting(bench: Bench, name: string, count: number): Promise<Case> {
  await stand(bench, count);
  const { lab, progress, signal } = bench;
  const runs: { readonly run: Run; readonly cpuSeconds: number }[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    const { run, usage } = await progress.step(`${name}: substation drift`, () =>
      watched(lab, ["drift", "--json"], { signal }),
    );
    runs.push({ run, cpuSeconds: usage.cpuSeconds });
  }
  return {
    name,
    seconds: seconds(runs.map(({ run }) => run)),
    cpuSeconds: median(runs.map((one) => one.cpuSeconds)),
  };
}

/** An audit of all that stand, and what it asks of others for that. The first run is left out: it reads the program's files. */
export async function auditing(bench: Bench, name: string, count: number): Promise<Case> {
  await stand(bench, count);
  const run = () => audit(bench.lab.workspace, { platform: "platform", ids: [] });
  const { findings, blind } = await run();
  const unclean = [...findings.filter(({ kind }) => kind !== "host").map(({ message }) => message), ...blind];
  if (unclean.length > 0) throw new Error(`the audit of ${count} is not clean: ${JSON.stringify(unclean)}`);
  const asked = new Asked();
  const reports: AuditReport[] = [];
  for (let round = 1; round <= bench.repeat; round++)
    reports.push(await bench.progress.step(`${name}: audit`, run));
  const perRun = asked.stop(bench.repeat);
  return { name, seconds: median(reports.map((report) => report.seconds)), ...perRun };
}

/** Memory of storefronts that nobody visits, 30 s after the last visit, as `docker stats` counts it: without file pages that can be dropped at once. */
export async function resting(bench: Bench, name: string, count: number): Promise<Case> {
  await stand(bench, count);
  const { platform, progress, signal } = bench;
  await progress.step(`${name}: 30 s of rest`, () => sleep(30_000, undefined, { signal }));
  const usages: number[] = [];
  const shares: number[] = [];
  for (const [group, ids] of standingBatch(count))
    for (const id of ids) {
      const [shop] = await inspect(mark({ platform: platform.name, group, id }), "shop");
      if (!shop) throw new Error(`substation ${id} has no container`);
      const stats = await said("docker", ["stats", "--no-stream", "--format", "{{.MemUsage}}", shop.Id]);
      usages.push(mebibytes(stats.split(" / ")[0] ?? ""));
      const pids = (await said("docker", ["top", shop.Id, "-o", "pid"])).split("\n").slice(1).map(Number);
      shares.push(pids.reduce((sum, pid) => sum + memoryOf(pid).pss, 0));
    }
  return { name, restingMiB: median(usages), largestMiB: Math.max(...usages), pssMiB: median(shares) };
}

/** `30.5MiB` as Docker writes sizes. */
export function mebibytes(text: string): number {
  const [, value, unit = ""] = /^([\d.]+)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const factor = { B: 1 / 1024 / 1024, KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit];
  if (value === undefined || factor === undefined)
    throw new Error(`docker stats says "${text}", which is no size`);
  return Number(value) * factor;
}

const cpuSeconds = (runs: readonly ProgramRun[]): number => median(runs.map(({ usage }) => usage.cpuSeconds));
