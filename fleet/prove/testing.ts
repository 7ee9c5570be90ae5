import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import type { ChannelSpec } from "../../config/channels/types";
import type { Goods as ShopGoods } from "../../storefront/catalog";
import type { PlainChannel, StorefrontConfig } from "../../storefront/config";
import { modules } from "../../storefront/modules";
import type { Order } from "../../storefront/orders";
import { homePage, goodsPage, orderPage } from "../../storefront/shop-pages";
import { Visitor } from "./visitor";

export const host = "mengxiang.substation.test";

/** Misbehaviour on order; what is absent is well. */
export interface Faults {
  /** What an answer is replaced by, by method and path. */
  readonly instead?: (
    method: string,
    path: string,
  ) => readonly [status: number, body: string, headers?: object] | undefined;
  /** What becomes of an order when its payment is made. @default delivered */
  readonly paid?: "delivered" | "paid" | "open" | "held";
  /** The gateway's page has no button. */
  readonly noButton?: boolean;
  /** Where the payment begins. @default the gateway of the same test */
  readonly gateway?: string;
  /** Channels that cannot take an order's money: 409. */
  readonly refuses?: readonly string[];
}

export interface TestBed {
  readonly home: URL;
  readonly visitor: Visitor;
  /** Base URL of the gateways. */
  readonly sandboxGateway: string;
  /** What was asked for, method and path, tokens as `*`. */
  readonly asked: string[];
  readonly contacts: string[];
  faults: Faults;
  end(): Promise<void>;
}

/** A shop with the pages of ours, and a gateway, both without anything behind them: every fault of theirs can be had, and every request is seen. */
export async function testBed(
  channels: readonly ChannelSpec[],
  on: readonly string[] = ["gameCards"],
): Promise<TestBed> {
  const plain = channels.map((channel) => ({ ...channel }) as Partial<PlainChannel> as PlainChannel);
  const config = {
    title: "梦想",
    host,
    modules: Object.fromEntries(on.map((name) => [name, { enabled: true, categories: [] }])),
    channels: plain,
  } as Partial<StorefrontConfig> as StorefrontConfig;
  const goods = modules
    .filter(({ name }) => on.includes(name))
    .map((module, at): ShopGoods => ({
      id: String(at + 1),
      module,
      title: `${module.title} & 样品`,
      description: "",
      categoryTitle: null,
      mainPrice: 900,
      price: 1000 + at,
      stock: { sandbox: true, real: true },
    }));
  const bed = { faults: {} as Faults, asked: [] as string[], contacts: [] as string[] };
  let order: Order | undefined;
  let payment: { channel: string; state: "started" | "paid" | "anomaly"; pressed: boolean } | undefined;
  const token = "0".repeat(31) + "1";
  const outTradeNo = "f".repeat(32);
  const codes = () =>
    payment?.channel.startsWith("wechat") && payment.state === "started" && !payment.pressed;

  const showOrder = (): string =>
    orderPage(config, {
      order: order!,
      payments: payment ? [{ ...payment, sandbox: true, outTradeNo, codeUrl: null }] : [],
      offers: plain.filter(({ enabled }) => enabled).slice(0, 1),
      codes: codes() ? [`weixin://wxpay/bizpayurl?pr=${token}`] : [],
      delivered: order?.state === "delivered" ? { code: "SAMPLE-1" } : undefined,
    });

  type Reply = readonly [status: number, body: string, headers?: object];
  const shop = (method: string, path: string, form: URLSearchParams, instance: string): Reply => {
    const html = { "content-type": "text/html; charset=utf-8", "x-substation-instance": instance };
    switch (`${method} ${path.replace(/\d+$|[0-9a-f]{32}/, "*")}`) {
      case "GET /readyz":
        return [200, "ready\n", { ...html, "content-type": "text/plain" }];
      case "GET /":
        return [200, homePage(config, [], goods), html];
      case "GET /goods/*":
        return [200, goodsPage(config, goods[Number(path.split("/").at(-1)) - 1]!), html];
      case "POST /orders": {
        const article = goods.find(({ id }) => id === form.get("goods"))!;
        bed.contacts.push(form.get("contact") ?? "");
        payment = undefined;
        order = {
          id: "1",
          token,
          goodsId: article.id,
          module: article.module.name,
          title: article.title,
          amount: article.price,
          contact: "",
          state: "open",
          expired: false,
          expiresAt: new Date(),
        };
        return [303, "", { location: `/orders/${token}` }];
      }
      case "GET /orders/*":
        return [200, showOrder(), html];
      case "POST /orders/*/pay": {
        const channel = form.get("channel") ?? "";
        if (bed.faults.refuses?.includes(channel)) return [409, `<p role="alert">不能用于本订单</p>`, html];
        payment = { channel, state: "started", pressed: false };
        const gateway = bed.faults.gateway ?? gatewayUrl();
        return [303, "", { location: codes() ? `/orders/${token}` : `${gateway}/begin?no=${outTradeNo}` }];
      }
      default:
        return /^\/pay\/[a-z0-9-]+\/notify$/.test(path)
          ? [400, "fail", { "content-type": "text/plain" }]
          : [404, "", html];
    }
  };
  const gateway = (method: string, path: string): Reply => {
    if (path === "/begin" || path === "/wechatPay/scan") return [303, "", { location: "/cashier" }];
    if (method === "POST") {
      payment!.pressed = true;
      const paid = bed.faults.paid ?? "delivered";
      if (paid === "held") payment!.state = "anomaly";
      else order = { ...order!, state: paid };
      return [303, "", { location: "/cashier" }];
    }
    const button = `<form method="post" action="/cashier"><button>支付</button></form>`;
    return [
      200,
      payment?.pressed || bed.faults.noButton ? "<p>已支付</p>" : button,
      { "content-type": "text/html" },
    ];
  };

  const serve = async (
    answer: (method: string, path: string, form: URLSearchParams) => Reply,
  ): Promise<http.Server> => {
    const server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "" } = request;
        const [path = ""] = url.split("?");
        bed.asked.push(`${method} ${path.replace(token, "*")}`);
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        const [status, body, headers = {}] = bed.faults.instead?.(method, path) ?? answer(method, path, form);
        response.writeHead(status, headers as http.OutgoingHttpHeaders).end(body);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  const [front, back] = [
    await serve((method, path, form) => shop(method, path, form, "0123456789ab")),
    await serve((method, path) => gateway(method, path)),
  ];
  const portOf = (server: http.Server): number => (server.address() as AddressInfo).port;
  const gatewayUrl = (): string => `http://127.0.0.1:${portOf(back)}`;

  return Object.assign(bed, {
    home: new URL(`http://${host}:${portOf(front)}`),
    visitor: new Visitor({ host, address: "127.0.0.1" }),
    sandboxGateway: gatewayUrl(),
    end: async () => {
      for (const server of [front, back]) {
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      }
    },
  });
}

export const testChannel = (id: string, more: Partial<ChannelSpec> = {}): ChannelSpec => ({
  id,
  kind: id.startsWith("wechat") ? "wechatPay" : "alipay",
  title: id,
  enabled: true,
  sandbox: true,
  gateway: "https://openapi.alipay.com/gateway.do",
  minimum: 1,
  maximum: 5_000,
  dailyCap: 100_000,
  feeBasisPoints: 60,
  weight: 1,
  fields: {},
  secrets: {},
  ...more,
});
