import { appendFileSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { UserError } from "../config/error";
import { GitHub, gitHubAccess } from "../fleet/github";
import { openFleet } from "../fleet/open/open";
import { pack, together, type Approved } from "../fleet/review/approved";
import { compare, deploy, isOpen, type Comparison, type DeployOptions } from "../fleet/review/deploy";
import { commitOf } from "../fleet/review/commits";
import { approvedOn, noteDeployed } from "../fleet/review/post";
import type { ReviewMember } from "../fleet/review/report";
import { comparisonText, summary } from "../fleet/review/summary";
import { onSignals } from "./open";
import { openProgress } from "./open-progress";
import { projectRoot, projectWorkspace } from "./project";
import { readApproved } from "./read-review";

interface Options {
  readonly base?: string;
  readonly approved?: string[];
  readonly only?: string[];
  readonly dryRun?: boolean;
  readonly outputs?: string;
  readonly report?: string;
}

export function deployCommand(): Command {
  const command = new Command("deploy")
    .description(
      "Does what was merged, if it is what was approved: plans it again, stops where that would delete or replace what nobody has seen, and opens the substations in rings: one, a tenth, the rest, each when all of the ring before are proved.",
    )
    .option("--base <commit>", "what was deployed last (default: the one that --approved names)")
    .option(
      "--approved <files...>",
      "what was approved: reports of `substation review`, or what `substation deploy approved` has printed",
    )
    .addOption(
      new Option(
        "--only <ids...>",
        "these only, as one ring of a deployment that was compared before",
      ).conflicts(["dryRun", "outputs"]),
    )
    .option("--dry-run", "compare, change nothing, and tell the rings")
    .option("--outputs <file>", "append canary, tenth and rest there, as outputs of a workflow's step")
    .option("--report <file>", "write what was done there, as JSON")
    .addHelpText(
      "after",
      "\nExit code: 0 all is open and proved, 1 it was stopped, 2 it could not be tried. docs/pull-requests.md says more.",
    )
    .action(deploying);
  command
    .command("approved")
    .description(
      "Asks GitHub what was approved of all that came to the main line since the last deployment, and prints it as one word.",
    )
    .requiredOption(
      "--before <commit>",
      "where the main line was before: the base where nothing was ever deployed",
    )
    .action(async ({ before }: { readonly before: string }) => {
      const found = await approvedOn(new GitHub(gitHubAccess(process.env)), projectRoot(), before);
      for (const note of found.notes) process.stderr.write(`${note}: nothing of it is approved\n`);
      process.stdout.write(`${pack(found)}\n`);
    });
  command
    .command("done")
    .description("Notes on GitHub that all up to the checked out commit is deployed.")
    .action(async () => {
      await noteDeployed(new GitHub(gitHubAccess(process.env)), await commitOf(projectRoot(), "HEAD"));
    });
  return command;
}

async function deploying(options: Options): Promise<void> {
  const { only, dryRun = false, outputs, report } = options;
  const stop = new AbortController();
  const release = onSignals(stop);
  const progress = openProgress({ json: false });
  try {
    const approved = together((options.approved ?? []).map(readApproved));
    const asked = { approved, signal: stop.signal };
    const comparison = only ? undefined : await compared({ ...asked, base: baseOf(options, approved) });
    if (comparison && outputs !== undefined) appendFileSync(outputs, matrices(comparison));
    if (dryRun || comparison?.allowed === false) return;
    const rings = comparison?.rings.map((ring) => ring.map(({ id }) => id)) ?? [only ?? []];
    const done = await deploy(projectWorkspace(), rings, asked, openFleet, progress.hear);
    progress.end();
    if (report !== undefined) writeFileSync(report, `${JSON.stringify(done, null, 2)}\n`);
    process.stdout.write(`${summary(done)}\n`);
    if (!done.every(isOpen)) process.exitCode = 1;
  } finally {
    progress.end();
    release();
  }
}

async function compared(options: DeployOptions): Promise<Comparison> {
  const comparison = await compare(projectWorkspace(), options);
  process.stdout.write(`${comparisonText(comparison, options.approved.notes)}\n\n`);
  if (!comparison.allowed) process.exitCode = 1;
  return comparison;
}

function baseOf({ base }: Options, approved: Approved): string {
  const found = base ?? approved.base;
  if (found !== undefined) return found;
  throw new UserError("nobody says what was deployed last: name the commit with --base.");
}

/** `canary=[{"group":"demo","ids":"jia yi"}]`, as a matrix of jobs takes it; the three rings, also the empty ones. */
const matrices = ({ rings }: Comparison): string =>
  ["canary", "tenth", "rest"]
    .map((name, at) => `${name}=${JSON.stringify(byGroup(rings[at] ?? []))}\n`)
    .join("");

function byGroup(ring: readonly ReviewMember[]): { readonly group: string; readonly ids: string }[] {
  const groups = new Map<string, string[]>();
  for (const { group, id } of ring) groups.set(group, [...(groups.get(group) ?? []), id]);
  return [...groups].map(([group, ids]) => ({ group, ids: ids.join(" ") }));
}
