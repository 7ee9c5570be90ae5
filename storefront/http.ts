import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** @default HTML */
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

/** One request, as a handler sees it. */
export interface Visit {
  readonly method: string;
  /** The parts of the path that the route's pattern has groups for. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The visitor's address as the ingress saw it. */
  readonly ip: string;
  /** At most `limit` bytes. @throws TooLarge, Gone */
  readonly body: (limit: number) => Promise<Buffer>;
}

export interface Route {
  /** Name in the metrics, one of a fixed set. */
  readonly name: string;
  /** Matches the whole path. */
  readonly path: RegExp;
  readonly methods: readonly ("GET" | "HEAD" | "POST")[];
  readonly answer: (visit: Visit) => Answer | Promise<Answer>;
}

/** A body above its limit. The connection must be closed, because the rest of it is not read. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** The visitor hung up, or was too slow, before all was sent. Nobody is there to answer. */
export class Gone extends Error {
  override readonly name = "Gone";
}

export const page: Route["methods"] = ["GET", "HEAD"];

export const text = (status: number, body: string, type = "text/plain; charset=utf-8"): Answer => ({
  status,
  body,
  type,
});

export const seeOther = (location: string, headers: Record<string, string> = {}): Answer => ({
  ...text(303, ""),
  headers: { location, ...headers },
});

/** The visit of the first route whose pattern fits the path. */
export function route(
  req: IncomingMessage,
  routes: readonly Route[],
): { readonly route: Route; readonly visit: Visit } | undefined {
  // A request may name the whole address (RFC 9112, 3.2.2).
  const target = (req.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "");
  const [path = "", ...query] = target.split("?");
  for (const candidate of routes) {
    const match = candidate.path.exec(path || "/");
    if (!match) continue;
    const visit = {
      method: req.method ?? "",
      params: match.slice(1),
      query: new URLSearchParams(query.join("?")),
      headers: req.headers,
      ip: visitor(req),
      body: (limit: number) => readBody(req, limit),
    };
    return { route: candidate, visit };
  }
  return undefined;
}

/** The last address of X-Forwarded-For is the one that the ingress itself has seen; those before it are the visitor's to choose. */
function visitor(req: IncomingMessage): string {
  const forwarded = req.headers["x-forwarded-for"];
  const last = (Array.isArray(forwarded) ? forwarded.join() : (forwarded ?? "")).split(",").at(-1)!.trim();
  return last || (req.socket.remoteAddress ?? "");
}

function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // Not `for await`, which closes the connection when it is left early, and the refusal with it.
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        req.pause();
        reject(new TooLarge(`a body of more than ${limit} bytes`));
      }
    });
    req.on("end", () => resolve(Buffer.concat(chunks)));
    // Node says so by an error, by the end of the connection, or by both.
    const gone = () => reject(new Gone("the visitor went away"));
    req.on("error", gone);
    req.on("close", gone);
  });
}

export function http(listener: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 15_000 },
    listener,
  );
  // Longer than the 90 s that Traefik keeps an idle connection, so that it never sends a request into one that we close.
  server.keepAliveTimeout = 100_000;
  server.maxConnections = 512;
  return server;
}

export async function listen(server: Server, port: number): Promise<number> {
  server.listen(port);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Accepts no more, closes idle connections, waits for busy ones. True when the time was over first. */
export async function closeWithin(milliseconds: number, ...servers: Server[]): Promise<boolean> {
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const over = new AbortController();
  const late = sleep(milliseconds, true, { signal: over.signal }).catch(() => false);
  const cut = await Promise.race([closed.then(() => false), late]);
  over.abort();
  if (cut) for (const server of servers) server.closeAllConnections();
  await closed;
  return cut;
}
