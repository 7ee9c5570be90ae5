import * as os from "node:os";
import { parseArgs } from "node:util";
import { UserError } from "../../config/error";
import { consoleProgress } from "../../local/progress";
import { PulumiFailed } from "../../fleet/pulumi";
import { Lab } from "../e2e/lab";
import { openMerchant } from "./batch";
import { cases } from "./cases";
import { machineFacts, machineLine, requireTools } from "./machine";
import { table } from "./report";
import { keepResult, readResults, type Result } from "./results";

/**
 * `npm run bench`: how long openings take, against bare commands that make the same objects on the same servers in the same run. On a platform of its
 * own, which is removed at the end and after Ctrl-C.
 */

const usage = `Usage: npm run bench -- [--only <case,…>] [--repeat <n>] [--results <folder>] [--table]

  --only     these cases: ${Object.keys(cases).join(", ")}
  --repeat   measure each n times, and take the median (1 to 9)
  --results  keep what each case measured in this folder, as <case>.json. A case that is there already is not measured again: so a
             bench can be run in parts, and goes on where it was stopped. The table shows all that the folder holds.
  --table    measure nothing: print the table of the folder
`;

interface Arguments {
  readonly only: readonly string[];
  readonly repeat: number;
  readonly folder: string | undefined;
  readonly tableOnly: boolean;
}

async function bench({ only, repeat, folder }: Arguments, signal: AbortSignal): Promise<void> {
  const done = folder === undefined ? [] : readResults(folder, only);
  const left = only.filter((name) => !done.some((result) => result.case.name === name));
  if (left.length === 0) return;
  const loadBefore = os.loadavg();
  const progress = consoleProgress();
  await requireTools();
  const lab = await progress.step("A platform for the bench", () => Lab.open({ prefix: "bench", progress }));
  const found: Result[] = [];
  const complaints = new Set<string>();
  try {
    const platform = await lab.platform();
    const machine = await machineFacts(platform, lab.workspace, loadBefore);
    const merchant = await openMerchant(lab);
    for (const name of left) {
      signal.throwIfAborted();
      const measured = await cases[name]!({ lab, platform, merchant, repeat, progress, signal, complaints });
      const result = { at: new Date().toISOString(), machine, case: measured };
      found.push(result);
      if (folder !== undefined && complaints.size === 0) keepResult(folder, result);
    }
  } finally {
    // Also what was measured before a failure or a Ctrl-C.
    if (folder === undefined) print(found);
    await progress.step("Removing all that the bench made", () => lab.close());
  }
  if (complaints.size > 0)
    throw new UserError(
      `the figures are worth nothing, and were not kept, since the baselines of test/bench/ do not make what the program makes:\n  ${[...complaints].join("\n  ")}`,
    );
}

/** The table, and the machines that the figures are of. */
function print(results: readonly Result[]): void {
  if (results.length === 0) return;
  const machines = new Set(results.map(({ machine }) => machineLine(machine)));
  process.stdout.write(`\n${table(results.map((result) => result.case))}\n${[...machines].join("\n")}\n\n`);
}

function readArguments(args: readonly string[]): Arguments | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        repeat: { type: "string" },
        results: { type: "string" },
        table: { type: "boolean" },
      },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  const all = Object.keys(cases);
  const chosen = values.only?.split(",") ?? all;
  const unknown = chosen.filter((name) => !(name in cases));
  if (unknown.length > 0) return `Unknown case ${unknown.join(", ")}.`;
  const repeat = values.repeat ?? "1";
  if (!/^[1-9]$/.test(repeat)) return `--repeat is "${repeat}"; it must be a number from 1 to 9.`;
  if (values.table && values.results === undefined)
    return "--table needs --results: the folder that it is of.";
  return {
    only: all.filter((name) => chosen.includes(name)),
    repeat: Number(repeat),
    folder: values.results,
    tableOnly: values.table ?? false,
  };
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(usage);
    return 0;
  }
  const chosen = readArguments(args);
  if (typeof chosen === "string") {
    process.stderr.write(`${usage}\n${chosen}\n`);
    return 2;
  }
  const stop = new AbortController();
  // A second Ctrl-C changes nothing: what is left behind would have to be removed by hand.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) process.stderr.write("\nbench: stopping; what was made is removed first.\n");
      stop.abort();
    });
  }
  try {
    if (!chosen.tableOnly) await bench(chosen, stop.signal);
    if (chosen.folder !== undefined) print(readResults(chosen.folder, Object.keys(cases)));
    return 0;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    const told = error instanceof UserError || error instanceof PulumiFailed;
    process.stderr.write(`bench: ${told ? error.message : ((error as Error).stack ?? String(error))}\n`);
    return 1;
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
