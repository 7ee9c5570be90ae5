import { batchOf } from "../batch";
import { against, median, type Case } from "../report";
import {
  bareOpening,
  compare,
  factsOf,
  forget,
  openBatch,
  terraformOpening,
  type Bench,
  type ProgramRun,
  type Run,
} from "../runs";
import type { Facts } from "../same";
import { findTerraform, parallelism } from "../terraform";

/**
 * From nothing to proved: fresh groups of `count`, by the command and by bare commands, in turns. The bare commands run at the concurrency that suits them best.
 * @param concurrencies the first is what the program is compared with in the first round
 */
export async function opening(
  bench: Bench,
  name: string,
  count: number,
  concurrencies: readonly number[],
): Promise<Case> {
  const { progress } = bench;
  const program: ProgramRun[] = [];
  const bare = new Map<number, Run[]>();
  const facts: { program?: Facts; bare?: Facts } = {};
  const runBare = async (concurrency: number, round: number) => {
    const batch = batchOf(`b${count}x${concurrency}r${round}`, count);
    const run = await progress.step(`${name}: bare commands, ${concurrency} at a time`, () =>
      bareOpening(bench, batch, concurrency),
    );
    bare.set(concurrency, [...(bare.get(concurrency) ?? []), run]);
    facts.bare ??= await factsOf(bench, batch);
    await forget(bench, batch);
  };
  const runProgram = async (round: number) => {
    const batch = batchOf(`p${count}r${round}`, count);
    program.push(await progress.step(`${name}: substation open`, () => openBatch(bench, batch)));
    facts.program ??= await factsOf(bench, batch);
    await forget(bench, batch);
  };

  const [first = 1, ...others] = concurrencies;
  await runBare(first, 1);
  await runProgram(1);
  compare(bench, "bare commands", facts.program ?? {}, facts.bare ?? {});
  for (const concurrency of others) await runBare(concurrency, 1);
  const best = [...bare].reduce((a, b) => (seconds(b[1]) < seconds(a[1]) ? b : a))[0];
  for (let round = 2; round <= bench.repeat; round++) {
    const turns = [() => runProgram(round), () => runBare(best, round)];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const bests = bare.get(best) ?? [];
  return {
    name,
    ...against(seconds(program), `bare, ${best} at a time`, seconds(bests)),
    cpuSeconds: median(program.map(({ usage }) => usage.cpuSeconds)),
    bareCpuSeconds: median(bests.map(({ cpu }) => cpu)),
    machineCpuSeconds: median(program.map(({ machine }) => machine)),
    bareMachineCpuSeconds: median(bests.map(({ machine }) => machine)),
    stateMiB: median(program.map(({ usage }) => usage.stateMiB)),
    cpuSecondsByProgram: program[0]?.usage.cpuByProgram,
    bareSecondsByConcurrency: Object.fromEntries(
      [...bare].map(([concurrency, all]) => [concurrency, seconds(all)]),
    ),
  };
}

/** The same against Terraform with the Docker part, and bare commands for the rest. */
export async function terraformed(bench: Bench, name: string, count: number): Promise<Case> {
  const { progress, lab } = bench;
  const terraform = await findTerraform(lab.home, progress);
  if (typeof terraform === "string") return { name, skipped: terraform };
  const program: ProgramRun[] = [];
  const theirs: (Run & { readonly apply: number })[] = [];
  for (let round = 1; round <= bench.repeat; round++) {
    const [batch, other] = [batchOf(`q${count}r${round}`, count), batchOf(`t${count}r${round}`, count)];
    theirs.push(
      await progress.step(`${name}: terraform ${terraform.version}, and bare commands`, () =>
        terraformOpening(bench, other, terraform),
      ),
    );
    const facts = round === 1 ? await factsOf(bench, other) : undefined;
    await forget(bench, other);
    program.push(await progress.step(`${name}: substation open`, () => openBatch(bench, batch)));
    if (facts) compare(bench, "Terraform", await factsOf(bench, batch), facts);
    await forget(bench, batch);
  }
  return {
    name,
    ...against(seconds(program), `terraform ${terraform.version}, ${parallelism} at a time`, seconds(theirs)),
    terraformApplySeconds: median(theirs.map(({ apply }) => apply)),
    cpuSeconds: median(program.map(({ usage }) => usage.cpuSeconds)),
    terraformCpuSeconds: median(theirs.map(({ cpu }) => cpu)),
  };
}

export const seconds = (runs: readonly Run[]): number => median(runs.map((run) => run.seconds));
