import { readFileSync, writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { z } from "zod";
import { UserError } from "../config/error";
import { gitHubAccess, GitHub } from "../fleet/github";
import { comment } from "../fleet/review/comment";
import { postReview, type Pull } from "../fleet/review/post";
import { passes, reviewSchema, type Review } from "../fleet/review/report";
import { review } from "../fleet/review/review";
import { projectWorkspace } from "./project";
import { readReview } from "./read-review";

interface Options {
  readonly base: string;
  readonly filesOnly?: boolean;
  readonly from?: string;
  readonly report?: string;
  readonly post?: boolean;
}

export function reviewCommand(): Command {
  return new Command("review")
    .description(
      "Says what a merge would do: checks and plans the substations that the commits since a base can touch, with every rule, and prints a comment for the pull request.",
    )
    .option("--base <commit>", "what the changes are measured from", "main")
    .option("--files-only", "look at nothing but the files: needs no credentials, and asks no server")
    .option("--report <file>", "write what was found there, as JSON")
    .addOption(
      new Option(
        "--from <file>",
        "look at nothing: print the comment of a report that --report has written",
      ).conflicts(["base", "filesOnly", "report"]),
    )
    .option("--post", "write the comment to the pull request of this workflow, in place where there is one")
    .addHelpText(
      "after",
      "\nExit code: 0 it may be merged, 1 something forbids it, 2 it could not be looked at.\n" +
        "--post needs GITHUB_TOKEN and what a workflow for pull requests sets (GITHUB_REPOSITORY, GITHUB_EVENT_PATH). docs/pull-requests.md says more.",
    )
    .action(async ({ base, filesOnly, from, report, post }: Options) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const pull = post ? pullOf(process.env) : undefined;
      const found =
        from === undefined
          ? await review(projectWorkspace(), { base, filesOnly: filesOnly ?? false, signal: stop.signal })
          : readReview(from);
      if (report !== undefined)
        writeFileSync(report, `${JSON.stringify(reviewSchema.parse(found), null, 2)}\n`);
      const body = comment(found, filesAt(process.env, pull?.head ?? found.commit));
      process.stdout.write(`${body}\n`);
      annotate(found);
      if (pull) {
        const done = await postReview(new GitHub(gitHubAccess(process.env)), pull, body, passes(found));
        process.stderr.write(`the comment on pull request ${pull.number} is ${done}\n`);
      }
      if (!passes(found)) process.exitCode = 1;
    });
}

const eventSchema = z.object({
  pull_request: z.object({ number: z.int(), head: z.object({ sha: z.string() }) }),
});

/** The pull request that a workflow runs for. */
function pullOf({ GITHUB_EVENT_PATH: file }: NodeJS.ProcessEnv): Pull {
  const event = eventSchema.safeParse(
    file === undefined ? undefined : JSON.parse(readFileSync(file, "utf8")),
  );
  if (!event.success)
    throw new UserError(
      "GITHUB_EVENT_PATH names no event of a pull request, so there is nowhere to post to: leave --post out, and post what is printed.",
    );
  const { number, head } = event.data.pull_request;
  return { number, head: head.sha };
}

const filesAt = (
  { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository }: NodeJS.ProcessEnv,
  commit: string,
) => (server && repository ? `${server}/${repository}/blob/${commit}` : undefined);

/** In a workflow, GitHub shows these at the lines themselves; that needs no right to write anything. */
function annotate({ findings }: Review): void {
  if (process.env["GITHUB_ACTIONS"] !== "true") return;
  for (const { file, line = 1, column = 1, code, message } of findings) {
    const title = property(code);
    process.stderr.write(
      `::error file=${property(file)},line=${line},col=${column},title=${title}::${data(message)}\n`,
    );
  }
}

const data = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
