import { setTimeout as sleep } from "node:timers/promises";
import { mark } from "../../config/names";
import { audit } from "../../fleet/audit/audit";
import type { AuditReport } from "../../fleet/audit/report";
import { inspect } from "../e2e/lab";
import { Asked } from "./asked";
import { said } from "./commands";
import { memoryOf } from "./processes";
import { median, targeted, type Case } from "./report";
import {
  bareOpening,
  compare,
  factsOf,
  forget,
  hostsOf,
  programOpening,
  type Bench,
  type EngineRun,
  type Run,
} from "./runs";
import type { Facts } from "./same";

/**
 * By name, in the order in which they run. The bare commands are not tried one and two at a time where there are many: each shop waits for its
 * first health probe, so that they take up to twice as long as four at a time.
 */
export const cases: Readonly<Record<string, (bench: Bench) => Promise<Case>>> = {
  "open-1": async (bench) => targeted(await opening(bench, 1, [1]), "seconds", 6, "s"),
  "open-10": (bench) => opening(bench, 10, [8, 4, 10]),
  "open-25": async (bench) => targeted(await opening(bench, 25, [8, 4, 16, 25]), "ratio", 2, "times"),
  "memory-25": async (bench) => targeted(await engineMemory(bench, 25), "peakPssMiB", 1024, "MiB"),
  "add-1-to-25": (bench) => adding(bench, 25),
  "unchanged-25": (bench) => unchanged(bench, 25),
  "audit-25": async (bench) => targeted(await auditing(bench, 25), "secondsOf100AtMost", 5, "s"),
  "resting-10": async (bench) => targeted(await resting(bench, 10), "restingMiB", 64, "MiB"),
};

/** Fresh groups of `count`, by Pulumi and by bare commands, in turns. The bare commands run at the concurrency that suits them best. */
async function opening(bench: Bench, count: number, concurrencies: readonly number[]): Promise<Case> {
  const program: EngineRun[] = [];
  const bare = new Map<number, Run[]>();
  const facts: { program?: Facts; bare?: Facts } = {};
  const runBare = async (concurrency: number, round: number) => {
    const group = `b${count}x${concurrency}r${round}`;
    const run = await bench.progress.step(`open-${count}: bare commands, ${concurrency} at a time`, () =>
      bareOpening(bench, group, count, concurrency),
    );
    bare.set(concurrency, [...(bare.get(concurrency) ?? []), run]);
    facts.bare ??= await factsOf(bench, group);
    await forget(bench, group);
  };
  const runProgram = async (round: number) => {
    const group = `p${count}r${round}`;
    program.push(
      await bench.progress.step(`open-${count}: pulumi up`, () => programOpening(bench, group, count)),
    );
    facts.program ??= await factsOf(bench, group);
    await forget(bench, group);
  };

  const [first = 1, ...others] = concurrencies;
  await runBare(first, 1);
  await runProgram(1);
  compare(bench, facts.program ?? {}, facts.bare ?? {});
  for (const concurrency of others) await runBare(concurrency, 1);
  const [best, runs] = [...bare].reduce((a, b) => (seconds(b[1]) < seconds(a[1]) ? b : a));
  for (let round = 2; round <= bench.repeat; round++) {
    const turns = [() => runProgram(round), () => runBare(best, round)];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const bests = bare.get(best) ?? runs;
  return {
    name: `open-${count}`,
    ...ratio(seconds(program), seconds(bests)),
    engineCpuSeconds: cpuSeconds(program),
    bareCpuSeconds: median(bests.map(({ cpu }) => cpu)),
    machineCpuSeconds: median(program.map(({ machine }) => machine)),
    bareMachineCpuSeconds: median(bests.map(({ machine }) => machine)),
    bareConcurrency: best,
    engineCpuSecondsByProgram: program[0]?.usage.cpuByProgram,
    bareSecondsByConcurrency: Object.fromEntries(
      [...bare].map(([concurrency, all]) => [concurrency, seconds(all)]),
    ),
  };
}

/** Memory of all processes of an update, while it opens `count`. Not timed: the looking takes time. */
async function engineMemory(bench: Bench, count: number): Promise<Case> {
  const group = `m${count}`;
  const { usage } = await bench.progress.step(`memory-${count}: pulumi up, watched`, () =>
    programOpening(bench, group, count, true),
  );
  await forget(bench, group);
  return { name: `memory-${count}`, peakPssMiB: usage.peakPss, peakRssMiB: usage.peakRss };
}

const standing = "standing";

/** The group that the following cases share: opened up to `count` at the first need, and grown by later ones. */
async function stand(bench: Bench, count: number): Promise<void> {
  if (hostsOf(bench, standing).length >= count) return;
  await bench.progress.step(`opening ${count} that stay`, () => programOpening(bench, standing, count));
}

/** One more in a group that grows to `total` by it, against bare commands beside the same standing ones. */
async function adding(bench: Bench, total: number): Promise<Case> {
  await stand(bench, total - bench.repeat);
  const program: EngineRun[] = [];
  const bare: Run[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    const count = total - bench.repeat + round;
    program.push(
      await bench.progress.step(`add-1-to-${total}: pulumi up with ${count}`, () =>
        programOpening(bench, standing, count),
      ),
    );
    const group = `b1r${round}`;
    bare.push(
      await bench.progress.step(`add-1-to-${total}: bare commands`, () => bareOpening(bench, group, 1, 1)),
    );
    await forget(bench, group);
  }
  return {
    name: `add-1-to-${total}`,
    ...ratio(seconds(program), seconds(bare)),
    engineCpuSeconds: cpuSeconds(program),
  };
}

async function unchanged(bench: Bench, count: number): Promise<Case> {
  await stand(bench, count);
  const runs: EngineRun[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    runs.push(
      await bench.progress.step(`unchanged-${count}: pulumi up`, () =>
        programOpening(bench, standing, count),
      ),
    );
  }
  return { name: `unchanged-${count}`, seconds: seconds(runs), engineCpuSeconds: cpuSeconds(runs) };
}

/**
 * An audit of `count` that stand in one group, and what it asks of others for that. The first run is left out: it reads the program's files. A hundred are four such groups, of
 * which nothing takes more than four times as long.
 */
async function auditing(bench: Bench, count: number): Promise<Case> {
  await stand(bench, count);
  const { workspace } = bench.lab;
  const run = () => audit(workspace, { platform: "platform", ids: [] });
  const { findings, blind } = await run();
  const unclean = [...findings.filter(({ kind }) => kind !== "host").map(({ message }) => message), ...blind];
  if (unclean.length > 0) throw new Error(`the audit of ${count} is not clean: ${JSON.stringify(unclean)}`);
  const asked = new Asked();
  const reports: AuditReport[] = [];
  for (let round = 1; round <= bench.repeat; round++)
    reports.push(await bench.progress.step(`audit-${count}: audit`, run));
  const perRun = asked.stop(bench.repeat);
  const taken = median(reports.map((report) => report.seconds));
  return { name: `audit-${count}`, seconds: taken, secondsOf100AtMost: (100 / count) * taken, ...perRun };
}

/** Memory of storefronts that nobody visits, 30 s after the last visit, as `docker stats` counts it: without file pages that can be dropped at once. */
async function resting(bench: Bench, count: number): Promise<Case> {
  await stand(bench, count);
  const { platform, progress, signal } = bench;
  await progress.step(`resting-${count}: 30 s of rest`, () => sleep(30_000, undefined, { signal }));
  const ids = hostsOf(bench, standing)
    .slice(0, count)
    .map((host) => host.split(".")[0] ?? "");
  const usages: number[] = [];
  const shares: number[] = [];
  for (const id of ids) {
    const [shop] = await inspect(mark({ platform: platform.name, group: standing, id }), "shop");
    if (!shop) throw new Error(`substation ${id} has no container`);
    usages.push(
      mebibytes(
        (await said("docker", ["stats", "--no-stream", "--format", "{{.MemUsage}}", shop.Id])).split(
          " / ",
        )[0] ?? "",
      ),
    );
    const pids = (await said("docker", ["top", shop.Id, "-o", "pid"])).split("\n").slice(1).map(Number);
    shares.push(pids.reduce((sum, pid) => sum + memoryOf(pid).pss, 0));
  }
  return {
    name: `resting-${count}`,
    restingMiB: median(usages),
    largestMiB: Math.max(...usages),
    pssMiB: median(shares),
  };
}

/** `30.5MiB` as Docker writes sizes. */
export function mebibytes(text: string): number {
  const [, value, unit = ""] = /^([\d.]+)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const factor = { B: 1 / 1024 / 1024, KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit];
  if (value === undefined || factor === undefined)
    throw new Error(`docker stats says "${text}", which is no size`);
  return Number(value) * factor;
}

const cpuSeconds = (runs: readonly EngineRun[]): number => median(runs.map(({ usage }) => usage.cpuSeconds));
const seconds = (runs: readonly Run[]): number => median(runs.map((run) => run.seconds));

const ratio = (ours: number, theirs: number) => ({
  seconds: ours,
  baselineSeconds: theirs,
  ratio: ours / theirs,
});
