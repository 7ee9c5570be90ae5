import { createHash } from "node:crypto";
import type { Goods } from "./catalog";
import type { PlainChannel, StorefrontConfig } from "./config";
import { modules } from "./modules";
import type { Order } from "./orders";
import * as pages from "./pages";
import * as shopPages from "./shop-pages";

const nasty = `<script>'"&梦想`;
const shop = {
  title: nasty,
  host: "mengxiang.substation.test",
  modules: {},
  channels: [] as PlainChannel[],
} as Partial<StorefrontConfig> as StorefrontConfig;
const channel = {
  id: "zfb",
  title: nasty,
  enabled: true,
  sandbox: true,
  minimum: 1,
  maximum: 10_000,
} as PlainChannel;
const selling = { ...shop, channels: [channel] };
const goods: Goods = {
  id: "7",
  module: modules[0]!,
  categoryTitle: nasty,
  title: nasty,
  description: nasty,
  mainPrice: 1000,
  price: 1234,
  stock: { sandbox: true, real: false },
};
const order: Order = {
  id: "1",
  token: "0".repeat(32),
  goodsId: "7",
  module: "gameCards",
  title: nasty,
  amount: 1234,
  contact: nasty,
  state: "open",
  expired: false,
  expiresAt: new Date("2026-01-31T17:05:00Z"),
};

test("no text of the shop, its goods, a buyer or a gateway becomes markup", () => {
  const notice = { body: "<img src=x onerror=alert(1)>", publishedAt: new Date("2026-01-31T17:00:00Z") };
  const home = shopPages.homePage(selling, [notice], [goods]);
  expect(home).toContain("<title>&lt;script&gt;&#39;&quot;&amp;梦想</title>");
  expect(home).toContain("<li><span>&lt;img src=x onerror=alert(1)&gt;</span><time>2026-02-01</time></li>"); // China's day
  expect(home).toContain("<strong>¥12.34</strong>");
  const codeUrl = `weixin://"><script>`;
  const open = shopPages.orderPage(selling, {
    order,
    payments: [{ channel: "zfb", outTradeNo: "0123abcd", state: "started", sandbox: true, codeUrl }],
    offers: [channel],
    codes: [codeUrl],
    delivered: undefined,
  });
  expect(open).toContain("weixin://&quot;&gt;&lt;script&gt;");
  expect(open).toContain("请在 01:05 前支付"); // China's hour
  const done = shopPages.orderPage(selling, {
    order: { ...order, state: "delivered" },
    payments: [],
    offers: [],
    codes: [],
    delivered: { code: nasty },
  });
  expect(done).not.toContain("<form");
  for (const page of [
    home,
    open,
    done,
    shopPages.goodsPage(selling, goods, nasty),
    pages.maintenancePage(shop),
    pages.notFoundPage(shop),
    pages.failurePage(shop),
  ]) {
    expect(page).toContain('<html lang="zh-CN">');
    expect(page).not.toMatch(/<script|<img/);
  }
});

test("programs read goods, payments and states in attributes, whatever the words", () => {
  const at = { module: goods.module.name, id: goods.id };
  expect(shopPages.homePage(selling, [], [goods])).toContain(
    `<li data-goods="${at.id}" data-module="${at.module}" data-fen="1234"><span>`,
  );
  expect(shopPages.homePage(shop, [], [goods])).toContain('data-fen="1234" data-sold-out><span>'); // no channel
  const page = (state: Order["state"], more: Partial<shopPages.OrderView> = {}) =>
    shopPages.orderPage(selling, {
      order: { ...order, state },
      payments: [],
      offers: [],
      codes: [],
      delivered: undefined,
      ...more,
    });
  const payment = { channel: "zfb", outTradeNo: "0123abcd", sandbox: true, codeUrl: "weixin://x" } as const;
  const open = page("open", {
    payments: [{ ...payment, state: "started" }],
    offers: [channel],
    codes: ["weixin://x"],
  });
  expect(open).toContain('<code data-payment="zfb" data-state="started">0123abcd</code>');
  expect(open).toContain('<a data-code-url href="weixin://x">');
  expect(open).toContain('data-state="open">待付款');
  expect(open).toContain("选择支付方式");
  for (const [state, word] of [
    ["anomaly", "held"],
    ["decided", "closed"],
  ] as const) {
    const settled = page("open", { payments: [{ ...payment, state }] });
    expect(settled).toContain(`data-state="${word}">`);
    expect(settled).not.toContain("支付方式"); // who has paid is not asked to pay
  }
  expect(page("open", { order: { ...order, expired: true } })).toContain('data-state="expired">');
  expect(page("paid")).toContain('data-state="paid">');
  expect(page("delivered", { delivered: { code: "A&B" } })).toContain(
    '<p data-delivered="card"><code>A&amp;B</code></p>',
  );
  expect(page("delivered", { delivered: { receipt: "R1" } })).toContain(
    '<p data-delivered="receipt"><code>R1</code></p>',
  );
});

test("a form is there only where something can be sold, and every field has its label", () => {
  const form = shopPages.goodsPage(selling, goods);
  expect(form).toContain('<label for="contact">联系方式</label>');
  expect(shopPages.goodsPage(selling, goods, "x")).toMatch(
    /aria-describedby="hint wrong" aria-invalid="true" value="x"/,
  );
  const real = { ...channel, sandbox: false }; // there are sample codes only
  for (const channels of [[], [real], [{ ...channel, enabled: false }], [{ ...channel, minimum: 1235 }]])
    expect(shopPages.goodsPage({ ...shop, channels }, goods)).not.toContain("<form");
});

test("the content security policy allows the page's own style sheet, and forms that lead to the gateways in use", () => {
  const style = /<style>([^]*)<\/style>/.exec(shopPages.homePage(shop, [], []))![1]!;
  const hash = createHash("sha256").update(style).digest("base64");
  expect(pages.contentSecurityPolicy(shop)).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  );
  const gateway = (gateway: string, enabled = true): PlainChannel => ({ ...channel, enabled, gateway });
  const channels = [
    gateway("http://10.0.0.1:9180/alipay"),
    gateway("http://10.0.0.1:9180/epay"),
    gateway("http://off.example", false),
    gateway("https://openapi.alipay.com/gateway.do"),
  ];
  expect(pages.contentSecurityPolicy({ channels })).toContain(
    "form-action 'self' http://10.0.0.1:9180 https:;",
  );
  const custom = (sandbox: boolean) => ({ ...gateway(""), sandbox, adapter: { port: 9101, merchant: "1" } });
  expect(pages.contentSecurityPolicy({ channels: [custom(false)] })).toContain("form-action 'self' https:;");
  expect(pages.contentSecurityPolicy({ channels: [custom(true)] })).toContain("form-action 'self' http:;");
});
