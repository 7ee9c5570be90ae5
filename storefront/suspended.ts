import type { StorefrontConfig } from "./config";
import type { Answer, Route } from "./http";
import * as pages from "./pages";

/** Seconds after which a visitor may look again: nobody knows how long it takes. */
const retryAfter = { "retry-after": "3600" };

/** What goes on: money that is under way is taken, and who has paid finds the way to his order. */
const kept = new Set(["/pay/:channel/notify", "/pay/:channel/return"]);

/**
 * The same routes of a shop that is suspended: every page says so with 503, an order's page above the order and what was delivered for it. Nothing can be ordered, and no
 * payment started: such a form is not even read.
 */
export function whileSuspended(config: StorefrontConfig, routes: readonly Route[]): readonly Route[] {
  const closed = (headers: Record<string, string> = {}): Answer => ({
    status: 503,
    body: pages.suspendedPage(config),
    headers: { ...retryAfter, ...headers },
  });
  const suspended = (route: Route): Route => {
    if (kept.has(route.name)) return route;
    if (route.name === "/orders/:token")
      return { ...route, answer: async (visit) => unavailable(await route.answer(visit)) };
    const refusesForms = route.methods.includes("POST");
    return { ...route, answer: () => closed(refusesForms ? { connection: "close" } : {}) };
  };
  const others: Route = {
    name: "other",
    path: /^/,
    methods: ["GET", "HEAD", "POST"],
    answer: () => closed({ connection: "close" }),
  };
  return [...routes.map(suspended), others];
}

const unavailable = (answer: Answer): Answer => ({
  ...answer,
  status: answer.status === 200 ? 503 : answer.status,
  headers: { ...answer.headers, ...retryAfter },
});
