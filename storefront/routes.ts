import type { Pool } from "pg";
import type { Cashier } from "./cashier";
import { chooseChannels } from "./choice";
import type { PlainChannel, StorefrontConfig } from "./config";
import { delivered } from "./delivery";
import { type Answer, page, type Route, seeOther, type Visit } from "./http";
import { type Log, reason } from "./log";
import type { Metrics } from "./metrics";
import { createOrder, findOrder, type Order, orderMinutes } from "./orders";
import * as pages from "./pages";
import { type Channels, offers, paymentsOf, startPayment } from "./payments";
import { RateBound } from "./rate";
import type { Shop } from "./shop";
import * as shopPages from "./shop-pages";
import { whileSuspended } from "./suspended";
import type { Sweep } from "./sweep";

/** Bytes of a form of ours, and of what a gateway posts. */
const [formLimit, notifyLimit] = [4096, 65_536];

export interface Counter {
  readonly config: StorefrontConfig;
  readonly pool: Pool;
  readonly shop: Shop;
  readonly channels: Channels;
  readonly cashier: Cashier;
  readonly sweep: Sweep;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** What customers and gateways may ask of the shop. */
export function shopRoutes(counter: Counter): readonly Route[] {
  const { config, pool, shop, channels, cashier } = counter;
  const html = (body: string, status = 200): Answer => ({ status, body });
  const front = async (): Promise<pages.Front> => ({ ...config, links: await shop.links() });
  const notFound = (): Answer => html(pages.notFoundPage(config), 404);
  const bound = new RateBound(20, 3000, 10); // orders and starts of payments: 20 at once and 20 a minute, ten times that for all

  /** A handler for a form that was sent from a page of ours. */
  const form =
    (submit: (fields: URLSearchParams, visit: Visit) => Promise<Answer>) =>
    async (visit: Visit): Promise<Answer> => {
      if (!ownForm(visit, config)) return refused(403, pages.foreignPage(config));
      if (!bound.take(visit.ip)) return refused(429, pages.tooManyPage(config), { "retry-after": "60" });
      return submit(new URLSearchParams((await visit.body(formLimit)).toString("utf8")), visit);
    };

  /** @param failed the channel that could not start a payment just now; where there is another of its sort, that one is shown */
  const showOrder = async (order: Order, status = 200, fault?: string, failed?: string): Promise<Answer> => {
    const payments = await paymentsOf(pool, order.id);
    const usable = await offers(pool, order, channels.working(), payments);
    const view = {
      order,
      payments,
      offers: chooseChannels(order.token, usable, failed),
      codes: payments.flatMap(({ channel, codeUrl }) =>
        codeUrl !== null && usable.some(({ id }) => id === channel) ? [codeUrl] : [],
      ),
      delivered: order.state === "delivered" ? await delivered(pool, order.id) : undefined,
    };
    return html(shopPages.orderPage(await front(), fault === undefined ? view : { ...view, fault }), status);
  };

  async function order(fields: URLSearchParams): Promise<Answer> {
    const goods = (await shop.catalog()).find(({ id }) => id === fields.get("goods"));
    if (!goods) return notFound();
    if (fields.get("quantity") !== "1") return html(pages.methodPage(config), 400);
    const contact = (fields.get("contact") ?? "").trim();
    if (!new RegExp(`^(?:${goods.module.contact.pattern})$`).test(contact))
      return html(shopPages.goodsPage(await front(), goods, contact.slice(0, 130)), 422);
    return seeOther(`/orders/${await createOrder(pool, goods, contact)}`);
  }

  async function pay(fields: URLSearchParams, visit: Visit): Promise<Answer> {
    const order = await findOrder(pool, visit.params[0]!);
    if (!order) return notFound();
    const here = `/orders/${order.token}`;
    if (order.state !== "open" || order.expired) return seeOther(here); // its page says so
    const usable = await offers(pool, order, channels.working(), await paymentsOf(pool, order.id));
    const channel = usable.find(({ id }) => id === fields.get("channel")); // also one that the page did not choose
    if (!channel) return showOrder(order, 409, "这个支付方式目前不能用于本订单，请另选一个。");
    try {
      const start = await startPayment(pool, channels, order, channel, visit.ip);
      if (!start) return seeOther(here);
      counter.metrics.payment(channel.id, "started");
      counter.sweep.wake();
      return seeOther(start.kind === "redirect" ? start.url : here, {
        "set-cookie": returnCookie(channel, order.token),
      });
    } catch (error) {
      counter.metrics.payment(channel.id, "start-failed");
      counter.log("error", "a payment could not be started", { channel: channel.id, ...reason(error) });
      return showOrder(order, 502, "支付通道暂时没有响应，请稍后再试或另选一个。", channel.id);
    }
  }

  async function notify(visit: Visit): Promise<Answer> {
    const channel = channels.find(visit.params[0]!);
    if (!channel) {
      counter.metrics.notify("none", "unknown-channel"); // one that was taken out of the file while payments were under way
      return notFound();
    }
    const { method, query, headers } = visit;
    const body = method === "POST" ? await visit.body(notifyLimit) : Buffer.alloc(0);
    const single = Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join() : value,
    ]);
    const request = { method, query, body, headers: Object.fromEntries(single) as Record<string, string> };
    return cashier.notify(channel, request);
  }

  const routes: readonly Route[] = [
    {
      name: "/",
      path: /^\/$/,
      methods: page,
      answer: async () => html(shopPages.homePage(await front(), await shop.notices(), await shop.catalog())),
    },
    {
      name: "/pages/:slug",
      path: /^\/pages\/([a-z0-9-]{1,40})$/,
      methods: page,
      answer: async ({ params }) => {
        const found = await shop.page(params[0]!);
        return found ? html(shopPages.ownPage(await front(), found)) : notFound();
      },
    },
    {
      name: "/goods/:id",
      path: /^\/goods\/([1-9][0-9]{0,17})$/,
      methods: page,
      answer: async ({ params }) => {
        const goods = (await shop.catalog()).find(({ id }) => id === params[0]);
        return goods ? html(shopPages.goodsPage(await front(), goods)) : notFound();
      },
    },
    { name: "/orders", path: /^\/orders$/, methods: ["POST"], answer: form(order) },
    {
      name: "/orders/:token",
      path: /^\/orders\/([0-9a-f]{32})$/,
      methods: page,
      answer: async ({ params }) => {
        const order = await findOrder(pool, params[0]!);
        return order ? showOrder(order) : notFound();
      },
    },
    {
      name: "/orders/:token/pay",
      path: /^\/orders\/([0-9a-f]{32})\/pay$/,
      methods: ["POST"],
      answer: form(pay),
    },
    {
      name: "/pay/:channel/notify",
      path: /^\/pay\/([a-z0-9-]{2,20})\/notify$/,
      methods: ["GET", "POST"],
      answer: notify,
    },
    {
      name: "/pay/:channel/return",
      path: /^\/pay\/([a-z0-9-]{2,20})\/return$/,
      methods: page,
      answer: ({ headers }) => {
        const token = /(?:^|;\s*)order=([0-9a-f]{32})(?:;|$)/.exec(headers.cookie ?? "")?.[1];
        return token ? seeOther(`/orders/${token}`) : html(pages.returnPage(config));
      },
    },
  ];
  return config.suspended ? whileSuspended(config, routes) : routes;
}

/** Without reading what it sent, so its connection must not be used again. */
const refused = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers: { connection: "close", ...headers },
});

/** Browsers say where a form comes from in one of these; what says neither is no browser, and nobody's session can be misused by it. */
function ownForm({ headers }: Visit, config: StorefrontConfig): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  if (headers.origin !== undefined && headers.origin !== new URL(config.url).origin) return false;
  return /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
}

/** Leads the buyer's browser from the return URL, which the gateway knows, to the order's page, which it must not know. */
const returnCookie = (channel: PlainChannel, token: string): string =>
  `order=${token}; Path=${new URL(channel.returnUrl).pathname}; Max-Age=${orderMinutes * 60}; HttpOnly; SameSite=Lax` +
  (channel.returnUrl.startsWith("https:") ? "; Secure" : "");
