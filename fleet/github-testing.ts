import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Comment, CommitStatus, Issue, PullRequest } from "./github";

/** A server for tests that answers as GitHub's REST API does, as far as it is used here. */
export interface GitHubServer {
  readonly api: string;
  readonly repository: string;
  /** By number. */
  readonly comments: Map<number, Comment[]>;
  readonly issues: Issue[];
  /** By commit. */
  readonly pulls: Map<string, PullRequest[]>;
  /** By commit, newest first. */
  readonly statuses: Map<string, CommitStatus[]>;
  /** `PATCH issues/comments/3`, in the order of their coming. */
  readonly asked: string[];
  /** Answers that come before any other, one for each request. */
  readonly faults: Fault[];
  end(): Promise<void>;
}

export interface Fault extends Answer {
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** Tokens, and who they belong to. That of a workflow may not ask who it is, and that of a fork's may only read. */
export const gitHubTokens = {
  workflow: "ghs_workflow-token-0123456789",
  person: "ghp_person-token-0123456789",
  fork: "ghs_fork-token-0123456789",
} as const;

const loginOf: Readonly<Record<string, string>> = {
  [gitHubTokens.workflow]: "github-actions[bot]",
  [gitHubTokens.person]: "wang",
  [gitHubTokens.fork]: "github-actions[bot]",
};

const missing: Answer = { status: 404, body: { message: "Not Found" } };
const refused: Answer = { status: 403, body: { message: "Resource not accessible by integration" } };
const tooLong: Answer = {
  status: 422,
  body: { message: "Validation Failed: body is too long (maximum is 65536 characters)" },
};

export async function startGitHubServer(): Promise<GitHubServer> {
  const repository = "trade/substations";
  const comments = new Map<number, Comment[]>();
  const issues: Issue[] = [];
  const pulls = new Map<string, PullRequest[]>();
  const statuses = new Map<string, CommitStatus[]>();
  const asked: string[] = [];
  const faults: GitHubServer["faults"] = [];
  let last = 0;

  const server = http.createServer((request, response) => {
    void text(request).then((sent) => {
      const url = new URL(request.url ?? "", api);
      const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
      const path = url.pathname.replace(`/repos/${repository}/`, "");
      asked.push(`${request.method ?? ""} ${path}`);
      const fault = faults.shift();
      if (fault) return send({ body: { message: "on order" }, ...fault }, fault.headers);
      if (!(token in loginOf)) return send({ status: 401, body: { message: "Bad credentials" } });
      const body = (sent === "" ? {} : JSON.parse(sent)) as Record<string, string>;
      const found = answer(request.method ?? "", path, url, token, body);
      const page = Number(url.searchParams.get("page") ?? 1);
      const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
      if (!Array.isArray(found.body)) return send(found);
      const more = found.body.length > page * size;
      url.searchParams.set("page", String(page + 1));
      send(
        { ...found, body: found.body.slice((page - 1) * size, page * size) as unknown },
        more ? { link: `<${url.href}>; rel="next", <${url.href}>; rel="last"` } : {},
      );
    });

    function send({ status, body }: Answer, headers: Readonly<Record<string, string>> = {}): void {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    }
  });

  function answer(
    method: string,
    path: string,
    url: URL,
    token: string,
    body: Readonly<Record<string, string>>,
  ): Answer {
    const user = { login: loginOf[token]! };
    if (path === "/user") return token.startsWith("ghs_") ? refused : { status: 200, body: user };
    if (method !== "GET" && token === gitHubTokens.fork) return refused;
    if ((body["body"]?.length ?? 0) > 65_536) return tooLong;
    const [first = "", second = "", third = ""] = path.split("/");
    switch (`${method} ${path.replace(/\/[0-9a-f]+(?=\/|$)/g, "/*")}`) {
      case "GET issues/*/comments":
        return { status: 200, body: comments.get(Number(second)) ?? [] };
      case "POST issues/*/comments": {
        const made = { id: ++last, body: body["body"]!, user };
        comments.set(Number(second), [...(comments.get(Number(second)) ?? []), made]);
        return { status: 201, body: made };
      }
      case "PATCH issues/comments/*":
      case "DELETE issues/comments/*": {
        const found = [...comments].find(([, list]) => list.some(({ id }) => id === Number(third)));
        if (!found) return missing;
        const changed = found[1].flatMap((comment) =>
          comment.id !== Number(third) ? comment : method === "DELETE" ? [] : { ...comment, ...body },
        );
        comments.set(found[0], changed);
        return method === "DELETE" ? { status: 204 } : { status: 200, body: {} };
      }
      case "GET issues": {
        const state = url.searchParams.get("state") ?? "open";
        return { status: 200, body: issues.filter((issue) => state === "all" || issue.state === state) };
      }
      case "POST issues":
        issues.push({ number: ++last, title: body["title"]!, body: body["body"]!, state: "open", user });
        return { status: 201, body: issues.at(-1) };
      case "PATCH issues/*": {
        const at = issues.findIndex(({ number }) => number === Number(second));
        if (at === -1) return missing;
        issues[at] = { ...issues[at]!, ...body };
        return { status: 200, body: issues[at] };
      }
      case "GET commits/*/pulls":
        return { status: 200, body: pulls.get(second) ?? [] };
      case "GET commits/*/statuses":
        return { status: 200, body: statuses.get(second) ?? [] };
      case "POST statuses/*": {
        const status = { ...body, creator: user } as unknown as CommitStatus;
        if ((status.description?.length ?? 0) > 140)
          return { status: 422, body: { message: "description is too long" } };
        statuses.set(second, [status, ...(statuses.get(second) ?? [])]);
        return { status: 201, body: status };
      }
      default:
        return { ...missing, body: { message: `Not Found: ${method} ${first}` } };
    }
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ api, repository, comments, issues, pulls, statuses, asked, faults },
    end: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
