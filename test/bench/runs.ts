import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadFleet, type SubstationSpec } from "../../config/fleet";
import type { Platform } from "../../config/platform";
import { formatProblem } from "../../config/problem";
import type { Progress } from "../../local/progress";
import { stackConfigFile } from "../../local/workspace";
import { substationText, type Lab } from "../e2e/lab";
import { awaitAnswers } from "./answers";
import { openBare, type BareShop } from "./bare";
import { removeGroup } from "./cleanup";
import { inParallel } from "./commands";
import { commandSeconds, machineBusySeconds, Watch, type Usage } from "./processes";
import { describe, differences, type Facts } from "./same";

/** One measured run of an opening, by the program and by bare commands, and what is to be done around it. */

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

export interface Run {
  readonly seconds: number;
  /** CPU seconds of the commands themselves: `pulumi` with its plugins, or `docker`, `psql` and `curl`. */
  readonly cpu: number;
  /** What all of the machine did meanwhile, in CPU seconds: with Docker, PostgreSQL and the containers themselves. */
  readonly machine: number;
}

export interface EngineRun extends Run {
  /** Of `pulumi` and all of its descendants. */
  readonly usage: Usage;
}

const tier = "standard";
const title = "梦想点卡";

/** From the start of `pulumi up` until all of the group answer by host name. */
export async function programOpening(
  bench: Bench,
  group: string,
  count: number,
  memory = false,
): Promise<EngineRun> {
  const { lab, signal } = bench;
  const ids = idsOf(group, count);
  for (const id of ids) lab.write(group, id, { tier, title });
  await lab.ensureStack(group);
  let watch: Watch | undefined;
  try {
    const run = await timed(async () => {
      await lab.update(group, { signal, onSpawn: (pid) => (watch = new Watch(pid, memory)) });
      watch?.stop();
      await awaitAnswers(lab, ids.map(hostOf), signal);
    });
    if (!watch) throw new Error("pulumi was not seen");
    return { ...run, usage: watch.stop() };
  } finally {
    watch?.stop();
  }
}

export async function bareOpening(
  bench: Bench,
  group: string,
  count: number,
  concurrency: number,
): Promise<Run> {
  const { lab, platform, signal } = bench;
  const shops = specsOf(lab, group, count).map((spec): BareShop => {
    return { owner: { platform: platform.name, group, id: spec.id }, spec };
  });
  return await timed(async () => {
    await inParallel(concurrency, shops, (shop) => openBare(platform, shop, signal));
    await awaitAnswers(
      lab,
      shops.map(({ spec }) => spec.host),
      signal,
    );
  });
}

/** What was made for the first substation of a group. */
export const factsOf = ({ lab, platform }: Bench, group: string): Promise<Facts> =>
  describe(lab, platform, { platform: platform.name, group, id: idsOf(group, 1)[0] ?? "" });

/** Where the bare commands make something else than the program does, the comparison is worth nothing: this is told at the end, as a failure. */
export function compare({ complaints }: Bench, program: Facts, bare: Facts): void {
  for (const { where, program: ours, bare: theirs } of differences(program, bare)) {
    complaints.add(
      `${where}: ${JSON.stringify(ours)} by the program, ${JSON.stringify(theirs)} by bare commands`,
    );
  }
}

/** Removes a group, with its stack where it has one, and lets the servers come to rest. */
export async function forget(bench: Bench, group: string): Promise<void> {
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
  const [started, own, all] = [performance.now(), commandSeconds(), machineBusySeconds()];
  await work();
  return {
    seconds: (performance.now() - started) / 1000,
    cpu: commandSeconds() - own,
    machine: machineBusySeconds() - all,
  };
}

const idsOf = (group: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${group}n${at + 1}`);
const hostOf = (id: string): string => `${id}.substation.test`;

export function hostsOf({ lab }: Bench, group: string): string[] {
  return (loadFleet(path.join(lab.root, "stacks")).groups.get(group) ?? []).map(({ host }) => host);
}

/** What the program's files would ask for, of substations that no file is written for. */
function specsOf(lab: Lab, group: string, count: number): readonly SubstationSpec[] {
  const added = idsOf(group, count).map((id) => ({ id, group, text: substationText(id, { tier, title }) }));
  const { groups, problems } = loadFleet(path.join(lab.root, "stacks"), added);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"));
  return groups.get(group) ?? [];
}
