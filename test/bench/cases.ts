import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadFleet } from "../../config/fleet";
import { formatProblem } from "../../config/problem";
import { mark, type Owner } from "../../config/names";
import type { Platform } from "../../config/platform";
import type { Progress } from "../../local/progress";
import { stackConfigFile } from "../../local/workspace";
import { inspect, type Lab } from "../e2e/lab";
import { awaitAnswers } from "./answers";
import { openBare, type BareShop } from "./bare";
import { removeGroup } from "./cleanup";
import { inParallel, said } from "./commands";
import { machineBusySeconds, memoryOf, Watch, type Usage } from "./processes";
import { median, targeted, type Case } from "./report";
import { differences } from "./same";

export interface Bench {
  readonly lab: Lab;
  readonly platform: Platform;
  /** How often each thing is measured; the median counts. */
  readonly repeat: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Filled with what makes the figures worthless. */
  readonly complaints: Set<string>;
}

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
  "resting-10": async (bench) => targeted(await resting(bench, 10), "restingMiB", 64, "MiB"),
};

const tier = "standard";
const title = "梦想点卡";

interface Run {
  readonly seconds: number;
  /** What all of the machine did meanwhile, in CPU seconds: with Docker, PostgreSQL and the containers themselves. */
  readonly machine: number;
}

/** Fresh groups of `count`, by Pulumi and by bare commands, in turns. The bare commands run at the concurrency that suits them best. */
async function opening(bench: Bench, count: number, concurrencies: readonly number[]): Promise<Case> {
  const program: (Run & { usage: Usage })[] = [];
  const bare = new Map<number, Run[]>();
  const runBare = async (concurrency: number, round: number) => {
    const group = `b${count}x${concurrency}r${round}`;
    const run = await bench.progress.step(`open-${count}: bare commands, ${concurrency} at a time`, () => bareOpening(bench, group, count, concurrency));
    bare.set(concurrency, [...(bare.get(concurrency) ?? []), run]);
    if (round === 1 && concurrency === concurrencies[0]) return; // stays until it has been compared
    await forget(bench, group);
  };
  const runProgram = async (round: number) => {
    const group = `p${count}r${round}`;
    program.push(await bench.progress.step(`open-${count}: pulumi up`, () => programOpening(bench, group, count)));
    if (round === 1) {
      const group0 = `b${count}x${concurrencies[0]}r1`;
      await compare(bench, group, group0);
      await forget(bench, group0);
    }
    await forget(bench, group);
  };

  const [first = 1, ...others] = concurrencies;
  await runBare(first, 1);
  await runProgram(1);
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
    engineCpuSeconds: median(program.map(({ usage }) => usage.cpuSeconds)),
    machineCpuSeconds: median(program.map(({ machine }) => machine)),
    bareMachineCpuSeconds: median(bests.map(({ machine }) => machine)),
    bareConcurrency: best,
    engineCpuSecondsByProgram: program[0]?.usage.cpuByProgram,
    bareSecondsByConcurrency: Object.fromEntries([...bare].map(([concurrency, all]) => [concurrency, seconds(all)])),
  };
}

/** Memory of all processes of an update, while it opens `count`. Not timed: the looking takes time. */
async function engineMemory(bench: Bench, count: number): Promise<Case> {
  const group = `m${count}`;
  const { usage } = await bench.progress.step(`memory-${count}: pulumi up, watched`, () => programOpening(bench, group, count, true));
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
  const program: (Run & { usage: Usage })[] = [];
  const bare: Run[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    const count = total - bench.repeat + round;
    program.push(await bench.progress.step(`add-1-to-${total}: pulumi up with ${count}`, () => programOpening(bench, standing, count)));
    const group = `b1r${round}`;
    bare.push(await bench.progress.step(`add-1-to-${total}: bare commands`, () => bareOpening(bench, group, 1, 1)));
    await forget(bench, group);
  }
  return {
    name: `add-1-to-${total}`,
    ...ratio(seconds(program), seconds(bare)),
    engineCpuSeconds: median(program.map(({ usage }) => usage.cpuSeconds)),
  };
}

async function unchanged(bench: Bench, count: number): Promise<Case> {
  await stand(bench, count);
  const runs: (Run & { usage: Usage })[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    runs.push(await bench.progress.step(`unchanged-${count}: pulumi up`, () => programOpening(bench, standing, count)));
  }
  return { name: `unchanged-${count}`, seconds: seconds(runs), engineCpuSeconds: median(runs.map(({ usage }) => usage.cpuSeconds)) };
}

/** Memory of storefronts that nobody visits, 30 s after the last visit, as `docker stats` counts it: without file pages that can be dropped at once. */
async function resting(bench: Bench, count: number): Promise<Case> {
  await stand(bench, count);
  const { platform, progress, signal } = bench;
  await progress.step(`resting-${count}: 30 s of rest`, () => sleep(30_000, undefined, { signal }));
  const ids = hostsOf(bench, standing).slice(0, count).map((host) => host.split(".")[0] ?? "");
  const usages: number[] = [];
  const shares: number[] = [];
  for (const id of ids) {
    const [shop] = await inspect(mark({ platform: platform.name, group: standing, id }), "shop");
    if (!shop) throw new Error(`substation ${id} has no container`);
    usages.push(mebibytes((await said("docker", ["stats", "--no-stream", "--format", "{{.MemUsage}}", shop.Id])).split(" / ")[0] ?? ""));
    const pids = (await said("docker", ["top", shop.Id, "-o", "pid"])).split("\n").slice(1).map(Number);
    shares.push(pids.reduce((sum, pid) => sum + memoryOf(pid).pss, 0));
  }
  return { name: `resting-${count}`, restingMiB: median(usages), largestMiB: Math.max(...usages), pssMiB: median(shares) };
}

/** `30.5MiB` as Docker writes sizes. */
export function mebibytes(text: string): number {
  const [, value, unit = ""] = /^([\d.]+)(B|KiB|MiB|GiB)$/.exec(text) ?? [];
  const factor = { B: 1 / 1024 / 1024, KiB: 1 / 1024, MiB: 1, GiB: 1024 }[unit];
  if (value === undefined || factor === undefined) throw new Error(`docker stats says "${text}", which is no size`);
  return Number(value) * factor;
}

/** From the start of `pulumi up` until all of the group answer by host name. */
async function programOpening(bench: Bench, group: string, count: number, memory = false): Promise<Run & { usage: Usage }> {
  const { lab, signal } = bench;
  const ids = idsOf(group, count);
  for (const id of ids) lab.write(group, id, { tier, title });
  await lab.ensureStack(group);
  let watch: Watch | undefined;
  try {
    const run = await timed(async () => {
      await lab.up(group, { signal, onSpawn: (pid) => (watch = new Watch(pid, memory)) });
      watch?.stop();
      await awaitAnswers(lab, ids.map(hostOf), signal);
    });
    if (!watch) throw new Error("pulumi was not seen");
    return { ...run, usage: watch.stop() };
  } finally {
    watch?.stop();
  }
}

async function bareOpening(bench: Bench, group: string, count: number, concurrency: number): Promise<Run> {
  const { lab, platform, signal } = bench;
  const resources = tierLimits(lab);
  const shops = idsOf(group, count).map((id): BareShop => {
    return { owner: { platform: platform.name, group, id }, title, host: hostOf(id), tier, revenueShareBasisPoints: 1250, resources };
  });
  return await timed(async () => {
    await inParallel(concurrency, shops, (shop) => openBare(platform, shop, signal));
    await awaitAnswers(lab, shops.map(({ host }) => host), signal);
  });
}

/** Where the bare commands make something else than the program does, the comparison is worth nothing: this is told at the end, as a failure. */
async function compare({ platform, complaints }: Bench, program: string, bare: string): Promise<void> {
  const first = (group: string): Owner => ({ platform: platform.name, group, id: idsOf(group, 1)[0] ?? "" });
  const found = await differences(platform, first(program), first(bare));
  for (const { where, program: ours, bare: theirs } of found) {
    complaints.add(`${where}: ${JSON.stringify(ours)} by the program, ${JSON.stringify(theirs)} by bare commands`);
  }
}

/** Removes a group, with its stack where it has one, and lets the servers come to rest. */
async function forget(bench: Bench, group: string): Promise<void> {
  const { lab, platform } = bench;
  bench.signal.throwIfAborted();
  await removeGroup(platform, group);
  const folder = path.join(lab.root, "stacks", group);
  if (fs.existsSync(folder)) {
    await lab.pulumi(["stack", "rm", group, "--force", "--yes"]);
    fs.rmSync(folder, { recursive: true });
    fs.rmSync(stackConfigFile(lab.workspace, group), { force: true });
  }
  await sleep(1_000, undefined, { signal: bench.signal });
}

async function timed(work: () => Promise<void>): Promise<Run> {
  const [started, busy] = [performance.now(), machineBusySeconds()];
  await work();
  return { seconds: (performance.now() - started) / 1000, machine: machineBusySeconds() - busy };
}

const idsOf = (group: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${group}n${at + 1}`);
const hostOf = (id: string): string => `${id}.substation.test`;

function hostsOf({ lab }: Bench, group: string): string[] {
  return (loadFleet(path.join(lab.root, "stacks")).groups.get(group) ?? []).map(({ host }) => host);
}

function tierLimits(lab: Lab): BareShop["resources"] {
  const { tiers, problems } = loadFleet(path.join(lab.root, "stacks"));
  const found = tiers.get(tier);
  if (!found) throw new Error(`there is no tier "${tier}"\n${problems.map(formatProblem).join("\n")}`);
  return found.limits;
}

const seconds = (runs: readonly Run[]): number => median(runs.map((run) => run.seconds));

const ratio = (ours: number, theirs: number) => ({ seconds: ours, baselineSeconds: theirs, ratio: ours / theirs });
