import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { StorefrontConfig } from "./config";
import { type Log, reason } from "./log";
import { Metrics } from "./metrics";
import * as pages from "./pages";
import { openShop } from "./shop";

export interface ServeOptions {
  /** Port of the shop. @default 8080 */
  readonly port?: number;
  /** Port of the metrics, which no ingress routes. @default 9090 */
  readonly operationsPort?: number;
  /** Milliseconds to serve on after `drain`, while the ingress learns that this container goes. @default 3000 */
  readonly drainMilliseconds?: number;
  /** Milliseconds that requests then have to finish. @default 5000 */
  readonly finishMilliseconds?: number;
}

export interface RunningServer {
  readonly port: number;
  readonly operationsPort: number;
  /** Health answers 503 at once; resolves when every request that was accepted has been answered. */
  drain(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** @default HTML */
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

type Handler = () => Answer | Promise<Answer>;

/** Serves the shop and its operations port. Answers from the start, also while the database is away. */
export async function serve(
  config: StorefrontConfig,
  pool: Pool,
  log: Log,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const metrics = new Metrics();
  const shop = openShop(pool, log);
  let draining = false;

  const healthz: Handler = () => (draining ? text(503, "draining\n") : text(200, "ok\n"));
  const readyz: Handler = async () => {
    if (draining) return text(503, "draining\n");
    return shop.ready().then(
      () => text(200, "ready\n"),
      () => text(503, "database\n"), // the reason is in the log; this is readable by everybody
    );
  };
  const home: Handler = () =>
    shop.notices().then(
      (notices) => ({ status: 200, body: pages.homePage(config, notices) }),
      () => ({ status: 503, body: pages.maintenancePage(config), headers: { "retry-after": "5" } }),
    );
  const exposition: Handler = () =>
    text(200, metrics.render(pool), "text/plain; version=0.0.4; charset=utf-8");

  const common = securityHeaders(config);
  const answering = (routes: Record<string, Handler>) => (req: IncomingMessage, res: ServerResponse) => {
    void (async () => {
      const started = performance.now();
      const path = pathOf(req);
      const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
      const answer = await choose(config, req, handler).catch((error: unknown): Answer => {
        log("error", "a request failed", { path, ...reason(error) });
        return { status: 500, body: pages.failurePage(config) };
      });
      if (draining) res.shouldKeepAlive = false; // its next request goes to another container
      res.writeHead(answer.status, {
        ...common,
        "content-type": answer.type ?? "text/html; charset=utf-8",
        "content-length": Buffer.byteLength(answer.body),
        ...answer.headers,
      });
      res.end(req.method === "HEAD" ? undefined : answer.body);
      metrics.request(handler ? path : "other", answer.status, (performance.now() - started) / 1000);
    })();
  };

  const operations = http(answering({ "/metrics": exposition, "/healthz": healthz, "/readyz": readyz }));
  const shopfront = http(answering({ "/": home, "/healthz": healthz, "/readyz": readyz }));
  const operationsPort = await listen(operations, options.operationsPort ?? 9090);
  const port = await listen(shopfront, options.port ?? 8080);

  return {
    port,
    operationsPort,
    async drain() {
      draining = true;
      await sleep(options.drainMilliseconds ?? 3000);
      const cut = await closeWithin(options.finishMilliseconds ?? 5000, shopfront, operations);
      if (cut) log("warn", "requests that took too long were cut off");
      await pool.end();
    },
  };
}

async function choose(
  config: StorefrontConfig,
  req: IncomingMessage,
  handler: Handler | undefined,
): Promise<Answer> {
  if (handler === undefined) return { status: 404, body: pages.notFoundPage(config) };
  if (req.method === "GET" || req.method === "HEAD") return handler();
  // Closed, because what a refused request goes on to send is not read.
  return {
    status: 405,
    body: pages.methodPage(config),
    headers: { allow: "GET, HEAD", connection: "close" },
  };
}

function http(listener: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const server = createServer(
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 15_000 },
    listener,
  );
  // Longer than the 90 s that Traefik keeps an idle connection, so that it never sends a request into one that we close.
  server.keepAliveTimeout = 100_000;
  server.maxConnections = 512;
  return server;
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Accepts no more, closes idle connections, waits for busy ones. True when the time was over first. */
async function closeWithin(milliseconds: number, ...servers: Server[]): Promise<boolean> {
  const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const over = new AbortController();
  const late = sleep(milliseconds, true, { signal: over.signal }).catch(() => false);
  const cut = await Promise.race([closed.then(() => false), late]);
  over.abort();
  if (cut) for (const server of servers) server.closeAllConnections();
  await closed;
  return cut;
}

/** The path alone; a request may name the whole address (RFC 9112, 3.2.2). */
const pathOf = (req: IncomingMessage): string =>
  (req.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "").split("?", 1)[0] || "/";

const text = (status: number, body: string, type = "text/plain; charset=utf-8"): Answer => ({
  status,
  body,
  type,
});

const securityHeaders = (config: StorefrontConfig): Record<string, string> => ({
  "cache-control": "no-store",
  "content-security-policy": pages.contentSecurityPolicy,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  ...(config.url.startsWith("https:") ? { "strict-transport-security": "max-age=31536000" } : {}),
  "x-substation-instance": hostname(), // tells two containers of one shop apart, in tests and in complaints
});
