import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gatewaysUrl } from "../../local/gateways-service";
import { readInstance } from "../../local/home";
import type { Answer, Lab } from "./lab";

/** Sandbox channels for files that a test writes, each of a merchant that no other has. `secret` begins the names of its secrets. */
export const sandboxChannel = {
  alipay: (secret = "alipay") => ({
    kind: "alipay",
    sandbox: true,
    appId: `2021${digits(12)}`,
    secrets: { privateKey: `${secret}-key` },
    fee: "0.6%",
  }),
  wechatPay: (secret = "wechat") => ({
    kind: "wechatPay",
    sandbox: true,
    appId: `wx${randomBytes(8).toString("hex")}`,
    merchantId: `16${digits(8)}`,
    certificateSerial: randomBytes(20).toString("hex").toUpperCase(),
    platformPublicKeyId: `PUB_KEY_ID_01${digits(20)}`,
    secrets: { privateKey: `${secret}-key`, apiV3Key: `${secret}-v3-key` },
    fee: "0.6%",
  }),
  epayV1: (secret = "epay") => ({
    ...{ kind: "epay", sandbox: true, version: "v1", gateway: "https://pay.example.com" },
    ...{ merchantId: digits(8), type: "alipay", secrets: { key: `${secret}-key` }, fee: "1%" },
  }),
  epayV2: (secret = "epay") => ({
    ...{ kind: "epay", sandbox: true, version: "v2", gateway: "https://pay.example.com" },
    ...{ merchantId: digits(8), type: "alipay", secrets: { privateKey: `${secret}-key` }, fee: "1%" },
  }),
};

const digits = (count: number): string => Array.from({ length: count }, () => randomInt(1, 10)).join("");

export interface Goods {
  readonly id: string;
  readonly module: string;
  readonly fen: number;
}

/** What an order's page says. */
export interface OrderPage {
  readonly state: string;
  /** By channel. */
  readonly payments: Readonly<Record<string, { readonly outTradeNo: string; readonly state: string }>>;
  /** Channels that may be chosen. */
  readonly offers: readonly string[];
  readonly codeUrl: string | undefined;
  /** A card's code, or a receipt. */
  readonly delivered: string | undefined;
}

/** Buys from a shop as a person does: through the ingress, the shop's own pages, and the cashier pages of the sandbox. Reads nothing but HTML. */
export class Buyer {
  /** The shop's cookies, by the path that they are for. */
  readonly #cookies = new Map<string, string>();
  /** Every buyer has an address of its own, as the shop lets nobody order more than 20 things in a minute. */
  readonly #from = `127.1.${randomInt(256)}.${randomInt(1, 255)}`;

  constructor(
    private readonly lab: Lab,
    readonly host: string,
  ) {}

  /** What is for sale and in stock. */
  async goods(): Promise<readonly Goods[]> {
    const { body } = await this.#get("/");
    const items = body.matchAll(/<li data-goods="(\d+)" data-module="(\w+)" data-fen="(\d+)">/g);
    return [...items].map(([, id = "", module = "", fen]) => ({ id, module, fen: Number(fen) }));
  }

  /** @returns the path of the order's page */
  async order({ id }: Pick<Goods, "id">): Promise<string> {
    const answer = await this.#post("/orders", { goods: id, quantity: "1", contact: "13800000000" });
    return location(answer);
  }

  async page(order: string): Promise<OrderPage> {
    const { status, body } = await this.#get(order);
    if (status !== 200) throw new Error(`${order} answered with ${status}`);
    const payments = body.matchAll(/data-payment="([^"]+)" data-state="(\w+)">([0-9a-f]{32})</g);
    const [, codeUrl] = /data-code-url href="([^"]+)"/.exec(body) ?? [];
    return {
      state: /role="status" data-state="(\w+)"/.exec(body)?.[1] ?? "",
      payments: Object.fromEntries(
        [...payments].map(([, channel = "", state = "", outTradeNo = ""]) => [
          channel,
          { outTradeNo, state },
        ]),
      ),
      offers: [...body.matchAll(/name="channel" value="([^"]+)"/g)].map(([, id = ""]) => id),
      codeUrl: codeUrl?.replaceAll("&amp;", "&"),
      delivered: /data-delivered="\w+"><code>([^<]+)</.exec(body)?.[1],
    };
  }

  /** Presses a channel's button. */
  choose(order: string, channel: string): Promise<Answer> {
    return this.#post(`${order}/pay`, { channel });
  }

  /** Chooses a channel. @returns the address of the sandbox's page on which it is paid */
  async start(order: string, channel: string): Promise<string> {
    const to = location(await this.choose(order, channel));
    if (to !== order) return to;
    const { codeUrl } = await this.page(order);
    if (codeUrl === undefined) throw new Error(`${order} shows no code to scan`);
    const gateways = gatewaysUrl(readInstance(this.lab.home)!);
    return `${gateways}/wechatPay/scan?code_url=${encodeURIComponent(codeUrl)}`;
  }

  /** Opens the sandbox's page, presses its button, and goes where that leads to. */
  async payAt(address: string): Promise<void> {
    const shown = await fetch(address);
    const html = await shown.text();
    const [, action] = /<form method="post" action="([^"]+)"/.exec(html) ?? [];
    if (action === undefined) throw new Error(`there is nothing to press at ${shown.url}:\n${html}`);
    const paid = await fetch(new URL(action, shown.url), { method: "POST", redirect: "manual" });
    const back = new URL(paid.headers.get("location") ?? "", shown.url);
    if (back.hostname !== this.host) return; // WeChat's payer stays where he is
    location(await this.#get(back.pathname + back.search));
  }

  /** Waits until the order is as it should be. Gateways call when they like. */
  async until(order: string, state: string, seconds = 15): Promise<OrderPage> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const page = await this.page(order);
      if (page.state === state) return page;
      if (Date.now() > end) throw new Error(`${order} is ${JSON.stringify(page)}, not ${state}`);
      await sleep(100);
    }
  }

  /** Orders, pays and waits for the goods. */
  async buy(goods: Goods, channel: string): Promise<OrderPage & { readonly order: string }> {
    const order = await this.order(goods);
    await this.payAt(await this.start(order, channel));
    return { order, ...(await this.until(order, "delivered")) };
  }

  async #get(target: string): Promise<Answer> {
    const { pathname } = new URL(target, "http://shop");
    const cookie = this.#cookies.get(pathname);
    return await this.lab.request(this.host, target, {
      from: this.#from,
      headers: cookie === undefined ? {} : { cookie },
    });
  }

  async #post(target: string, fields: Record<string, string>): Promise<Answer> {
    const answer = await this.lab.request(this.host, target, {
      method: "POST",
      from: this.#from,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
    for (const cookie of answer.headers["set-cookie"] ?? []) {
      const [, value, path] = /^([^;]+);.*Path=([^;]+)/.exec(cookie) ?? [];
      if (value !== undefined && path !== undefined) this.#cookies.set(path, value);
    }
    return answer;
  }
}

/** Where a 303 leads to. @throws where it is another answer */
function location({ status, headers, body }: Answer): string {
  const { location: to } = headers;
  if (status !== 303 || to === undefined)
    throw new Error(`it answered with ${status}:\n${body.replace(/^[^]*<\/head>/, "")}`);
  return to;
}
