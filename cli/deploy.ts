import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "../config/error";
import { GitHub, gitHubAccess } from "../fleet/github";
import { openFleet } from "../fleet/open/open";
import { approvedOf, approvedSchema, pack, together, unpack, type Approved } from "../fleet/review/approved";
import { compare, deploy, isOpen, type Comparison, type DeployOptions } from "../fleet/review/deploy";
import { commitOf } from "../fleet/review/git";
import { approvedOn, noteDeployed } from "../fleet/review/post";
import { reviewSchema, type ReviewMember } from "../fleet/review/report";
import { comparisonText, summary } from "../fleet/review/summary";
import { onSignals } from "./open";
import { openProgress } from "./open-progress";
import { projectRoot, projectWorkspace } from "./project";

interface Options {
  readonly base?: string;
  readonly approved?: string[];
  readonly only?: string[];
  readonly report?: string;
}

const approvedOption = [
  "--approved <files...>",
  "what was approved: reports of `substation review`, or what `substation deploy approved` has written",
] as const;

export function deployCommand(): Command {
  const command = new Command("deploy")
    .enablePositionalOptions() // what stands behind a sub-command is that one's
    .description(
      "Does what was merged, if it is what was approved: plans it again, stops where that would delete or replace what nobody has seen, and opens the substations in rings: one, a tenth, the rest, each when all of the ring before are proved.",
    )
    .option("--base <commit>", "what was deployed last (default: the one that --approved names)")
    .option(...approvedOption)
    .option("--only <ids...>", "these only, as one ring of a deployment that was compared before")
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
    .command("rings")
    .description("Compares, changes nothing, and tells the rings.")
    .option("--base <commit>", "what was deployed last (default: the one that --approved names)")
    .option(...approvedOption)
    .option("--outputs <file>", "append canary, tenth and rest there, as outputs of a workflow's step")
    .action(async ({ outputs, ...options }: Options & { readonly outputs?: string }) => {
      const approved = approvedBy(options);
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const base = baseOf(options, approved);
      const comparison = await compare(projectWorkspace(), { base, approved, signal: stop.signal });
      process.stdout.write(`${comparisonText(comparison, approved.notes)}\n`);
      if (outputs !== undefined) appendFileSync(outputs, matrices(comparison));
      if (!comparison.allowed) process.exitCode = 1;
    });
  command
    .command("done")
    .description("Notes on GitHub that all up to the checked out commit is deployed.")
    .action(async () => {
      await noteDeployed(new GitHub(gitHubAccess(process.env)), await commitOf(projectRoot(), "HEAD"));
    });
  return command;
}

async function deploying({ report, only, ...options }: Options): Promise<void> {
  const stop = new AbortController();
  const release = onSignals(stop);
  const progress = openProgress({ json: false });
  try {
    const approved = approvedBy(options);
    const asked = { approved, signal: stop.signal };
    const rings = only ? [only] : await comparedRings({ ...asked, base: baseOf(options, approved) });
    if (!rings) return;
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

/** Undefined, and said why, where it may not be done. */
async function comparedRings(options: DeployOptions): Promise<readonly (readonly string[])[] | undefined> {
  const comparison = await compare(projectWorkspace(), options);
  if (comparison.allowed) return comparison.rings.map((ring) => ring.map(({ id }) => id));
  process.stdout.write(`${comparisonText(comparison, options.approved.notes)}\n`);
  process.exitCode = 1;
  return undefined;
}

const approvedBy = ({ approved = [] }: Options): Approved => together(approved.map(readApproved));

function baseOf({ base }: Options, approved: Approved): string {
  const found = base ?? approved.base;
  if (found !== undefined) return found;
  throw new UserError("nobody says what was deployed last: name the commit with --base.");
}

/** A report of a review, the whole of which somebody has approved; or what was gathered from comments. */
function readApproved(file: string): Approved {
  const text = readFileSync(file, "utf8").trim();
  if (!text.startsWith("{")) return unpack(approvedSchema, text, file);
  const parsed = reviewSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new UserError(`${file} is no report of a review: write one with "substation review --report".`);
  return approvedOf(parsed.data, parsed.data.members);
}

/** `canary=[{"group":"demo","ids":"jia yi"}]`, as a matrix of jobs takes it; the three rings, also the empty ones. */
function matrices({ allowed, rings }: Comparison): string {
  return ["canary", "tenth", "rest"]
    .map((name, at) => `${name}=${JSON.stringify(byGroup((allowed ? rings[at] : undefined) ?? []))}\n`)
    .join("");
}

function byGroup(ring: readonly ReviewMember[]): { readonly group: string; readonly ids: string }[] {
  const groups = new Map<string, string[]>();
  for (const { group, id } of ring) groups.set(group, [...(groups.get(group) ?? []), id]);
  return [...groups].map(([group, ids]) => ({ group, ids: ids.join(" ") }));
}
