import * as fs from "node:fs";
import * as os from "node:os";
import { parseArgs } from "node:util";
import { UserError } from "../../config/error";
import { consoleProgress } from "../../local/progress";
import { PulumiFailed } from "../../fleet/pulumi";
import { Lab } from "../e2e/lab";
import { cases } from "./cases";
import { machineFacts, machineLine, requireTools } from "./machine";
import { json, table, type Case } from "./report";

/**
 * `npm run bench`: how long openings take, against bare commands that make the same objects on the same servers in the same run. On a platform of its
 * own, which is removed at the end and after Ctrl-C.
 */

const usage = `Usage: npm run bench -- [--only <case,…>] [--repeat <n>] [--json <file>]

  --only     these cases: ${Object.keys(cases).join(", ")}
  --repeat   measure each n times, and take the median (1 to 9)
  --json     also write the figures to this file
`;

interface Arguments {
  readonly only: readonly string[];
  readonly repeat: number;
  readonly file: string | undefined;
}

async function bench({ only, repeat, file }: Arguments, signal: AbortSignal): Promise<void> {
  const loadBefore = os.loadavg();
  const progress = consoleProgress();
  await requireTools();
  const lab = await progress.step("A platform for the bench", () => Lab.open({ prefix: "bench", progress }));
  try {
    const platform = await lab.platform();
    const machine = await machineFacts(platform, lab.workspace, loadBefore);
    const found: Case[] = [];
    const complaints = new Set<string>();
    try {
      for (const [name, run] of Object.entries(cases)) {
        if (only.length > 0 && !only.includes(name)) continue;
        signal.throwIfAborted();
        found.push(await run({ lab, platform, repeat, progress, signal, complaints }));
      }
    } finally {
      // Also what was measured before a failure or a Ctrl-C; the file is for whole runs only.
      if (found.length > 0) process.stdout.write(`\n${table(found)}\n${machineLine(machine)}\n\n`);
    }
    if (file !== undefined) fs.writeFileSync(file, json(machine, found));
    if (complaints.size > 0) {
      throw new UserError(
        `the figures are worth nothing, since the bare commands of test/bench/bare.ts do not make what the program makes:\n  ${[...complaints].join("\n  ")}`,
      );
    }
  } finally {
    await progress.step("Removing all that the bench made", () => lab.close());
  }
}

function readArguments(args: readonly string[]): Arguments | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { only: { type: "string" }, repeat: { type: "string" }, json: { type: "string" } },
    }));
  } catch (error) {
    return (error as Error).message;
  }
  const only = values.only?.split(",") ?? [];
  const unknown = only.filter((name) => !(name in cases));
  if (unknown.length > 0) return `Unknown case ${unknown.join(", ")}.`;
  const repeat = values.repeat ?? "1";
  if (!/^[1-9]$/.test(repeat)) return `--repeat is "${repeat}"; it must be a number from 1 to 9.`;
  return { only, repeat: Number(repeat), file: values.json };
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
    await bench(chosen, stop.signal);
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
