import * as fs from "node:fs";
import { GitHub } from "../../fleet/github";
import { gitHubTokens } from "../../fleet/github-testing";
import { noteDeployed } from "../../fleet/review/post";
import { logs, PullRequests, results } from "../e2e/pull-requests";

// A merge that would do what nobody has approved: the workflows' own lines, as in e2e/review.test.ts.

jest.setTimeout(240_000);

let pulls: PullRequests;

beforeAll(async () => {
  pulls = await PullRequests.open("merge");
  pulls.write("yi");
  const first = await pulls.commit("main", "one shop");
  await pulls.lab.up("demo");
  await noteDeployed(new GitHub({ ...pulls.github, token: gitHubTokens.workflow }), first);
});
afterAll(() => pulls?.close());

test("a plan that would replace what nobody has seen replaced stops after the merge, with the difference", async () => {
  await pulls.branch(1);
  pulls.write("bing");
  await pulls.commit("pull-1", "a second");
  expect(results(await pulls.push(1))).toMatchObject({ plan: "success", comment: "success" });
  // Between approval and merge somebody pushes to main, past all reviews.
  await pulls.git("checkout", "--quiet", "main");
  const yi = pulls.file("yi");
  fs.writeFileSync(yi, fs.readFileSync(yi, "utf8").replace("店铺 yi", "乙店"));
  await pulls.commit("main", "a new title");
  const standing = await pulls.containers("yi");

  const { done } = await pulls.merge(1);
  expect([results(done), logs(done)]).toEqual([
    { compare: "failure", canary: "skipped", tenth: "skipped", rest: "skipped", done: "skipped" },
    expect.stringMatching(/commit [0-9a-f]{12} came without a pull request: nothing of it is approved/),
  ]);
  expect(done["compare"]!.summary).toMatch(
    /^- `yi`: now \*\*replace Container `yi` for .*\*\*; what was approved: nothing of the kind$/m,
  );
  expect(await pulls.containers("yi")).toEqual(standing);
  expect(await pulls.containers("bing")).toEqual([]);
});
