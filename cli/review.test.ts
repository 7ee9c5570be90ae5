import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { goodFile, goodTiers, withHost } from "../config/testFleet";
import { runCli, type Ran } from "./testing";

// Reviews of files alone, as forks get them, on a real git repository. Those that plan are held by test/e2e/review.test.ts.

jest.setTimeout(60_000);

let root: string;
const git = (...args: string[]) =>
  execFileSync("git", ["-C", root, "-c", "user.name=w", "-c", "user.email=w@example.com", ...args], {
    encoding: "utf8",
  }).trim();
const write = (file: string, text: string) => {
  const at = path.join(root, "stacks", file);
  fs.mkdirSync(path.dirname(at), { recursive: true });
  fs.writeFileSync(at, text);
};
const commit = () => {
  git("add", "--all");
  git("commit", "--quiet", "--message", "x");
};
const review = (env: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<Ran> =>
  runCli(["review", "--base", "main", "--files-only", ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], ...env },
  });

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "review-"));
  fs.writeFileSync(
    path.join(root, "Pulumi.yaml"),
    "name: substation\nruntime: nodejs\nstackConfigDir: stacks\n",
  );
  write("tiers.yaml", goodTiers);
  write("demo/mengxiang.yaml", goodFile);
  write("demo/broken.yaml", withHost("broken.substation.test").replace("12.5%", "12.5 percent"));
  git("init", "--quiet", "--initial-branch=main");
  commit();
  git("checkout", "--quiet", "-b", "change");
});
afterEach(() => fs.rmSync(root, { recursive: true }));

test("problems of the files that changed are told, with all that is wrong with them, and not those of others", async () => {
  write("demo/new.yaml", withHost("mengxiang.substation.test").replace("tier: standard", "tier: golden"));
  commit();
  const { code, stdout, stderr } = await review({
    GITHUB_ACTIONS: "true",
    GITHUB_SERVER_URL: "https://git.example",
    GITHUB_REPOSITORY: "trade/substations",
  });
  expect(code).toBe(1);
  const sha = git("rev-parse", "HEAD");
  const at = `https://git.example/trade/substations/blob/${sha}/stacks/demo/new.yaml`;
  const told = stdout.split("\n").filter((line) => line.startsWith("- "));
  expect(told.map((line) => line.split(" ").slice(1, 3))).toEqual([
    [`[\`stacks/demo/new.yaml:2\`](${at}#L2)`, "`tier/unknown`"],
    [`[\`stacks/demo/new.yaml:7\`](${at}#L7)`, "`host/taken`"],
  ]);
  expect(stdout).not.toContain("broken");
  expect(stderr).toMatch(/^::error file=stacks\/demo\/new\.yaml,line=2,col=7,title=tier\/unknown::tier is /m);
});

test("a file that is deleted closes nothing; one that moves to another name is gone too", async () => {
  git("mv", "stacks/demo/mengxiang.yaml", "stacks/demo/anders.yaml");
  commit();
  const report = path.join(root, "review.json");
  const { code, stdout } = await review({}, "--report", report);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^- `stacks\/demo\/mengxiang\.yaml:1` `file\/gone` .*docs\/closing\.md/m);
  const found = JSON.parse(fs.readFileSync(report, "utf8")) as object;
  expect(found).toMatchObject({ version: 1, scope: "files", members: [], base: git("rev-parse", "main") });
  // The same words come of the report alone.
  const again = await runCli(["review", "--from", report], { cwd: root, env: { PATH: process.env["PATH"] } });
  expect(again).toMatchObject({ code: 1, stdout });
});

test("what changes no substation passes, and says how little was looked at", async () => {
  fs.writeFileSync(path.join(root, "README.md"), "x");
  commit();
  const { code, stdout } = await review();
  expect([code, stdout]).toEqual([0, expect.stringContaining("### ✅ The files have no problems")]);
  expect(stdout).toContain("**not known** yet");
});

test("what is not committed, or no commit, is a mistake that is told; and so is a report that is none", async () => {
  write("demo/mengxiang.yaml", goodFile.replace("梦想点卡", "别的"));
  expect(await review()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("commit them first") as string,
  });
  git("checkout", "--quiet", "--", ".");
  const unknown = await runCli(["review", "--base", "nowhere", "--files-only"], { cwd: root });
  expect(unknown).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/git knows no commit "nowhere"/) as string,
  });
  const none = await runCli(["review", "--from", "Pulumi.yaml"], { cwd: root });
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot be read") as string });
  const post = await runCli(["review", "--files-only", "--post"], {
    cwd: root,
    env: { PATH: process.env["PATH"] },
  });
  expect(post).toMatchObject({ code: 1, stderr: expect.stringContaining("GITHUB_EVENT_PATH") as string });
  const deploy = await runCli(["deploy", "--dry-run", "--base", "main", "--approved", "gone.json"], {
    cwd: root,
  });
  expect(deploy).toMatchObject({
    code: 1,
    stderr: "substation: gone.json cannot be read (ENOENT): name another.\n",
  });
  const baseless = await runCli(["deploy"], { cwd: root });
  expect(baseless).toMatchObject({ code: 1, stderr: expect.stringContaining("--base") as string });
});
