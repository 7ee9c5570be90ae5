import { available, type Goods } from "./catalog";
import { chinaDay, chinaHour } from "./china";
import type { PlainChannel } from "./config";
import { modules } from "./modules";
import { yuan } from "./money";
import { moduleOf, type Order } from "./orders";
import { escape, type Front, page } from "./pages";
import type { PaymentView } from "./payments";

export interface Notice {
  readonly body: string;
  readonly publishedAt: Date;
}

/** A page of the shop's own: plain text. */
export interface Page {
  readonly title: string;
  readonly body: string;
}

const price = (fen: number): string => `<strong>¥${yuan(fen)}</strong>`;

export function homePage(shop: Front, notices: readonly Notice[], goods: readonly Goods[]): string {
  const items = notices.map(
    ({ body, publishedAt }) => `<li><span>${escape(body)}</span><time>${chinaDay(publishedAt)}</time></li>`,
  );
  const shelves = modules
    .map((module) => ({ module, on: goods.filter((item) => item.module === module) }))
    .filter(({ on }) => on.length > 0)
    .map(({ module, on }) => `<h3>${module.title}</h3>${byCategory(on, shop.channels)}`);
  return page(
    shop,
    shop.title,
    modules
      .filter(({ name }) => shop.modules[name]?.enabled)
      .map(({ title }) => title)
      .join(" · "),
    `<section><h2>店铺公告</h2>${items.length > 0 ? `<ul>${items.join("")}</ul>` : `<p class="soft">暂无公告。</p>`}</section>
<section><h2>商品</h2>${shelves.join("") || `<p class="soft">商品正在上架，请稍后再来。</p>`}</section>`,
  );
}

/** Goods in their order, with a heading where a category begins that has a title. */
function byCategory(goods: readonly Goods[], channels: readonly PlainChannel[]): string {
  const titles = [...new Set(goods.map(({ categoryTitle }) => categoryTitle))];
  return titles
    .map((title) => {
      const items = goods.filter(({ categoryTitle }) => categoryTitle === title);
      const heading = title === null ? "" : `<h4>${escape(title)}</h4>`;
      return `${heading}<ul>${items.map((item) => shelfItem(item, channels)).join("")}</ul>`;
    })
    .join("");
}

const shelfItem = (item: Goods, channels: readonly PlainChannel[]): string =>
  `<li data-goods="${item.id}" data-module="${item.module.name}" data-fen="${item.price}"${available(item, channels) ? "" : " data-sold-out"}><span><a href="/goods/${item.id}">${escape(item.title)}</a>${available(item, channels) ? "" : ` <span class="soft">暂时缺货</span>`}</span>${price(item.price)}</li>`;

/** @param wrong what the buyer typed, when it was not right */
export function goodsPage(shop: Front, goods: Goods, wrong?: string): string {
  const { contact } = goods.module;
  const fault =
    wrong === undefined
      ? ""
      : `<p class="wrong" id="wrong" role="alert">${contact.label}填写有误，请检查后再提交。</p>`;
  const form = available(goods, shop.channels)
    ? `<form method="post" action="/orders">
<input type="hidden" name="goods" value="${goods.id}"><input type="hidden" name="quantity" value="1">
<label for="contact">${contact.label}</label>
<input id="contact" name="contact" type="${contact.type}" autocomplete="${contact.autocomplete}" pattern="${escape(contact.pattern)}" maxlength="130" required aria-describedby="hint${fault && " wrong"}"${fault && ` aria-invalid="true"`} value="${escape(wrong ?? "")}">
<p class="soft" id="hint">${contact.hint}</p>${fault}
<button>提交订单</button>
</form>`
    : `<p class="soft" role="status">暂时缺货，请稍后再来。</p>`;
  return page(
    shop,
    `${goods.title} - ${shop.title}`,
    escape(goods.title),
    `<section><h2>${escape(goods.title)}</h2><p>${price(goods.price)}</p><p class="soft">${escape(goods.description)}</p>
${form}<p class="soft"><a href="/">返回首页</a></p></section>`,
  );
}

export function ownPage(shop: Front, { title, body }: Page): string {
  return page(
    shop,
    `${title} - ${shop.title}`,
    escape(title),
    `<section><h2>${escape(title)}</h2><div class="text">${escape(body)}</div></section>
<section><p class="soft"><a href="/">返回首页</a></p></section>`,
  );
}

/** All that an order's page shows. */
export interface OrderView {
  readonly order: Order;
  readonly payments: readonly PaymentView[];
  readonly offers: readonly PlainChannel[];
  /** Addresses for the payer's app, of payments that were begun and may still be made. */
  readonly codes: readonly string[];
  readonly delivered: { readonly code: string } | { readonly receipt: string } | undefined;
  /** Said above all else, when the last step failed. */
  readonly fault?: string;
}

export function orderPage(shop: Front, view: OrderView): string {
  const { order, fault } = view;
  const rows = [
    ["商品", escape(order.title)],
    ["数量", "1"],
    ["应付金额", price(order.amount)],
    [moduleOf(order)?.contact.label ?? "联系方式", escape(order.contact)],
    ...view.payments.map(({ channel, state, outTradeNo }) => [
      "支付单号",
      `<code data-payment="${channel}" data-state="${state}">${outTradeNo}</code>`,
    ]),
    ["状态", `<span role="status" data-state="${stateOf(view)}">${stateText(view)}</span>`],
  ];
  return page(
    shop,
    `订单 - ${shop.title}`,
    "我的订单",
    `<section><h2>订单</h2>${fault === undefined ? "" : `<p class="wrong" role="alert">${fault}</p>`}
<dl>${rows.map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join("")}</dl>
<p class="soft"><a href="/orders/${order.token}">刷新</a> · 请保存本页网址，凭它查看订单和卡密。</p></section>
${stateOf(view) === "open" ? (shop.suspended ? "" : payment(view)) : goodsOf(view)}`,
  );
}

/** In one word, for programs; the proof of opening reads it. */
function stateOf({ order, payments }: OrderView): Order["state"] | "held" | "expired" {
  if (order.state !== "open") return order.state;
  if (payments.some(({ state }) => state === "anomaly")) return "held";
  if (payments.some(({ state }) => state === "decided")) return "closed";
  return order.expired ? "expired" : "open";
}

function stateText(view: OrderView): string {
  switch (stateOf(view)) {
    case "delivered":
      return "已完成";
    case "paid":
      return "已付款，等待发货";
    case "closed":
      return "已由店铺处理，如有疑问请联系店铺";
    case "held":
      return "付款需要人工核对，请联系店铺";
    case "expired":
      return "已过期，请勿付款";
    case "open":
      return `待付款，请在 ${chinaHour(view.order.expiresAt)} 前支付`;
  }
}

function payment({ order, offers, codes }: OrderView): string {
  const shown = codes.map(
    (url) =>
      `<section><h2>扫码支付</h2><p class="soft">请在支付应用中打开下面的地址，付款后刷新本页。</p>
<p><a data-code-url href="${escape(url)}"><code>${escape(url)}</code></a></p></section>`,
  );
  const buttons = offers.map(
    ({ id, title, sandbox }) =>
      `<form method="post" action="/orders/${order.token}/pay"><input type="hidden" name="channel" value="${id}"><button>${escape(title)}${sandbox ? "（沙箱）" : ""}</button></form>`,
  );
  const choice = buttons.join("") || `<p class="soft">目前没有可用的支付方式，请稍后再试。</p>`;
  return `${shown.join("")}<section><h2>选择支付方式</h2>${choice}</section>`;
}

function goodsOf({ delivered }: OrderView): string {
  if (!delivered) return "";
  const [label, kind, value] =
    "code" in delivered ? ["卡密", "card", delivered.code] : ["充值受理单号", "receipt", delivered.receipt];
  return `<section><h2>${label}</h2><p data-delivered="${kind}"><code>${escape(value)}</code></p></section>`;
}
