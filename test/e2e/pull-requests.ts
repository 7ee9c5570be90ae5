import * as fs from "node:fs";
import * as path from "node:path";
import { mark } from "../../config/names";
import { gitHubTokens, startGitHubServer, type GitHubServer } from "../../fleet/github-testing";
import { projectRoot } from "../../local/workspace";
import { runWorkflow, type JobResult } from "../workflow";
import { command, inspect, Lab, type SubstationFields } from "./lab";

const repository = "trade/substations";
const group = "demo";
const shop = { modules: { gameCards: { categories: ["steam"] } }, tier: "trial" };

/** A Lab whose folder is a git repository with a bare remote, and a server that answers as GitHub's API does: the lines of the workflows run on them. */
export class PullRequests {
  /** All that jobs printed, wrote and passed on. */
  seen = "";

  private constructor(
    readonly lab: Lab,
    readonly github: GitHubServer,
    /** Where people push to, and jobs fetch from. */
    private readonly remotes: string,
  ) {}

  /** With one empty group, `demo`. */
  static async open(prefix: string): Promise<PullRequests> {
    const [lab, github] = await Promise.all([Lab.open({ prefix }), startGitHubServer()]);
    const pulls = new PullRequests(lab, github, path.join(lab.home, "git"));
    for (const name of ["cli", "fleet", "local", "storefront", "package-lock.json"])
      fs.symlinkSync(path.join(projectRoot, name), path.join(lab.root, name));
    const bare = path.join(pulls.remotes, repository);
    await command("git", ["init", "--quiet", "--bare", bare]);
    // As GitHub does: any commit that it has.
    await command("git", ["-C", bare, "config", "uploadpack.allowAnySHA1InWant", "true"]);
    await lab.ensureStack(group);
    fs.writeFileSync(path.join(lab.root, ".gitignore"), "/.substation/\n/proofs/\n");
    await pulls.git("init", "--quiet", "--initial-branch=main");
    await pulls.git("remote", "add", "origin", bare);
    await pulls.commit("main", "the platform");
    return pulls;
  }

  async close(): Promise<void> {
    await this.github.end();
    await this.lab.close();
  }

  /** Where the files of a commit can be looked at. */
  filesAt(commit: string): string {
    return `file://${this.remotes}/${repository}/blob/${commit}`;
  }

  async git(...args: string[]): Promise<string> {
    const { root } = this.lab;
    const who = ["-c", "user.name=王", "-c", "user.email=wang@example.com"];
    return (await command("git", ["-C", root, ...who, ...args])).trim();
  }

  /** Commits all that was written, and pushes it. */
  async commit(branch: string, message: string): Promise<string> {
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "--allow-empty", "--message", message);
    await this.git("push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
    return await this.git("rev-parse", "HEAD");
  }

  /** @returns path of its typed file */
  file(id: string): string {
    return this.lab.file(group, id);
  }

  write(id: string, change: Partial<SubstationFields> = {}): void {
    this.lab.write(group, id, { ...shop, ...change });
  }

  async branch(number: number): Promise<void> {
    await this.git("checkout", "--quiet", "-B", `pull-${number}`, "origin/main");
  }

  /** A push to the branch of a pull request: GitHub merges it with main, and runs the workflow on that. */
  async push(number: number, { fork = false } = {}): Promise<Record<string, JobResult>> {
    const head = await this.git("rev-parse", "HEAD");
    const base = await this.git("rev-parse", "origin/main");
    await this.git("checkout", "--quiet", "--detach", base);
    await this.git("merge", "--quiet", "--no-ff", "--message", `merge ${head} into ${base}`, head);
    const merged = await this.git("rev-parse", "HEAD");
    await this.git("push", "--quiet", "--force", "origin", `HEAD:refs/pull/${number}/merge`);
    await this.git("checkout", "--quiet", `pull-${number}`);
    const full_name = fork ? "stranger/substations" : repository;
    const event = { pull_request: { number, head: { sha: head, repo: { full_name } }, base: { sha: base } } };
    return await this.run(
      "pull-request.yml",
      event,
      merged,
      fork ? gitHubTokens.fork : gitHubTokens.workflow,
    );
  }

  /** Presses the button, and has the deployment run. */
  async merge(number: number): Promise<{ readonly sha: string; readonly done: Record<string, JobResult> }> {
    const head = await this.git("rev-parse", `pull-${number}`);
    await this.git("checkout", "--quiet", "main");
    const before = await this.git("rev-parse", "HEAD");
    await this.git("merge", "--quiet", "--no-ff", "--message", `Merge pull request #${number}`, head);
    await this.git("push", "--quiet", "origin", "main");
    const sha = await this.git("rev-parse", "HEAD");
    this.github.pulls.set(sha, [
      { number, merged_at: "2026-11-23T12:00:00Z", merge_commit_sha: sha, head: { sha: head } },
    ]);
    return { sha, done: await this.run("deploy.yml", { before }, sha, gitHubTokens.workflow) };
  }

  comments(number: number): string[] {
    return (this.github.comments.get(number) ?? []).map(({ body }) => body);
  }

  /** @returns ids of its shop's */
  async containers(id: string): Promise<string[]> {
    return (await inspect(mark({ platform: this.lab.name, group, id }), "shop")).map(({ Id }) => Id);
  }

  passphrase(): string {
    return fs.readFileSync(path.join(this.lab.home, "secrets", "passphrase"), "utf8");
  }

  private async run(file: string, event: object, sha: string, token: string) {
    const eventFile = path.join(this.lab.home, "event.json");
    fs.writeFileSync(eventFile, JSON.stringify(event));
    // What the runner has by itself: programs and plugins, but neither backend nor passphrase.
    const { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE, ...own } = this.lab.workspace.env;
    if (!PULUMI_BACKEND_URL || !PULUMI_CONFIG_PASSPHRASE_FILE) throw new Error("the Lab has no backend");
    const done = await runWorkflow(file, {
      github: { event, sha, repository, token },
      secrets: { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE: this.passphrase() },
      env: {
        ...own,
        NO_COLOR: "1",
        GITHUB_ACTIONS: "true",
        GITHUB_SERVER_URL: `file://${this.remotes}`,
        GITHUB_API_URL: this.github.api,
        GITHUB_REPOSITORY: repository,
        GITHUB_EVENT_PATH: eventFile,
      },
      folder: this.lab.home,
    });
    this.seen += JSON.stringify(done);
    return done;
  }
}

export const results = (done: Readonly<Record<string, JobResult>>) =>
  Object.fromEntries(Object.entries(done).map(([id, { result }]) => [id, result]));
export const logs = (done: Readonly<Record<string, JobResult>>) =>
  Object.entries(done)
    .map(([id, { log }]) => `== ${id}\n${log}`)
    .join("\n");
