import { GitHub, gitHubAccess, GitHubError } from "./github";
import { gitHubTokens, startGitHubServer, type GitHubServer } from "./github-testing";

let server: GitHubServer;
beforeEach(async () => {
  server = await startGitHubServer();
});
afterEach(() => server.end());

const marker = "<!-- substation:test -->";
const client = (token: string = gitHubTokens.workflow, { api, repository } = server) =>
  new GitHub({ api, repository, token });

test("what is not said is said to be missing", () => {
  expect(() => gitHubAccess({ GITHUB_TOKEN: "x" })).toThrow(/^GITHUB_REPOSITORY is not set/);
  expect(() => gitHubAccess({ GITHUB_REPOSITORY: "a/b" })).toThrow(/^GITHUB_TOKEN is not set/);
  expect(() => gitHubAccess({ GITHUB_TOKEN: "x", GITHUB_REPOSITORY: "a/b/../c" })).toThrow(
    /write "owner\/name"/,
  );
  expect(gitHubAccess({ GITHUB_TOKEN: "x", GITHUB_REPOSITORY: "a/b" })).toEqual({
    ...{ api: "https://api.github.com", repository: "a/b", token: "x" },
  });
});

test("a comment is found behind many others, on the third page, and written anew in place", async () => {
  for (let at = 0; at < 230; at++)
    await client(gitHubTokens.person).putComment(7, `remark ${at}`, `remark ${at}`);
  server.asked.length = 0;
  expect(await client().putComment(7, marker, `${marker}\none`)).toBe("created");
  expect(await client().putComment(7, marker, `${marker}\ntwo`)).toBe("updated");
  expect(await client().putComment(7, marker, `${marker}\ntwo`)).toBe("unchanged");
  expect(server.comments.get(7)!.filter(({ body }) => body.startsWith(marker))).toEqual([
    { id: 231, body: `${marker}\ntwo`, user: { login: "github-actions[bot]" } },
  ]);
  expect(server.asked.filter((one) => one.startsWith("GET issues/7/comments"))).toHaveLength(9);
});

test("a comment with our marker that another wrote is neither changed nor believed; a second one of ours goes", async () => {
  await client(gitHubTokens.person).putComment(7, marker, `${marker}\nall is well`);
  expect(await client().ownComments(7, marker)).toEqual([]);
  await client().putComment(7, marker, `${marker}\none`);
  server.comments.get(7)!.push({ id: 99, body: `${marker}\ntwin`, user: { login: "github-actions[bot]" } });
  expect(await client().putComment(7, marker, `${marker}\ntwo`)).toBe("updated");
  expect(server.comments.get(7)!.map(({ body, user }) => [user?.login, body.split("\n")[1]])).toEqual([
    ["wang", "all is well"],
    ["github-actions[bot]", "two"],
  ]);
});

test("an issue is opened, written anew, closed and opened again under one number", async () => {
  const { number } = await client().putIssue(marker, "Drift of demo", `${marker}\none`);
  expect(await client().putIssue(marker, "Drift of demo", `${marker}\ntwo`)).toMatchObject({ number });
  await client().closeIssue(number, "nothing drifts any more");
  expect(server.issues).toMatchObject([{ number, state: "closed", body: `${marker}\ntwo` }]);
  expect(await client().putIssue(marker, "Drift of demo", `${marker}\nthree`)).toMatchObject({ number });
  expect(server.issues).toMatchObject([{ number, state: "open", body: `${marker}\nthree` }]);
});

test("only our own status of a commit counts, and its last", async () => {
  const status = { context: "substation/review", state: "success", description: "a" } as const;
  await client().putStatus("abc", status);
  await client().putStatus("abc", { ...status, description: "b" });
  await client(gitHubTokens.person).putStatus("abc", { ...status, description: "c" });
  expect(await client().ownStatus("abc", "substation/review")).toMatchObject({ description: "b" });
  expect(await client().ownStatus("abd", "substation/review")).toBeUndefined();
});

test("a rate limit is waited for, a question to a server that fails is asked again, and an order is not given twice", async () => {
  server.faults.push({ status: 502 }, { status: 403, headers: { "retry-after": "0" } });
  expect(await client().ownComments(7, marker)).toEqual([]);
  server.faults.push({ status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "0" } });
  await client().putStatus("abc", { context: "c", state: "pending", description: null });
  server.faults.push({ status: 502 });
  server.asked.length = 0;
  await expect(
    client().putStatus("abc", { context: "c", state: "pending", description: null }),
  ).rejects.toThrow("GitHub answered POST /repos/trade/substations/statuses/abc with 502: on order");
  expect(server.asked).toEqual(["POST statuses/abc"]);
  server.faults.push({ status: 429, headers: { "retry-after": "3600" } });
  await expect(client(gitHubTokens.person).ownComments(7, marker)).rejects.toThrow("with 429");
});

test("a token that may not write, or is unknown, is an error with GitHub's words and without the token", async () => {
  const forked = client(gitHubTokens.fork).putComment(7, marker, marker);
  await expect(forked).rejects.toThrow(GitHubError);
  await expect(forked).rejects.toThrow("with 403: Resource not accessible by integration");
  const unknown = await client("secret-token")
    .putComment(7, marker, marker)
    .catch((error: unknown) => error);
  expect(String(unknown)).toContain("with 401: Bad credentials");
  expect(JSON.stringify(unknown) + String(unknown)).not.toContain("secret-token");
});

test("the token goes to no other server", async () => {
  const link = '<https://elsewhere.example/2>; rel="next"';
  server.faults.push({ status: 200, headers: { link }, body: [] });
  await expect(client().pullRequestsOf("abc")).rejects.toThrow("https://elsewhere.example/2");
});
