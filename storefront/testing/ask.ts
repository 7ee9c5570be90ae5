import { type Agent, request } from "node:http";

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

export interface Asking {
  /** @default GET */
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** @default none: each request has a connection of its own */
  readonly agent?: Agent;
}

/** One request to a server of this machine; no redirect is followed. */
export function ask(
  port: number,
  path: string,
  { method = "GET", headers = {}, body, agent }: Asking = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers, agent: agent ?? false };
    request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
      response.on("error", reject);
    })
      .on("error", reject)
      .end(body);
  });
}
