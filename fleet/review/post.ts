import { UserError } from "../../config/error";
import { git } from "../git";
import type { GitHub } from "../github";
import { digest, nothingApproved, together, type Approved } from "./approved";
import { approvedIn, reviewMarker } from "./comment";
import { commitOf } from "./commits";

/** Names of our statuses of commits: of a review, whose description is the digest of its comment, and of a deployment that came to its end. */
const reviewContext = "substation/review";
const deployContext = "substation/deploy";

/** How far back the last deployment is looked for, in commits of the main line. */
const farthest = 100;

export interface Pull {
  readonly number: number;
  /** Its last commit. */
  readonly head: string;
}

/**
 * Writes the review's comment, in place where there is one, and its digest as a status of the commit. Whoever may edit comments becomes no author of our statuses by that, and
 * so a comment that was altered approves nothing; whoever may push a workflow of his own does (docs/pull-requests.md, "Who is trusted").
 */
export async function postReview(
  github: GitHub,
  { number, head }: Pull,
  body: string,
  good: boolean,
): Promise<"created" | "updated" | "unchanged"> {
  const done = await github.putComment(number, reviewMarker, body);
  await github.putStatus(head, {
    context: reviewContext,
    state: good ? "success" : "failure",
    description: digest(body),
  });
  return done;
}

/**
 * What was approved of all that came to the main line since the last deployment that ended well, by the reviews of its pull requests as they were last shown. A commit
 * without a pull request, or a review that does not hold, approves nothing.
 * @param before where the main line was before; the base where no deployment is found
 */
export async function approvedOn(github: GitHub, root: string, before: string): Promise<Approved> {
  const line = (await git(root, "rev-list", "--first-parent", `--max-count=${farthest}`, "HEAD")).split("\n");
  const base = (await lastDeployed(github, line)) ?? (await commitOf(root, before));
  const since = await git(root, "rev-list", "--first-parent", `${base}..HEAD`);
  const reviews: Approved[] = [];
  const seen = new Set<number>();
  for (const commit of since.split("\n").filter((one) => one !== "")) {
    const pulls = (await github.pullRequestsOf(commit)).filter(({ merged_at }) => merged_at !== null);
    if (pulls.length === 0)
      reviews.push(refused(`commit ${commit.slice(0, 12)} came without a pull request`));
    for (const { number, head } of pulls.filter((pull) => !seen.has(pull.number))) {
      seen.add(number);
      reviews.push(await approvedBy(github, { number, head: head.sha }));
    }
  }
  return { ...together(reviews), base };
}

async function lastDeployed(github: GitHub, line: readonly string[]): Promise<string | undefined> {
  for (const commit of line)
    if ((await github.ownStatus(commit, deployContext))?.state === "success") return commit;
  return undefined;
}

async function approvedBy(github: GitHub, { number, head }: Pull): Promise<Approved> {
  const [[comment], status] = await Promise.all([
    github.ownComments(number, reviewMarker),
    github.ownStatus(head, reviewContext),
  ]);
  if (!comment) return refused(`pull request ${number} has no review`);
  if (!status) return refused(`the last commit of pull request ${number} was merged without a review`);
  if (status.description !== digest(comment.body))
    return refused(
      `the review of pull request ${number} was altered after it was written, or is another commit's`,
    );
  try {
    return approvedIn(comment.body);
  } catch (error) {
    if (error instanceof UserError) return refused(`of pull request ${number}, ${error.message}`);
    throw error;
  }
}

const refused = (why: string): Approved => ({ ...nothingApproved, notes: [why] });

/** Notes that all up to this commit is deployed. */
export async function noteDeployed(github: GitHub, commit: string): Promise<void> {
  await github.putStatus(commit, {
    context: deployContext,
    state: "success",
    description: "open and proved",
  });
}
