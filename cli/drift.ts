import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { drift, type DriftOptions, type DriftScope } from "../fleet/drift/drift";
import { fixDrift } from "../fleet/drift/fix";
import { keepIssues } from "../fleet/drift/issue";
import { exitCodeOf } from "../fleet/drift/report";
import { GitHub, gitHubAccess } from "../fleet/github";
import { consoleProgress } from "../local/progress";
import { orBlind } from "./blind";
import { driftJson, driftSummary, driftText } from "./drift-report";
import { paint } from "./paint";
import { projectWorkspace } from "./project";

interface Options extends Pick<DriftScope, "platform">, Pick<DriftOptions, "engines" | "parallel"> {
  readonly fix?: boolean;
  readonly issue?: boolean;
  readonly json?: boolean;
  readonly report?: string;
}

export function driftCommand(): Command {
  return new Command("drift")
    .description(
      "Looks for what is not as the files ask for, and not as the last update left it: each stack by the engine, all of the platform by the audit. Changes nothing without --fix.",
    )
    .argument("[groups...]", "these groups only; without any, everything on the platform")
    .option("--platform <stack>", "the platform's stack", "platform")
    .option("--fix", "mend what may be mended without being asked, and look again")
    .option("--issue", "open, write anew or close an issue on GitHub for each stack")
    .option("--json", "print the report as JSON")
    .option("--report <file>", "write the report as JSON to a file, too (schemas/drift-report.schema.json)")
    .option("--engines <number>", "engines at one time", positive, 2)
    .option("--parallel <number>", "resources that each works on at once", positive)
    .addHelpText(
      "after",
      "\nExit code: 0 no drift, 1 drift, 2 something could not be looked at, whatever else was found. docs/drift.md says what is found, and what is mended." +
        "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase; and the Docker engine. With --issue also GITHUB_TOKEN and GITHUB_REPOSITORY.",
    )
    .action(async (groups: string[], options: Options) => {
      await orBlind(async () => {
        const workspace = projectWorkspace();
        const github = options.issue ? new GitHub(gitHubAccess(process.env)) : undefined;
        const stop = new AbortController();
        process.once("SIGINT", () => stop.abort());
        const scope = { platform: options.platform, groups };
        const settings = { ...options, signal: stop.signal };
        const title = `drift of ${groups.join(", ") || options.platform}`;
        const report = await consoleProgress().step(title, async (note) => {
          const found = await drift(workspace, scope, settings, note);
          return options.fix ? await fixDrift(workspace, scope, found, settings, note) : found.report;
        });
        if (options.report !== undefined) writeFileSync(options.report, driftJson(report));
        process.stdout.write(options.json ? driftJson(report) : driftText(report, paint));
        if (options.json) process.stderr.write(`${driftSummary(report)}\n`);
        if (github)
          for (const { stack, done, number } of await keepIssues(github, report))
            if (number !== undefined) process.stderr.write(`issue #${number} of ${stack}: ${done}\n`);
        return exitCodeOf(report);
      });
    });
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be a whole number from 1 up.");
  return value;
}
