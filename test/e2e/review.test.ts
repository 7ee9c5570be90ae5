import * as fs from "node:fs";
import * as path from "node:path";
import { reviewMarker } from "../../fleet/review/comment";
import { projectRoot } from "../../local/workspace";
import { sandboxChannel } from "./buyer";
import { LeakSearch } from "./leaks";
import { logs, PullRequests, results } from "./pull-requests";

// From a push to open shops: the lines of the workflows themselves, on a git repository with a bare remote, a server that answers as GitHub's API does, and the real engine.
// What stops after a merge is held by long/review.test.ts.

jest.setTimeout(240_000);

let pulls: PullRequests;
let leaks: LeakSearch;
const program = ["components", "infra"];

beforeAll(async () => {
  pulls = await PullRequests.open("review");
  const { database, dns } = await pulls.lab.platform();
  leaks = new LeakSearch(
    new Map([
      ["passphrase", pulls.passphrase()],
      ["database password", database.password],
      ["DNS token", dns.token],
    ]),
  );
});
afterAll(() => pulls?.close());

describe("a pull request that adds two substations", () => {
  let mended: string;

  test("is refused while a file breaks a limit and the program a policy: each with its file and line, and nothing is made", async () => {
    await pulls.branch(1);
    pulls.write("jia", { channels: { epay: sandboxChannel.epayV1() } });
    pulls.write("yi", { channels: { epay: sandboxChannel.epayV1("key") } });
    for (const id of ["jia", "yi"]) await pulls.lab.sandbox(id);
    mended = fs.readFileSync(pulls.file("yi"), "utf8");
    fs.appendFileSync(pulls.file("yi"), 'resources: { memory: "64 GB" }\n');
    // The program is a part of the repository: this pull request brings one that makes no proper DNS records.
    for (const name of program) {
      fs.unlinkSync(path.join(pulls.lab.root, name));
      fs.cpSync(path.join(projectRoot, name), path.join(pulls.lab.root, name), { recursive: true });
    }
    const dns = path.join(pulls.lab.root, "components", "dns.ts");
    fs.writeFileSync(dns, fs.readFileSync(dns, "utf8").replace('type: "A"', 'type: "CNAME"'));
    await pulls.commit("pull-1", "two shops");

    const done = await pulls.push(1);
    expect([results(done), logs(done)]).toEqual([
      { files: "failure", plan: "success", comment: "failure" },
      expect.stringContaining("::error file=stacks/demo/yi.yaml,line=8,"),
    ]);
    const [body = "", ...others] = pulls.comments(1);
    expect(others).toEqual([]);
    expect(body).toMatch(/^### ⛔ \d problems?$/m);
    const files = pulls.filesAt(await pulls.git("rev-parse", "HEAD"));
    expect(body).toContain(`[\`stacks/demo/yi.yaml:8\`](${files}/stacks/demo/yi.yaml#L8) \`tier/exceeded\``);
    // The component's own guard speaks by the pack's rules, and before the pack.
    const [line = ""] = body.split("\n").filter((one) => one.includes("stacks/demo/jia.yaml:1"));
    expect(line).toContain(`[\`stacks/demo/jia.yaml:1\`](${files}/stacks/demo/jia.yaml#L1) \`plan\``);
    expect(line).toMatch(/Substation demo\/jia may not have the DnsRecord jia: +record-type /);
    expect(await pulls.containers("jia")).toEqual([]);
  });

  test("is mended by a second push, which writes the comment anew in place", async () => {
    fs.writeFileSync(pulls.file("yi"), mended);
    for (const name of program) fs.rmSync(path.join(pulls.lab.root, name), { recursive: true });
    await pulls.git("checkout", "--quiet", "origin/main", "--", ...program);
    await pulls.commit("pull-1", "mended");
    const done = await pulls.push(1);
    expect([results(done), logs(done)]).toEqual([
      { files: "success", plan: "success", comment: "success" },
      expect.stringContaining("the comment on pull request 1 is updated"),
    ]);
    const [body = "", ...others] = pulls.comments(1);
    expect(others).toEqual([]);
    expect(body).toMatch(/^### ✅ Substations: 2 opened$/m);
    expect(body).toMatch(
      /^\| 🟢 \| \[`stacks\/demo\/jia\.yaml`\]\(\S+\)<br>`jia` \| opened \(\d+ objects\) \| \d+ new \|$/m,
    );
  });

  test("is deployed when it is merged: one, then the other, each open and proved", async () => {
    const { sha, done } = await pulls.merge(1);
    expect([results(done), logs(done)]).toEqual([
      { compare: "success", canary: "success", tenth: "success", rest: "skipped", done: "success" },
      expect.not.stringContaining("nothing of it is approved"),
    ]);
    const [first = "", second = ""] = ["canary", "tenth"].map((ring) => done[ring]!.summary);
    expect(first).toContain("| 1 | `jia` | open |");
    expect(second).toContain("| 1 | `yi` | open |");
    for (const id of ["jia", "yi"])
      expect(await pulls.lab.get(`${id}.substation.test`)).toMatchObject({ status: 200 });
    expect(pulls.github.statuses.get(sha)).toMatchObject([
      { context: "substation/deploy", state: "success" },
    ]);
  });
});

test("a pull request that deletes a file is refused, and says how a closing is asked for; from a fork it learns as much without credentials", async () => {
  await pulls.branch(2);
  fs.rmSync(pulls.file("jia"));
  await pulls.commit("pull-2", "away with it");
  const done = await pulls.push(2);
  expect(results(done)).toEqual({ files: "failure", plan: "success", comment: "failure" });
  expect(pulls.comments(2)).toEqual([
    expect.stringMatching(/`stacks\/demo\/jia\.yaml:1`.*`file\/gone`.*closing\.md/),
  ]);

  const forked = await pulls.push(2, { fork: true });
  expect(results(forked)).toEqual({ files: "failure", plan: "skipped", comment: "skipped" });
  expect(forked["files"]!.summary).toMatch(/`file\/gone`.*closing\.md/);
  expect(forked["files"]!.summary).toContain("**not known** yet");
});

test("no comment, report, output, summary or log holds a secret", () => {
  expect(leaks.in("jobs", pulls.seen)).toEqual([]);
  expect(
    leaks.in("GitHub", JSON.stringify([[...pulls.github.comments], [...pulls.github.statuses]])),
  ).toEqual([]);
  expect(JSON.stringify([...pulls.github.comments])).toContain(reviewMarker);
});
