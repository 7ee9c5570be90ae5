import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChannelSpec } from "../../config/channels/types";
import type { Purchase } from "../../config/proof";
import { money } from "../../config/units";
import { Failed, type Seen } from "./ledger";
import { elementsWith, filled, forms, textOf, type Form } from "./markup";
import type { Goods } from "./shop";
import type { Page, Visitor } from "./visitor";

/** What a test purchase leaves in the shop's books as the buyer: an address that cannot exist (RFC 2606), or a number that nobody has, since those in 140 have 13 digits. */
const buyers = ["proof@substation.invalid", "14000000000"];

/** Milliseconds from the payment to the delivery. The shop asks the gateway by itself after a minute, which is no callback. */
const patience = 30_000;

export interface Purchasing {
  readonly visitor: Visitor;
  readonly home: URL;
  readonly goods: readonly Goods[];
  /** Ids of the channels that the file switches on. */
  readonly enabled: readonly string[];
  /** Base URL of the platform's sandbox gateways. */
  readonly sandboxGateway: string | undefined;
  /** @default 30,000 */
  readonly wait?: number;
}

/**
 * Buys one article through a channel: orders, pays at the sandbox as a buyer would, and waits for the delivery. With a real merchant it ends where money would move.
 * @throws Failed with what was seen up to there
 */
export async function purchase(shop: Purchasing, channel: ChannelSpec): Promise<Seen> {
  const { order, title, fen, answer } = await start(shop, channel);
  const at = await gatewayAddress(shop, order, answer);
  const page = await shop.visitor.get(order);
  const begun: Purchase = {
    goods: title,
    amountFen: fen,
    ...(at ? { gateway: at.protocol.startsWith("http") ? at.origin : at.protocol } : {}),
    ...numberOf(page, channel),
  };
  if (!at)
    throw new Failed(
      `the payment could not be started: ${alertOf(answer) || `status ${answer.status}`}`,
      "Check the channel's fields and secrets, and that the shop reaches the gateway: the shop's log names the cause.",
      begun,
    );
  return channel.sandbox ? await pay(shop, channel, order, at, begun) : stopped(channel, at, begun);
}

interface Started {
  /** Address of its page. */
  readonly order: URL;
  readonly title: string;
  readonly fen: number;
  /** The shop's, to the wish to pay by the channel. */
  readonly answer: Page;
}

/**
 * Orders the cheapest article that the channel's limits allow, and starts its payment; of each module once, since what is in stock for a sandbox may not be for a real
 * merchant. An order that it cannot be used for expires by itself.
 */
async function start(shop: Purchasing, channel: ChannelSpec): Promise<Started> {
  const fitting = shop.goods
    .filter(({ fen, soldOut }) => !soldOut && fen >= channel.minimum && fen <= channel.maximum)
    .sort((a, b) => a.fen - b.fen);
  if (fitting.length === 0)
    throw new Failed(
      `nothing that can be bought costs between ${money.format(channel.minimum)} and ${money.format(channel.maximum)} yuan, the limits of ${channel.id}`,
      "Put such an article into stock, or change the channel's limits in the file.",
    );
  const candidates = fitting.filter(
    ({ module }, at) => fitting.findIndex((one) => one.module === module) === at,
  );
  for (const goods of candidates) {
    const page = await placeOrder(shop, goods);
    const offers = channelForms(page);
    const strange = [...offers.keys()].find((id) => !shop.enabled.includes(id));
    if (strange !== undefined)
      throw new Failed(
        `the shop offers ${strange}, which the file does not switch on`,
        "The file is newer than what runs: update the group.",
      );
    // Of several channels under one title a page shows one, and takes the others by the same form.
    const form = offers.get(channel.id) ?? [...offers.values()][0];
    if (!form) continue;
    const answer = await patiently(() =>
      shop.visitor.ask("POST", new URL(form.action, page.url), filled(form, { channel: channel.id })),
    );
    if (answer.status !== 409) return { order: page.url, title: goods.title, fen: goods.fen, answer };
  }
  throw new Failed(
    `the shop takes no money by ${channel.id} for what it may sell`,
    channel.sandbox
      ? "Is it switched on in what runs, and its daily cap not used up? Are there sample cards?"
      : "Is it switched on in what runs, and its daily cap not used up? A real merchant needs real cards in stock: sample ones are for sandboxes.",
  );
}

/** @returns the order's page */
async function placeOrder({ visitor, home }: Purchasing, { id }: Goods): Promise<Page> {
  const page = await visitor.get(new URL(`/goods/${id}`, home));
  const form = forms(page.body).find(({ fields }) => fields.some(({ name }) => name === "contact"));
  if (!form)
    throw new Failed(`the page of goods ${id} has no form to order by`, "See docs/image-contract.md.");
  const { pattern } = form.fields.find(({ name }) => name === "contact")!;
  const buyer = buyers.find((one) => new RegExp(`^(?:${pattern ?? ".*"})$`, "u").test(one));
  if (buyer === undefined)
    throw new Failed(
      `the page of goods ${id} takes neither ${buyers.join(" nor ")}`,
      "See docs/image-contract.md.",
    );
  const fields = filled(form, { contact: buyer });
  const answer = await patiently(() => visitor.ask("POST", new URL(form.action, page.url), fields));
  const ordered = await visitor.follow(answer, ({ host, origin }) => {
    if (host !== home.host) throw new Failed(`an order leads to ${origin}`, "See the shop's image.");
  });
  if (ordered.status !== 200 || stateOf(ordered) !== "open")
    throw new Failed(
      `an order of goods ${id} is answered with ${ordered.status}: ${alertOf(ordered) || "no open order"}`,
      "See the shop's log (docker logs).",
    );
  return ordered;
}

/** A shop takes a few orders at once from one caller, and then one every three seconds. */
async function patiently(ask: () => Promise<Page>): Promise<Page> {
  for (let tries = 1; ; tries++) {
    const answer = await ask();
    if (answer.status !== 429 || tries === 20) return answer;
    await sleep(3_000);
  }
}

/** Where the payment goes on: the address that the shop redirects to, or that it shows to be scanned. */
async function gatewayAddress({ visitor }: Purchasing, order: URL, started: Page): Promise<URL | undefined> {
  const { location } = started.headers;
  if (location === undefined) return undefined;
  const next = new URL(location, order);
  if (next.host !== order.host) return next;
  const [code] = elementsWith((await visitor.get(next)).body, "data-code-url");
  return code && new URL(code.attributes["href"] ?? "");
}

function stopped(channel: ChannelSpec, at: URL, begun: Purchase): Seen {
  // Elsewhere the gateway names the page itself.
  const own = channel.kind === "alipay" || (channel.kind === "epay" && channel.fields["version"] === "v1");
  const right = at.protocol !== "http:" && (!own || at.origin === new URL(channel.gateway).origin);
  if (!right)
    throw new Failed(
      `the payment began at ${at.protocol}//${at.host}, and the channel's gateway is ${channel.gateway}`,
      "Check the channel's gateway in the file.",
      begun,
    );
  return {
    outcome: "stopped-before-payment",
    what: `${channel.id} is a real merchant's: its payment began at ${begun.gateway}, and was left there, unpaid. No money moved, and nothing is known of its callback`,
    purchase: begun,
  };
}

/** Does what a buyer does at the sandbox. */
async function pay(
  shop: Purchasing,
  channel: ChannelSpec,
  order: URL,
  at: URL,
  begun: Purchase,
): Promise<Seen> {
  const { visitor, sandboxGateway = "" } = shop;
  const allowed = (url: URL): void => {
    if (url.host === order.host || channel.kind === "custom" || url.origin === sandboxGateway) return;
    throw new Failed(
      `the payment of ${channel.id} leads to ${url.origin}, not to the platform's sandbox, ${sandboxGateway}`,
      "Nothing was paid. Update the group, so that the shop has the platform's sandbox.",
      begun,
    );
  };
  const isPage = at.protocol.startsWith("http");
  if (!isPage && channel.kind !== "wechatPay")
    throw new Failed(
      `the payment of ${channel.id} goes on in an app: its code is ${at.protocol}, which no browser opens`,
      "Nothing was paid. Let the sandbox begin a payment with the address of a page (docs/channel-adapter.md).",
      begun,
    );
  // In place of a phone's camera.
  const scanned = `/wechatPay/scan?code_url=${encodeURIComponent(at.href)}`;
  const first = isPage ? at : new URL(`${sandboxGateway}${scanned}`);
  allowed(first);
  const cashier = await visitor.follow(await visitor.get(first), allowed);
  const pressed = performance.now();
  const paid = await visitor.press(cashier);
  if (!paid || paid.status >= 400)
    throw new Failed(
      `the gateway's page cannot be paid on: ${textOf((paid ?? cashier).body).slice(0, 300) || `status ${cashier.status}`}`,
      "Is this merchant known to the sandbox? `substation sandbox` makes it known.",
      begun,
    );
  await visitor.follow(paid, allowed);
  const again = await visitor.get(cashier.url);
  const evidence: Purchase = { ...begun, gatewayState: forms(again.body).length > 0 ? "open" : "paid" };
  return await delivery(shop, channel, order, pressed, evidence);
}

async function delivery(
  { visitor, wait = patience }: Purchasing,
  channel: ChannelSpec,
  order: URL,
  paidAt: number,
  evidence: Purchase,
): Promise<Seen> {
  for (;;) {
    const page = await visitor.get(order);
    const state = stateOf(page);
    const after = Math.round(performance.now() - paidAt);
    const [goods] = elementsWith(page.body, "data-delivered");
    if (state === "delivered" && goods) {
      const kind = goods.attributes["data-delivered"] === "card" ? "card" : "receipt";
      const sha256 = createHash("sha256").update(textOf(goods.content)).digest("hex");
      const purchase: Purchase = { ...evidence, deliveredAfter: after, delivered: { kind, sha256 } };
      const price = `${money.format(evidence.amountFen)} yuan`;
      return { what: `${evidence.goods} for ${price}: a ${kind} ${after} ms after the payment`, purchase };
    }
    if (state === "held" || after > wait) throw undelivered(state, channel, after, evidence);
    await sleep(200);
  }
}

function undelivered(state: string, { id }: ChannelSpec, after: number, evidence: Purchase): Failed {
  const seconds = (after / 1000).toFixed(0);
  if (state === "held")
    return new Failed(
      `the gateway's word on the payment does not fit the order: it is held for a person to decide`,
      "`substation anomalies` tells what differs: amount, merchant, or time.",
      evidence,
    );
  if (state === "paid")
    return new Failed(
      `paid, and nothing handed out in ${seconds} s`,
      "Is there stock? See the shop's log.",
      evidence,
    );
  return new Failed(
    evidence.gatewayState === "paid"
      ? `paid at the gateway, and the shop has not heard of it in ${seconds} s: the callback to /pay/${id}/notify does not come, or is refused`
      : `the gateway still waits for the payment, ${seconds} s after its button was pressed`,
    "See what the gateway says of its callback, and notify_total{channel} in the shop's metrics: nothing counted is a callback that never came; `signature` or `key` is a wrong key in the file.",
    evidence,
  );
}

const stateOf = ({ body }: Page): string =>
  elementsWith(body, "data-state").find(({ attributes }) => attributes["role"] === "status")?.attributes[
    "data-state"
  ] ?? "";

function numberOf({ body }: Page, { id }: ChannelSpec): Pick<Purchase, "outTradeNo"> {
  const found = elementsWith(body, "data-payment").find(
    ({ attributes }) => attributes["data-payment"] === id,
  );
  const outTradeNo = textOf(found?.content ?? "");
  return outTradeNo === "" ? {} : { outTradeNo };
}

/** What the shop tells a person went wrong. */
function alertOf({ body }: Page): string {
  const [alert] = elementsWith(body, "role").filter(({ attributes }) => attributes["role"] === "alert");
  return alert ? textOf(alert.content) : "";
}

/** The forms by which an order's page offers channels. */
const channelForms = ({ body }: Page): Map<string, Form> =>
  new Map(
    forms(body).flatMap((form) => {
      const channel = form.fields.find(({ name }) => name === "channel");
      return channel ? [[channel.value, form] as const] : [];
    }),
  );
