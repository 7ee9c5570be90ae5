import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { UserError } from "../config/error";
import type { OpenReport } from "../config/open-report";
import { openFleet } from "../fleet/open/open";
import type { Selection } from "../fleet/open/selection";
import { orBlind } from "./blind";
import { openProgress } from "./open-progress";
import { openReportText } from "./open-report";
import { projectWorkspace } from "./project";
import { selectionOf, type SelectionOptions } from "./selection";
import { parseShare } from "./up";

interface Options extends SelectionOptions {
  readonly json?: boolean;
  readonly report?: string;
  readonly engines?: number;
  readonly parallel?: number;
  /** Of 10,000. */
  readonly maxTouched?: number;
  /** False with --no-wait. */
  readonly wait: boolean;
  /** False with --no-prove. */
  readonly prove: boolean;
}

export function openCommand(): Command {
  return new Command("open")
    .description(
      "Opens substations, or brings them to what their files say: looks for what keeps each from it, previews the rest with every rule of docs/security.md, carries that out, and proves each by buying from it. Goes on with the others where one cannot be opened.",
    )
    .argument("[ids...]", "these substations; others of their groups are left as they are")
    .option("--all", "the whole fleet")
    .option(
      "--changed [commit]",
      "those whose files have changed since (default: since the branch left main)",
    )
    .option("--json", "print an event a line as JSON, and the report as the last")
    .option("--report <file>", "write the report there too (schemas/open-report.schema.json)")
    .option(
      "--engines <count>",
      "groups at one time (default: as the machine has cores and memory)",
      atLeastOne,
    )
    .option(
      "--parallel <count>",
      "substations that are worked on at one time (default: as many as go well)",
      atLeastOne,
    )
    .option(
      "--max-touched <share>",
      "the share of a group's standing substations that may be changed (default: 25%, and 5 in any case)",
      parseShare,
    )
    .option("--no-wait", "do not wait for a group that another run has: its members are not tried")
    .option("--no-prove", "do not buy from what was opened")
    .addHelpText(
      "after",
      "\nCtrl-C, once, lets the engines finish what is under way; the next run goes on from there.\n" +
        "Exit code: 0 all are open; 1 some are not; 2 nothing could be tried.\n" +
        "Needs what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase. docs/opening.md says more.",
    )
    .action(async (ids: string[], options: Options, command: Command) => {
      const selection = selectionOf(ids, options, command);
      await orBlind(() => opening(selection, options));
    });
}

async function opening(selection: Selection, options: Options): Promise<0 | 1 | 2> {
  const { json = false, report: file, ...rest } = options;
  const stop = new AbortController();
  const release = onSignals(stop);
  const progress = openProgress({ json });
  try {
    const report = await openFleet(
      projectWorkspace(),
      selection,
      { ...rest, signal: stop.signal },
      progress.hear,
    );
    progress.end();
    if (file !== undefined) write(file, report);
    process.stdout.write(json ? `${JSON.stringify({ event: "report", report })}\n` : openReportText(report));
    return openExitCode(report);
  } finally {
    progress.end();
    release();
  }
}

/** 2 where nothing was tried of any, though there was something to try. */
export function openExitCode({ counts, members }: OpenReport): 0 | 1 | 2 {
  if (members.length > 0 && counts["not-tried"] === members.length) return 2;
  return counts.failed + counts["not-tried"] === 0 ? 0 : 1;
}

/** The first signal asks the engines to stop. No other ends anything: an engine that is cut off leaves its group to be repaired. */
export function onSignals(stop: AbortController): () => void {
  const heard = (signal: NodeJS.Signals) => {
    process.stderr.write(
      stop.signal.aborted
        ? `substation: ${signal} again: the engines still finish what is under way, and this ends none by force. One that says nothing for 5 minutes is ended; the next run repairs what it leaves.\n`
        : `substation: ${signal}: no more is begun, and the engines finish what is under way. The next run goes on from there.\n`,
    );
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, heard);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, heard);
  };
}

function write(file: string, report: OpenReport): void {
  try {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new UserError(
      `the report cannot be written to ${file} (${(error as NodeJS.ErrnoException).code}); the opening itself is done: see "npm run substation -- status"`,
    );
  }
}

function atLeastOne(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) throw new InvalidArgumentError("It must be a number from 1 up.");
  return count;
}
