import * as fs from "node:fs";
import * as path from "node:path";
import { mark } from "../../config/names";
import { startGitHubServer, gitHubTokens, type GitHubServer } from "../../fleet/github-testing";
import { reviewMarker } from "../../fleet/review/comment";
import { projectRoot } from "../../local/workspace";
import { runWorkflow, type JobResult } from "../workflow";
import { sandboxChannel } from "./buyer";
import { command, inspect, Lab, type SubstationFields } from "./lab";
import { LeakSearch } from "./leaks";

// From a push to open shops: the lines of the workflows themselves, on a git repository with a bare remote, a server that answers as GitHub's API does, and the real engine.

jest.setTimeout(240_000);

let lab: Lab;
let github: GitHubServer;
/** Where people push to, and jobs fetch from. */
let remotes: string;
let leaks: LeakSearch;
/** All that jobs printed, wrote and passed on. */
let seen = "";
const repository = "trade/substations";
const program = ["components", "infra"];
const shop = { modules: { gameCards: { categories: ["steam"] } }, tier: "trial" };

const git = async (...args: string[]): Promise<string> =>
  (
    await command("git", ["-C", lab.root, "-c", "user.name=王", "-c", "user.email=wang@example.com", ...args])
  ).trim();

beforeAll(async () => {
  [lab, github] = await Promise.all([Lab.open({ prefix: "review" }), startGitHubServer()]);
  remotes = path.join(lab.home, "git");
  for (const name of ["cli", "fleet", "local", "storefront", "package-lock.json"])
    fs.symlinkSync(path.join(projectRoot, name), path.join(lab.root, name));
  await command("git", ["init", "--quiet", "--bare", path.join(remotes, repository)]);
  // As GitHub does: any commit that it has.
  await command("git", [
    "-C",
    path.join(remotes, repository),
    "config",
    "uploadpack.allowAnySHA1InWant",
    "true",
  ]);
  await lab.ensureStack("demo");
  fs.writeFileSync(path.join(lab.root, ".gitignore"), "/.substation/\n/proofs/\n");
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", path.join(remotes, repository));
  await commit("main", "the platform");
  const { database, dns } = await lab.platform();
  leaks = new LeakSearch(
    new Map([
      ["passphrase", passphrase()],
      ["database password", database.password],
      ["DNS token", dns.token],
    ]),
  );
});
afterAll(async () => {
  await github?.end();
  await lab?.close();
});

const passphrase = (): string => fs.readFileSync(path.join(lab.home, "secrets", "passphrase"), "utf8");

/** Commits all that was written, and pushes it. */
async function commit(branch: string, message: string): Promise<string> {
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", message);
  await git("push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
  return await git("rev-parse", "HEAD");
}

const write = (id: string, change: Partial<SubstationFields> = {}) =>
  lab.write("demo", id, { ...shop, ...change });

/** What the runner has by itself: programs and plugins, but neither backend nor passphrase. */
function runner(): NodeJS.ProcessEnv {
  const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, ...rest } = lab.workspace.env;
  if (!PULUMI_BACKEND_URL || !PULUMI_CONFIG_PASSPHRASE_FILE) throw new Error("the Lab has no backend");
  return rest;
}

async function run(file: string, event: object, sha: string, token: string = gitHubTokens.workflow) {
  const server = `file://${remotes}`;
  const eventFile = path.join(lab.home, "event.json");
  fs.writeFileSync(eventFile, JSON.stringify(event));
  const done = await runWorkflow(file, {
    github: { event, sha, repository, token },
    secrets: {
      PULUMI_BACKEND_URL: lab.workspace.env["PULUMI_BACKEND_URL"]!,
      PULUMI_CONFIG_PASSPHRASE: passphrase(),
    },
    env: {
      ...runner(),
      NO_COLOR: "1",
      GITHUB_ACTIONS: "true",
      GITHUB_SERVER_URL: server,
      GITHUB_API_URL: github.api,
      GITHUB_REPOSITORY: repository,
      GITHUB_EVENT_PATH: eventFile,
    },
    folder: lab.home,
  });
  seen += JSON.stringify(done);
  return done;
}

const results = (done: Readonly<Record<string, JobResult>>) =>
  Object.fromEntries(Object.entries(done).map(([id, { result }]) => [id, result]));
const logs = (done: Readonly<Record<string, JobResult>>) =>
  Object.entries(done)
    .map(([id, { log }]) => `== ${id}\n${log}`)
    .join("\n");

/** A push to the branch of a pull request: GitHub merges it with main, and runs the workflow on that. */
async function pullRequest(number: number, { fork = false } = {}) {
  const head = await git("rev-parse", "HEAD");
  const base = await git("rev-parse", "origin/main");
  await git("checkout", "--quiet", "--detach", base);
  await git("merge", "--quiet", "--no-ff", "--message", `merge ${head} into ${base}`, head);
  const merged = await git("rev-parse", "HEAD");
  await git("push", "--quiet", "--force", "origin", `HEAD:refs/pull/${number}/merge`);
  await git("checkout", "--quiet", `pull-${number}`);
  const full_name = fork ? "stranger/substations" : repository;
  const event = { pull_request: { number, head: { sha: head, repo: { full_name } }, base: { sha: base } } };
  return await run("pull-request.yml", event, merged, fork ? gitHubTokens.fork : gitHubTokens.workflow);
}

const branch = (number: number) => git("checkout", "--quiet", "-B", `pull-${number}`, "origin/main");

/** Presses the button. */
async function merge(number: number) {
  const head = await git("rev-parse", `pull-${number}`);
  await git("checkout", "--quiet", "main");
  const before = await git("rev-parse", "HEAD");
  await git("merge", "--quiet", "--no-ff", "--message", `Merge pull request #${number}`, head);
  await git("push", "--quiet", "origin", "main");
  const sha = await git("rev-parse", "HEAD");
  github.pulls.set(sha, [
    { number, merged_at: "2026-11-23T12:00:00Z", merge_commit_sha: sha, head: { sha: head } },
  ]);
  return { before, sha };
}

const comments = (number: number) => (github.comments.get(number) ?? []).map(({ body }) => body);
const containers = async (id: string) =>
  (await inspect(mark({ platform: lab.name, group: "demo", id }), "shop")).map(({ Id }) => Id);

describe("a pull request that adds two substations", () => {
  let mended: string;

  test("is refused while a file breaks a limit and the program a policy: each with its file and line, and nothing is made", async () => {
    await branch(1);
    write("jia", { channels: { epay: sandboxChannel.epayV1() } });
    write("yi", { channels: { epay: sandboxChannel.epayV1("key") } });
    for (const id of ["jia", "yi"]) await lab.sandbox(id);
    mended = fs.readFileSync(lab.file("demo", "yi"), "utf8");
    fs.appendFileSync(lab.file("demo", "yi"), 'resources: { memory: "64 GB" }\n');
    // The program is a part of the repository: this pull request brings one that makes no proper DNS records.
    for (const name of program) {
      fs.unlinkSync(path.join(lab.root, name));
      fs.cpSync(path.join(projectRoot, name), path.join(lab.root, name), { recursive: true });
    }
    const dns = path.join(lab.root, "components", "dns.ts");
    fs.writeFileSync(dns, fs.readFileSync(dns, "utf8").replace('type: "A"', 'type: "CNAME"'));
    await commit("pull-1", "two shops");

    const done = await pullRequest(1);
    expect([results(done), logs(done)]).toEqual([
      { files: "failure", plan: "success", comment: "failure" },
      expect.stringContaining("::error file=stacks/demo/yi.yaml,line=8,"),
    ]);
    const [body = "", ...others] = comments(1);
    expect(others).toEqual([]);
    expect(body).toMatch(/^### ⛔ \d problems?$/m);
    const files = `file://${remotes}/${repository}/blob/${await git("rev-parse", "HEAD")}`;
    expect(body).toContain(`[\`stacks/demo/yi.yaml:8\`](${files}/stacks/demo/yi.yaml#L8) \`tier/exceeded\``);
    // The component's own guard speaks by the pack's rules, and before the pack.
    const [line = ""] = body.split("\n").filter((one) => one.includes("stacks/demo/jia.yaml:1"));
    expect(line).toContain(`[\`stacks/demo/jia.yaml:1\`](${files}/stacks/demo/jia.yaml#L1) \`plan\``);
    expect(line).toMatch(/Substation demo\/jia may not have the DnsRecord jia: +record-type /);
    expect(await containers("jia")).toEqual([]);
  });

  test("is mended by a second push, which writes the comment anew in place", async () => {
    fs.writeFileSync(lab.file("demo", "yi"), mended);
    for (const name of program) fs.rmSync(path.join(lab.root, name), { recursive: true });
    await git("checkout", "--quiet", "origin/main", "--", ...program);
    await commit("pull-1", "mended");
    const done = await pullRequest(1);
    expect([results(done), logs(done)]).toEqual([
      { files: "success", plan: "success", comment: "success" },
      expect.stringContaining("the comment on pull request 1 is updated"),
    ]);
    const [body = "", ...others] = comments(1);
    expect(others).toEqual([]);
    expect(body).toMatch(/^### ✅ Substations: 2 opened$/m);
    expect(body).toMatch(
      /^\| 🟢 \| \[`stacks\/demo\/jia\.yaml`\]\(\S+\)<br>`jia` \| opened \(\d+ objects\) \| \d+ new \|$/m,
    );
  });

  test("is deployed when it is merged: one, then the other, each open and proved", async () => {
    const { before, sha } = await merge(1);
    const done = await run("deploy.yml", { before }, sha);
    expect([results(done), logs(done)]).toEqual([
      { compare: "success", canary: "success", tenth: "success", rest: "skipped", done: "success" },
      expect.not.stringContaining("nothing of it is approved"),
    ]);
    const [first = "", second = ""] = ["canary", "tenth"].map((ring) => done[ring]!.summary);
    expect(first).toContain("| 1 | `jia` | open |");
    expect(second).toContain("| 1 | `yi` | open |");
    for (const id of ["jia", "yi"])
      expect(await lab.get(`${id}.substation.test`)).toMatchObject({ status: 200 });
    expect(github.statuses.get(sha)).toMatchObject([{ context: "substation/deploy", state: "success" }]);
  });
});

test("a pull request that deletes a file is refused, and says how a closing is asked for; from a fork it learns as much without credentials", async () => {
  await branch(2);
  fs.rmSync(lab.file("demo", "jia"));
  await commit("pull-2", "away with it");
  const done = await pullRequest(2);
  expect(results(done)).toEqual({ files: "failure", plan: "success", comment: "failure" });
  expect(comments(2)).toEqual([
    expect.stringMatching(/`stacks\/demo\/jia\.yaml:1`.*`file\/gone`.*closing\.md/),
  ]);

  const forked = await pullRequest(2, { fork: true });
  expect(results(forked)).toEqual({ files: "failure", plan: "skipped", comment: "skipped" });
  expect(forked["files"]!.summary).toMatch(/`file\/gone`.*closing\.md/);
  expect(forked["files"]!.summary).toContain("**not known** yet");
});

test("a plan that would replace what nobody has seen replaced stops after the merge, with the difference", async () => {
  await branch(3);
  write("bing");
  await commit("pull-3", "a third");
  expect(results(await pullRequest(3))).toMatchObject({ plan: "success", comment: "success" });
  // Between approval and merge somebody pushes to main, past all reviews.
  await git("checkout", "--quiet", "main");
  const yi = lab.file("demo", "yi");
  fs.writeFileSync(yi, fs.readFileSync(yi, "utf8").replace("店铺 yi", "乙店"));
  await commit("main", "a new title");
  const standing = await containers("yi");

  const { before, sha } = await merge(3);
  const done = await run("deploy.yml", { before }, sha);
  expect([results(done), logs(done)]).toEqual([
    { compare: "failure", canary: "skipped", tenth: "skipped", rest: "skipped", done: "skipped" },
    expect.stringMatching(/commit [0-9a-f]{12} came without a pull request: nothing of it is approved/),
  ]);
  expect(done["compare"]!.summary).toMatch(
    /^- `yi`: now \*\*replace Container `yi` for .*\*\*; what was approved: nothing of the kind$/m,
  );
  expect(await containers("yi")).toEqual(standing);
  expect(await containers("bing")).toEqual([]);
});

test("no comment, report, output, summary or log holds a secret", () => {
  expect(leaks.in("jobs", seen)).toEqual([]);
  expect(leaks.in("GitHub", JSON.stringify([[...github.comments], [...github.statuses]]))).toEqual([]);
  expect(JSON.stringify([...github.comments])).toContain(reviewMarker);
});
