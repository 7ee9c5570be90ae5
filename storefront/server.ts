import type { IncomingMessage, ServerResponse } from "node:http";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { watchAdapters } from "./adapters";
import { openCashier } from "./cashier";
import { openChannel } from "./channels/open";
import type { OpenChannel } from "./channels/types";
import type { ServerSecrets, StorefrontConfig } from "./config";
import {
  type Answer,
  closeWithin,
  Gone,
  http,
  listen,
  page,
  type Route,
  route,
  text,
  TooLarge,
} from "./http";
import { type Log, reason } from "./log";
import { Metrics } from "./metrics";
import * as pages from "./pages";
import { openChannels } from "./payments";
import { shopRoutes } from "./routes";
import { openShop, type Shop, Unavailable } from "./shop";
import { startSweep } from "./sweep";

export interface ServeOptions {
  /** Port of the shop. @default 8080 */
  readonly port?: number;
  /** Port of the metrics, which no ingress routes. @default 9090 */
  readonly operationsPort?: number;
  /** Milliseconds to serve on after `drain`, while the ingress learns that this container goes. @default 3000 */
  readonly drainMilliseconds?: number;
  /** Milliseconds that requests then have to finish. @default 5000 */
  readonly finishMilliseconds?: number;
  /** Milliseconds until payments that are under way are looked after for the first time. @default 15000 */
  readonly sweepMilliseconds?: number;
  /** @default the kinds of `channels/` */
  readonly openChannel?: OpenChannel;
}

export interface RunningServer {
  readonly port: number;
  readonly operationsPort: number;
  /** Health answers 503 at once; resolves when every request that was accepted has been answered. */
  drain(): Promise<void>;
}

/** Serves the shop and its operations port. Answers from the start, also while the database is away. */
export async function serve(
  config: StorefrontConfig,
  secrets: Pick<ServerSecrets, "channels">,
  pool: Pool,
  log: Log,
  options: ServeOptions = {},
): Promise<RunningServer> {
  const metrics = new Metrics();
  const shop = openShop(pool, config, log);
  const adapters = watchAdapters(config.channels, log);
  const open = options.openChannel ?? openChannel;
  const channels = openChannels(config, secrets.channels, open, (id) => adapters.up(id));
  const cashier = openCashier(pool, channels, metrics, log, () => sweep.wake());
  const sweep = startSweep(pool, channels, cashier, log, options.sweepMilliseconds);
  let draining = false;

  const probes: Route[] = [
    {
      name: "/healthz",
      path: /^\/healthz$/,
      methods: page,
      answer: () => (draining ? text(503, "draining\n") : text(200, "ok\n")),
    },
    {
      name: "/readyz",
      path: /^\/readyz$/,
      methods: page,
      answer: () =>
        draining
          ? text(503, "draining\n")
          : shop.ready().then(
              () => (adapters.opened() ? text(200, "ready\n") : text(503, "adapters\n")),
              () => text(503, "database\n"), // the reason is in the log; this is readable by everybody
            ),
    },
  ];
  const exposition: Route = {
    name: "/metrics",
    path: /^\/metrics$/,
    methods: page,
    answer: () =>
      text(200, metrics.render(pool, adapters.states()), "text/plain; version=0.0.4; charset=utf-8"),
  };

  const common = securityHeaders(config);
  const answering = (routes: readonly Route[]) => (req: IncomingMessage, res: ServerResponse) => {
    const send = async (): Promise<void> => {
      const started = performance.now();
      const found = route(req, routes);
      const answer = await choose(config, found).catch((error: unknown) =>
        failed(config, shop, log, found?.route.name ?? "other", error),
      );
      if (draining) res.shouldKeepAlive = false; // its next request goes to another container
      res.writeHead(answer.status, {
        ...common,
        "content-type": answer.type ?? "text/html; charset=utf-8",
        "content-length": Buffer.byteLength(answer.body),
        ...answer.headers,
      });
      res.end(req.method === "HEAD" ? undefined : answer.body);
      metrics.request(found?.route.name ?? "other", answer.status, (performance.now() - started) / 1000);
    };
    // One answer that cannot be written, a header with a strange character say, must not end the process.
    send().catch((error: unknown) => {
      log("error", "an answer could not be sent", reason(error));
      res.destroy();
    });
  };

  const counter = { config, pool, shop, channels, cashier, sweep, metrics, log };
  const operations = http(answering([exposition, ...probes]));
  const shopfront = http(answering([...probes, ...shopRoutes(counter)]));
  const operationsPort = await listen(operations, options.operationsPort ?? 9090);
  const port = await listen(shopfront, options.port ?? 8080);

  return {
    port,
    operationsPort,
    async drain() {
      draining = true;
      sweep.stop();
      adapters.stop();
      await sleep(options.drainMilliseconds ?? 3000);
      const cut = await closeWithin(options.finishMilliseconds ?? 5000, shopfront, operations);
      if (cut) log("warn", "requests that took too long were cut off");
      await pool.end();
    },
  };
}

async function choose(config: StorefrontConfig, found: ReturnType<typeof route>): Promise<Answer> {
  if (!found) return { status: 404, body: pages.notFoundPage(config) };
  const { methods, answer } = found.route;
  if ((methods as readonly string[]).includes(found.visit.method)) return answer(found.visit);
  // Closed, because what a refused request goes on to send is not read.
  return {
    status: 405,
    body: pages.methodPage(config),
    headers: { allow: methods.join(", "), connection: "close" },
  };
}

/** While the database is away every page that needs it is under maintenance, and one line in the log has said so. */
async function failed(
  config: StorefrontConfig,
  shop: Shop,
  log: Log,
  path: string,
  error: unknown,
): Promise<Answer> {
  if (error instanceof TooLarge)
    return { status: 413, body: pages.tooLargePage(config), headers: { connection: "close" } };
  // The visitor's doing, and no fault of the shop's: only the metrics see it.
  if (error instanceof Gone) return { status: 400, body: "", headers: { connection: "close" } };
  const away =
    error instanceof Unavailable ||
    (await shop.ready().then(
      () => false,
      () => true,
    ));
  if (away) return { status: 503, body: pages.maintenancePage(config), headers: { "retry-after": "5" } };
  log("error", "a request failed", { path, ...reason(error) });
  return { status: 500, body: pages.failurePage(config) };
}

const securityHeaders = (config: StorefrontConfig): Record<string, string> => ({
  "cache-control": "no-store",
  "content-security-policy": pages.contentSecurityPolicy(config),
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // Browsers ignore both by http, the second with a complaint on every page.
  ...(config.url.startsWith("https:")
    ? { "strict-transport-security": "max-age=31536000", "cross-origin-opener-policy": "same-origin" }
    : {}),
  "x-substation-instance": hostname(), // tells two containers of one shop apart, in tests and in complaints
});
