import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../config/error";

/** A repository on GitHub, or on a server that speaks as GitHub does, by its REST API. */
export interface GitHubAccess {
  /** Base URL, without a slash at its end. */
  readonly api: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
}

/** Characters that GitHub takes in a comment, or in the text of an issue. */
export const longestText = 65_536;

/**
 * What a workflow of GitHub gives its steps.
 * @throws UserError where a part of it is missing
 */
export function gitHubAccess(env: NodeJS.ProcessEnv): GitHubAccess {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: api } = env;
  if (!token || !repository)
    throw new UserError(
      `${token ? "GITHUB_REPOSITORY" : "GITHUB_TOKEN"} is not set: nothing can be written to GitHub. In a workflow give the step \`env: GITHUB_TOKEN: \${{ github.token }}\`; elsewhere set GITHUB_TOKEN, GITHUB_REPOSITORY ("owner/name") and, for a server of your own, GITHUB_API_URL.`,
    );
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new UserError(`GITHUB_REPOSITORY is ${JSON.stringify(repository)}: write "owner/name".`);
  return { api: (api ?? "https://api.github.com").replace(/\/+$/, ""), repository, token };
}

/** An answer that is no success. */
export class GitHubError extends Error {
  override readonly name = "GitHubError";
  constructor(
    readonly status: number,
    what: string,
    said: string,
  ) {
    super(`GitHub answered ${what} with ${status}: ${said}`);
  }
}

interface User {
  readonly login: string;
}

export interface Comment {
  readonly id: number;
  readonly body: string;
  readonly user: User | null;
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "closed";
  readonly user: User | null;
  /** Pull requests are issues too. */
  readonly pull_request?: object;
}

export interface PullRequest {
  readonly number: number;
  readonly merged_at: string | null;
  readonly merge_commit_sha: string | null;
  readonly head: { readonly sha: string };
}

export interface CommitStatus {
  readonly context: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly description: string | null;
  readonly creator: User | null;
}

/** Waits that are asked for are obeyed up to this: a workflow is billed by the minute. */
const longestWaitSeconds = 120;
const tries = 4;

/**
 * The calls that comments on pull requests, issues about drift and deployments need. What we wrote is found by a marker in its first line and by its author, since anybody
 * may write a comment with our marker in it.
 */
export class GitHub {
  #login: Promise<string> | undefined;

  constructor(private readonly access: GitHubAccess) {}

  /** Writes our comment with this marker anew, or a first one. @param marker first line of the body */
  async putComment(
    issue: number,
    marker: string,
    body: string,
  ): Promise<"created" | "updated" | "unchanged"> {
    const [found, ...others] = await this.ownComments(issue, marker);
    // Two runs that began at once may both have written a first one.
    for (const { id } of others) await this.#send("DELETE", `issues/comments/${id}`);
    if (!found) {
      await this.#send("POST", `issues/${issue}/comments`, { body });
      return "created";
    }
    if (found.body === body) return "unchanged";
    await this.#send("PATCH", `issues/comments/${found.id}`, { body });
    return "updated";
  }

  /** Ours with this marker, oldest first. */
  async ownComments(issue: number, marker: string): Promise<Comment[]> {
    return await this.#own<Comment>(`issues/${issue}/comments`, marker);
  }

  /** Opens an issue, or writes ours with this marker anew; one that was closed is opened again. @param marker first line of the body */
  async putIssue(marker: string, title: string, body: string): Promise<{ readonly number: number }> {
    const [found] = (await this.ownIssues(marker)).sort((a, b) => b.number - a.number);
    if (!found) return await this.#send<Issue>("POST", "issues", { title, body });
    if (found.body !== body || found.title !== title || found.state !== "open")
      await this.#send("PATCH", `issues/${found.number}`, { title, body, state: "open" });
    return found;
  }

  /** Ours with this marker, open and closed. */
  async ownIssues(marker: string): Promise<Issue[]> {
    const found = await this.#own<Issue>("issues?state=all", marker);
    return found.filter((issue) => !issue.pull_request);
  }

  /** Writes a last comment, and closes the issue. */
  async closeIssue(number: number, why: string): Promise<void> {
    await this.#send("POST", `issues/${number}/comments`, { body: why });
    await this.#send("PATCH", `issues/${number}`, { state: "closed", state_reason: "completed" });
  }

  /** The pull requests that a commit came with. */
  async pullRequestsOf(commit: string): Promise<PullRequest[]> {
    return await this.#list<PullRequest>(`commits/${commit}/pulls`);
  }

  /** @param description at most 140 characters */
  async putStatus(
    commit: string,
    status: Pick<CommitStatus, "context" | "state" | "description">,
  ): Promise<void> {
    await this.#send("POST", `statuses/${commit}`, status);
  }

  /** The last status that we gave a commit in a context. */
  async ownStatus(commit: string, context: string): Promise<CommitStatus | undefined> {
    const [login, all] = await Promise.all([
      this.#ownLogin(),
      this.#list<CommitStatus>(`commits/${commit}/statuses`),
    ]);
    return all.find((status) => status.context === context && status.creator?.login === login);
  }

  async #own<T extends { readonly body: string | null; readonly user: User | null }>(
    path: string,
    marker: string,
  ): Promise<T[]> {
    const [login, all] = await Promise.all([this.#ownLogin(), this.#list<T>(path)]);
    return all.filter(
      ({ body, user }) => user?.login === login && body?.split("\n", 1)[0]?.trim() === marker,
    );
  }

  /** Whose token it is. That of a workflow belongs to an app, which may not ask. */
  #ownLogin(): Promise<string> {
    this.#login ??= this.#call("GET", `${this.access.api}/user`).then(
      async (answer) => ((await answer.json()) as User).login,
      (error: unknown) => {
        if (error instanceof GitHubError && error.status === 403) return "github-actions[bot]";
        throw error;
      },
    );
    return this.#login;
  }

  async #list<T>(path: string): Promise<T[]> {
    const all: T[] = [];
    let next: string | undefined = this.#url(`${path}${path.includes("?") ? "&" : "?"}per_page=100`);
    while (next !== undefined) {
      const answer = await this.#call("GET", next);
      all.push(...((await answer.json()) as T[]));
      next = nextPage(answer.headers.get("link"));
      // The token goes to nobody else.
      if (next !== undefined && new URL(next).origin !== new URL(this.access.api).origin)
        throw new Error(`GitHub's next page is on another server: ${next}`);
    }
    return all;
  }

  async #send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<T> {
    const answer = await this.#call(method, this.#url(path), body);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  readonly #url = (path: string): string => `${this.access.api}/repos/${this.access.repository}/${path}`;

  /** Tries again what was certainly not done: what the rate limit refused, and questions of any kind. */
  async #call(method: string, url: string, body?: object): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const { answer, error } = await this.#once(method, url, body);
      if (answer?.ok) return answer;
      const wait = answer
        ? waitSeconds(answer, method, attempt)
        : method === "GET"
          ? 2 ** (attempt - 1)
          : undefined;
      if (wait === undefined || wait > longestWaitSeconds || attempt === tries) {
        if (answer) throw await errorOf(answer, `${method} ${new URL(url).pathname}`);
        throw new Error(`GitHub does not answer at ${new URL(url).origin}: ${reason(error)}`, {
          cause: error,
        });
      }
      await answer?.body?.cancel();
      await sleep(wait * 1000);
    }
  }

  async #once(
    method: string,
    url: string,
    body: object | undefined,
  ): Promise<{ readonly answer?: Response; readonly error?: unknown }> {
    try {
      const answer = await fetch(url, {
        method,
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Bearer ${this.access.token}`,
          "x-github-api-version": "2022-11-28",
          "user-agent": "substation",
          ...(body ? { "content-type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        redirect: "error",
        signal: AbortSignal.timeout(30_000),
      });
      return { answer };
    } catch (error) {
      return { error };
    }
  }
}

/** Seconds after which the same may be asked again; undefined where it would be answered in the same way. */
function waitSeconds({ status, headers }: Response, method: string, attempt: number): number | undefined {
  const after = headers.get("retry-after");
  if (status === 429 || status === 403) {
    if (after !== null) return Number(after);
    if (headers.get("x-ratelimit-remaining") === "0")
      return Math.max(0, Number(headers.get("x-ratelimit-reset")) - Date.now() / 1000);
    return status === 429 ? 60 : undefined;
  }
  return status >= 500 && method === "GET" ? 2 ** (attempt - 1) : undefined;
}

async function errorOf(answer: Response, what: string): Promise<GitHubError> {
  const text = await answer.text();
  let said = text;
  try {
    said = (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    // A proxy on the way answers with a page: its text will do.
  }
  return new GitHubError(answer.status, what, said.slice(0, 300));
}

const reason = (error: unknown): string =>
  error instanceof Error
    ? [error.message, (error.cause as Error | undefined)?.message].filter(Boolean).join(": ")
    : String(error);

/** `<https://…?page=2>; rel="next", <…>; rel="last"` */
const nextPage = (link: string | null): string | undefined => /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
