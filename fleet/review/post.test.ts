import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { GitHub } from "../github";
import { gitHubTokens, startGitHubServer, type GitHubServer } from "../github-testing";
import type { Approved } from "./approved";
import { comment } from "./comment";
import { approvedOn, noteDeployed, postReview } from "./post";
import { memberOf, reviewOf, stepOf } from "./testing";

let server: GitHubServer;
let root: string;
const github = (token: string = gitHubTokens.workflow) => new GitHub({ ...server, token });
const git = (...args: string[]) =>
  execFileSync("git", ["-C", root, "-c", "user.name=w", "-c", "user.email=w@example.com", ...args], {
    encoding: "utf8",
  }).trim();
const commit = (message: string) => {
  git("commit", "--quiet", "--allow-empty", "--message", message);
  return git("rev-parse", "HEAD");
};

beforeEach(async () => {
  server = await startGitHubServer();
  root = fs.mkdtempSync(path.join(os.tmpdir(), "review-"));
  git("init", "--quiet", "--initial-branch=main");
  commit("first");
});
afterEach(async () => {
  fs.rmSync(root, { recursive: true });
  await server.end();
});

/** A commit on main that came by a pull request, whose review showed a replacement of `id`. */
async function merged(number: number, id: string): Promise<string> {
  const head = String(number).repeat(40);
  const members = [memberOf(id, [stepOf(id, "replace", ["image"])])];
  await postReview(github(), { number, head }, comment(reviewOf(members)), true);
  const sha = commit(`merge ${number}`);
  server.pulls.set(sha, [
    { number, merged_at: "2026-11-23T12:00:00Z", merge_commit_sha: sha, head: { sha: head } },
    { number: 99, merged_at: null, merge_commit_sha: null, head: { sha: head } }, // another that holds it, and is open
  ]);
  return sha;
}
const ids = ({ steps }: Approved) => steps.map(({ id }) => id);

test("approved is what the pull requests since the last deployment showed, and none before it", async () => {
  const first = git("rev-parse", "HEAD");
  const one = await merged(1, "jia");
  expect(await approvedOn(github(), root, first)).toMatchObject({
    base: first,
    notes: [],
    steps: [{ id: "jia" }],
  });
  await noteDeployed(github(), one);
  await merged(2, "yi");
  const two = git("rev-parse", "HEAD");
  await merged(3, "bing");
  // The run for the second was dropped, or failed: the one for the third makes up for it.
  const found = await approvedOn(github(), root, two);
  expect([found.base, ids(found).sort(), found.notes]).toEqual([one, ["bing", "yi"], []]);
});

test("a commit without a pull request approves nothing, and so does a review that was altered, is another commit's, or is a stranger's", async () => {
  const before = git("rev-parse", "HEAD");
  await merged(1, "jia");
  const [own] = server.comments.get(1)!;
  server.comments.set(1, [{ ...own!, body: own!.body.replace("Substations:", "All is well:") }]);
  await merged(2, "yi");
  server.statuses.clear(); // pushed to after the review, so that the last commit has none
  await merged(3, "bing");
  server.comments.set(
    3,
    server.comments.get(3)!.map((one) => ({ ...one, user: { login: "wang" } })),
  );
  const bare = commit("past all reviews");
  const found = await approvedOn(github(), root, before);
  expect([ids(found), found.base]).toEqual([[], before]);
  expect(found.notes).toEqual([
    `commit ${bare.slice(0, 12)} came without a pull request`,
    "pull request 3 has no review",
    "the last commit of pull request 2 was merged without a review",
    expect.stringMatching(
      /^the (?:review of pull request 1 was altered|last commit of pull request 1 was merged without)/,
    ),
  ]);
});

test("a comment that was altered after it was written is told from one that was not", async () => {
  const before = git("rev-parse", "HEAD");
  await merged(1, "jia");
  const [own] = server.comments.get(1)!;
  server.comments.set(1, [{ ...own!, body: own!.body.replaceAll("\n", "\r\n") }]); // as some servers give it back
  expect(ids(await approvedOn(github(), root, before))).toEqual(["jia"]);
  server.comments.set(1, [{ ...own!, body: own!.body.replace("image", "title") }]);
  expect(await approvedOn(github(), root, before)).toMatchObject({
    steps: [],
    notes: ["the review of pull request 1 was altered after it was written, or is another commit's"],
  });
});

test("a status that a person gave is not believed", async () => {
  const before = git("rev-parse", "HEAD");
  const sha = await merged(1, "jia");
  await noteDeployed(github(gitHubTokens.person), sha);
  expect(await approvedOn(github(), root, before)).toMatchObject({ base: before });
});
