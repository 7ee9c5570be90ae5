import { GitHub } from "../github";
import { gitHubTokens, startGitHubServer, type GitHubServer } from "../github-testing";
import { issueText, keepIssues } from "./issue";
import type { DriftFinding, DriftReport } from "./report";

let server: GitHubServer;
let github: GitHub;
beforeEach(async () => {
  server = await startGitHubServer();
  github = new GitHub({ api: server.api, repository: server.repository, token: gitHubTokens.workflow });
});
afterEach(() => server.end());

const finding = (group: string | undefined, name: string): DriftFinding => ({
  ...{ group, id: "jia", file: "stacks/shops/jia.yaml", class: "config", fixable: true },
  object: { kind: "record", name },
  seenBy: ["state"],
  what: [`Record ${name} is gone`],
  remedy: "Run this.",
});
const report = (change: Partial<DriftReport>): DriftReport => ({
  ...{
    platform: "local",
    stacks: ["platform", "shops", "vip"],
    findings: [],
    blind: [],
    hostFindings: 0,
    seconds: 1,
  },
  ...change,
});
const states = () => server.issues.map(({ number, title, state }) => `${number} ${state}: ${title}`);

test("one issue for each stack: opened, written anew, closed when it was seen to be well, opened again", async () => {
  const drifted = report({ findings: [finding("shops", "a"), finding(undefined, "b")] });
  await keepIssues(github, drifted);
  expect(states().sort()).toEqual([
    "1 open: Drift in platform: 1 object",
    "2 open: Drift in shops: 1 object",
  ]);
  const more = report({ findings: [finding("shops", "a"), finding("shops", "c")] });
  expect(await keepIssues(github, more)).toEqual([
    { stack: "platform", done: "closed", number: 1 },
    { stack: "shops", done: "written", number: 2 },
    { stack: "vip", done: "none" },
  ]);
  expect(states()).toEqual(["1 closed: Drift in platform: 1 object", "2 open: Drift in shops: 2 objects"]);
  expect(server.issues[1]!.body).toContain("Record c is gone");
  await keepIssues(github, drifted);
  expect(states()).toEqual(["1 open: Drift in platform: 1 object", "2 open: Drift in shops: 1 object"]);
});

test("where something could not be looked at, nothing is closed, and the issue says so", async () => {
  await keepIssues(github, report({ findings: [finding("shops", "a")] }));
  const blind = [{ what: "the DNS zone shops.example", why: "it does not answer" }];
  expect(await keepIssues(github, report({ blind }))).toEqual([
    { stack: "platform", done: "none" },
    { stack: "shops", done: "none" },
    { stack: "vip", done: "none" },
  ]);
  expect(states()).toEqual(["1 open: Drift in shops: 1 object"]);
  await keepIssues(github, report({ blind, findings: [finding("shops", "a")] }));
  expect(server.issues[0]!.body).toContain("**Not all could be looked at**: the DNS zone shops.example.");
});

test("an issue holds as many findings as it can, and names of objects stay text", () => {
  const many = Array.from({ length: 2000 }, (_, at) => finding("shops", `record-${at}`));
  const text = issueText({ blind: [] }, many);
  expect(text.length).toBeLessThan(65_536 - 100); // the marker comes before it
  const shown = text.match(/Record record-/g)!.length;
  expect(text).toContain(`… and ${2000 - shown} more`);
  const hostile = issueText({ blind: [] }, [finding("shops", "a|b](http://x) @all <img>")]);
  expect(hostile).toContain("record a\\|b\\]\\(http:<wbr>//x\\) @<wbr>all &lt;img&gt;");
});
