import { newPrivateKey, newSecret, type MerchantOf } from "../../local/gateways/merchants";
import { protocols } from "../../local/gateways/house";
import type { Callback, Kind, Misbehaviour, Order } from "../../local/gateways/types";
import { sandboxChannel, type OrderPage } from "./buyer";
import { Lab } from "./lab";
import { counters, Purchases, type Begun } from "./purchases";

/**
 * Three substations that are opened from files alone, with different modules and channels, each bought from through each of its channels; and what a shop makes of
 * gateways that misbehave. The gateways are the sandbox's: they sign as the real ones do, but that the real ones agree is not shown here.
 */
jest.setTimeout(240_000);

const group = "shops";
const epayV2 = sandboxChannel.epayV2();
const shops = {
  jia: {
    tier: "standard",
    modules: { gameCards: { categories: ["steam", "qq"] } },
    channels: { alipay: sandboxChannel.alipay(), wechat: sandboxChannel.wechatPay() },
  },
  yi: {
    tier: "trial",
    modules: { phoneTopUp: { carriers: ["mobile"], faceValues: ["30.00"] } },
    channels: { epay: sandboxChannel.epayV1() },
  },
  bing: {
    tier: "professional",
    modules: {
      gameCards: { categories: ["qq"] },
      phoneTopUp: { carriers: ["unicom"], faceValues: ["50.00"] },
    },
    channels: {
      "epay-alipay": { ...epayV2, title: "支付宝" },
      "epay-wechat": { ...epayV2, title: "微信支付", type: "wxpay" },
    },
  },
};
/** A shop whose gateways never call: it asks them, and that takes a minute, in which the others are bought from. */
const silent = {
  tier: "professional",
  modules: shops.jia.modules,
  channels: {
    alipay: sandboxChannel.alipay(),
    wechat: sandboxChannel.wechatPay(),
    epay: { ...sandboxChannel.epayV1("epay-1"), title: "v1" },
    "epay-2": { ...sandboxChannel.epayV2("epay-2"), title: "v2" },
  },
};
const everyChannel = Object.entries(shops).flatMap(([id, { channels }]) =>
  Object.keys(channels).map((channel) => [id, channel] as const),
);
/** One for each way of signing. */
const everyProtocol = everyChannel.filter(([, channel]) => channel !== "epay-wechat");

let lab: Lab;
let purchases: Purchases;
let unheard: readonly Begun[];

beforeAll(async () => {
  lab = await Lab.open({ prefix: "shop" });
  const all = { ...shops, ding: silent };
  for (const [id, fields] of Object.entries(all)) lab.write(group, id, fields);
  await lab.ensureStack(group);
  for (const id of Object.keys(all)) await lab.sandbox(id);
  await lab.up(group);
  purchases = new Purchases(lab, group, all);
  unheard = await Promise.all(
    Object.keys(silent.channels).map(async (channel) => {
      const begun = await purchases.begin("ding", channel);
      await purchases.pay(begun, { callbacks: 0 });
      return begun;
    }),
  );
});
afterAll(() => lab.close());

describe("opened from files alone", () => {
  test("each shop lists the goods of its own modules, and offers its own channels", async () => {
    const listed = Object.keys(shops).map(async (id) => {
      const visitor = purchases.visitor(id);
      const goods = await visitor.goods();
      const { offers } = await visitor.page(await visitor.order(goods[0]!));
      return [id, [...new Set(goods.map(({ module }) => module))], [...offers].sort()];
    });
    expect(await Promise.all(listed)).toEqual([
      ["jia", ["gameCards"], ["alipay", "wechat"]],
      ["yi", ["phoneTopUp"], ["epay"]],
      ["bing", ["gameCards", "phoneTopUp"], ["epay-alipay", "epay-wechat"]],
    ]);
  });

  test.each(everyChannel)("%s is bought from through %s, every article", async (id, channel) => {
    const [visitor, books] = [purchases.visitor(id), purchases.books(id)];
    for (const goods of await visitor.goods()) {
      const { delivered, payments } = await visitor.buy(goods, channel);
      const { outTradeNo } = payments[channel]!;
      const entry = { order: "delivered", payment: "paid", whole: true, deliveries: 1, anomalies: [] };
      expect(await books.of(outTradeNo)).toEqual({ ...entry, code: delivered });
      expect(delivered).toMatch(/^SAMPLE-/);
      const [taken] = await lab.gateways.orders({ ...purchases.merchant(id, channel), outTradeNo });
      expect(taken).toMatchObject({ amountFen: goods.fen, due: false });
      expect(new URL(taken!.notifyUrl).pathname).toBe(`/pay/${channel}/notify`);
    }
  });

  test("to register the merchants again changes nothing", async () => {
    for (const id of Object.keys(shops)) {
      const { merchants } = await lab.sandbox(id);
      expect(merchants.map(({ channel }) => channel)).toEqual(Object.keys(shops[id as "jia"].channels));
      for (const merchant of merchants) expect(merchant).toMatchObject({ registered: "known", stored: [] });
    }
  });
});

interface Case {
  readonly how: Misbehaviour;
  /** What the order's page says in the end. */
  readonly state: OrderPage["state"];
  /** What the callbacks were counted as. */
  readonly notified: Readonly<Record<string, number>>;
  readonly anomaly?: string;
}

const delivered = { state: "delivered" } as const;
const held = { state: "held", notified: { anomaly: 1 } } as const;
const misbehaviours: Readonly<Record<string, Case>> = {
  "that is late is waited for": { ...delivered, how: { callbackDelaySeconds: 0.5 }, notified: { paid: 1 } },
  "that comes twice delivers once": { ...delivered, how: { callbacks: 2 }, notified: { paid: 1, replay: 1 } },
  "that comes 20 times at once delivers once": {
    ...delivered,
    how: { callbacks: 20 },
    notified: { paid: 1, replay: 19 },
  },
  "of another amount delivers nothing": { ...held, how: { wrong: ["amount"] }, anomaly: "amount" },
  "for another merchant delivers nothing": { ...held, how: { wrong: ["merchant"] }, anomaly: "merchant" },
};

describe.each(everyProtocol)("%s, by %s: a callback", (id, channel) => {
  const { anomalies } = counters;
  const notified = (result: string) => counters.notified(channel, result);
  const paid = counters.payments(channel, "paid");
  /** Sends a callback as somebody else than the gateway may: through the ingress, to the address that everybody can find out. */
  const send = async ({ method, url, headers, body }: Callback) => {
    const { pathname, search } = new URL(url);
    const answer = await lab.request(`${id}.substation.test`, pathname + search, { method, headers, body });
    return answer.body.toLowerCase().includes("fail") ? "refused" : "heard";
  };

  test.each(Object.entries(misbehaviours))("%s", async (_, { how, state, anomaly, ...expected }) => {
    const begun = await purchases.begin(id, channel);
    const total = Object.values(expected.notified).reduce((a, b) => a + b);
    const rise = await purchases.books(id).rise(async () => {
      await purchases.pay(begun, how);
      const calls = await purchases.calls(begun.which, total);
      expect(calls.map(({ acknowledged }) => acknowledged)).toEqual(Array(total).fill(true));
      await begun.visitor.until(begun.order, state);
    });
    expect(rise).toEqual({
      ...Object.fromEntries(Object.entries(expected.notified).map(([result, n]) => [notified(result), n])),
      ...(anomaly ? { [anomalies(anomaly)]: 1 } : { [paid]: 1 }),
    });
    expect(await purchases.books(id).of(begun.which.outTradeNo)).toMatchObject(
      anomaly
        ? { order: "open", payment: "anomaly", deliveries: 0, anomalies: [`${anomaly} ×1`] }
        : { order: "delivered", payment: "paid", deliveries: 1, anomalies: [] },
    );
  });

  // An epay's form may be posted: the same parameters, the same signature.
  const refused = channel.startsWith("epay") ? (["signature"] as const) : (["signature", "method"] as const);
  test(`with a wrong ${refused.join(", or by another ")} is refused; the right one that follows delivers`, async () => {
    const rise = await purchases.books(id).rise(async () => {
      await Promise.all(
        refused.map(async (wrong) => {
          const begun = await purchases.begin(id, channel);
          await purchases.pay(begun, { wrong: [wrong] });
          const [first] = await purchases.calls(begun.which, 1);
          expect(first!.acknowledged).toBe(false);
          expect((await begun.visitor.page(begun.order)).state).toBe("open");
          await lab.gateways.misbehave(begun.which, {});
          await begun.visitor.until(begun.order, "delivered");
          expect(await purchases.books(id).of(begun.which.outTradeNo)).toMatchObject({
            deliveries: 1,
            anomalies: [],
          });
        }),
      );
    });
    for (const wrong of refused)
      expect(rise[notified(wrong === "method" ? "malformed" : wrong)]).toBeGreaterThanOrEqual(1);
    expect(rise[paid]).toBe(refused.length);
  });

  test("that comes before the gateway's answer delivers", async () => {
    const merchant = purchases.merchant(id, channel);
    await lab.gateways.misbehave(merchant, { callbackBeforeAnswer: true });
    const visitor = purchases.visitor(id);
    const order = await visitor.order((await visitor.goods())[0]!);
    const { headers } = await visitor.choose(order, channel);
    if (headers.location !== order) expect(await (await fetch(headers.location!)).text()).toContain("已支付");
    await lab.gateways.misbehave(merchant, {});
    const { payments } = await visitor.until(order, "delivered");
    expect(await purchases.books(id).of(payments[channel]!.outTradeNo)).toMatchObject({
      deliveries: 1,
      anomalies: [],
    });
  });

  test("after the order's time is over delivers nothing", async () => {
    const begun = await purchases.begin(id, channel);
    const { outTradeNo } = begun.which;
    // The clock cannot be turned; the order's time can.
    await purchases.books(id).rows(
      `UPDATE shop.orders SET expires_at = now() - interval '1 minute'
       WHERE id = (SELECT order_id FROM shop.payment WHERE out_trade_no = $1)`,
      [outTradeNo],
    );
    const rise = await purchases.books(id).rise(async () => {
      await purchases.pay(begun);
      await purchases.calls(begun.which, 1);
      await begun.visitor.until(begun.order, "held");
    });
    expect(rise).toEqual({ [notified("anomaly")]: 1, [anomalies("paid-after-expiry")]: 1 });
    expect(await purchases.books(id).of(outTradeNo)).toMatchObject({
      order: "open",
      payment: "anomaly",
      deliveries: 0,
      anomalies: ["paid-after-expiry ×1"],
    });
  });

  test("that somebody repeats, alters or forges delivers nothing more", async () => {
    const books = purchases.books(id);
    const begun = await purchases.begin(id, channel);
    await purchases.pay(begun);
    await begun.visitor.until(begun.order, "delivered");
    const [first] = await purchases.calls(begun.which, 1);
    const { request } = first!;
    const sending = (callback: Callback) => async () => void answers.push(await send(callback));
    const answers: string[] = [];
    expect(await books.rise(sending(request))).toEqual({ [notified("replay")]: 1 });

    // One digit of the amount, or of what is sealed.
    const altered = (text: string) =>
      text.replace(
        /((?:amount|money)=\d*|"ciphertext":"[^"]{9})([\w+/])/,
        (_, before: string, digit: string) => before + (digit === "9" ? "8" : "9"),
      );
    const other = { ...request, url: altered(request.url), body: altered(request.body) };
    expect(other).not.toEqual(request);
    expect(await books.rise(sending(other))).toEqual({ [notified("signature")]: 1 });
    expect(await books.of(begun.which.outTradeNo)).toMatchObject({ deliveries: 1, anomalies: [] });

    const unpaid = await purchases.begin(id, channel);
    await fetch(unpaid.address); // which makes it known to the gateway
    const [order] = await lab.gateways.orders(unpaid.which);
    expect(await books.rise(sending(forged(order!, merchantFile(id, channel))))).toEqual({
      [notified("signature")]: 1,
    });
    expect(await books.of(unpaid.which.outTradeNo)).toMatchObject({ order: "open", payment: "started" });
    expect(answers).toEqual(["heard", "refused", "refused"]);
  });
});

const merchantFile = (id: string, channel: string): object =>
  (shops[id as "jia"].channels as Record<string, object>)[channel]!;

/** A callback as the gateway would send it, in every detail but whose keys it is made with. */
function forged<K extends Kind>(order: Order & { kind: K }, channel: object): Callback {
  const keys = {
    platformPrivateKey: newPrivateKey(),
    key: newSecret({ type: "text" }),
    apiV3Key: newSecret({ type: "text" }),
  };
  const merchant = { ...channel, merchant: order.merchant, ...keys } as unknown as MerchantOf<K>;
  return protocols[order.kind].callback({ ...order, paidAt: Date.now() }, merchant, new Set(), Date.now());
}

test("what is for one channel is not taken by another, though both are one merchant's", async () => {
  const begun = await purchases.begin("bing", "epay-alipay");
  await purchases.pay(begun);
  await begun.visitor.until(begun.order, "delivered");
  const [first] = await purchases.calls(begun.which, 1);
  const { search } = new URL(first!.request.url);
  const rise = await purchases.books("bing").rise(async () => {
    await lab.request("bing.substation.test", `/pay/epay-wechat/notify${search}`);
  });
  expect(rise).toEqual({
    [counters.notified("epay-wechat", "anomaly")]: 1,
    [counters.anomalies("channel")]: 1,
  });
  expect(await purchases.books("bing").of(begun.which.outTradeNo)).toMatchObject({
    order: "delivered",
    payment: "paid",
    deliveries: 1,
    anomalies: ["channel ×1"],
  });
});

test("an order that is paid through two channels is delivered once, and the second payment is for people", async () => {
  const begun = await purchases.begin("jia", "alipay");
  const second = await begun.visitor.start(begun.order, "wechat");
  await purchases.pay(begun);
  await begun.visitor.until(begun.order, "delivered");
  const rise = await purchases.books("jia").rise(async () => {
    await begun.visitor.payAt(second);
    const { outTradeNo } = (await begun.visitor.page(begun.order)).payments["wechat"]!;
    await purchases.calls({ ...purchases.merchant("jia", "wechat"), outTradeNo }, 1);
  });
  expect(rise).toEqual({
    [counters.notified("wechat", "anomaly")]: 1,
    [counters.anomalies("paid-twice")]: 1,
  });
  const { state, payments } = await begun.visitor.page(begun.order);
  const states = [state, payments["alipay"]!.state, payments["wechat"]!.state];
  expect(states).toEqual(["delivered", "paid", "anomaly"]);
  expect(await purchases.books("jia").of(begun.which.outTradeNo)).toMatchObject({
    deliveries: 1,
    anomalies: ["paid-twice ×1"],
  });
});

test.each([
  ["500", { answerStatus: 500 }],
  ["slow, over the shop's 5 s", { answerDelaySeconds: 6 }],
] as const)(
  "a gateway whose answers are %s: the buyer is told, and tries again with the same payment",
  async (_, how) => {
    const merchant = purchases.merchant("jia", "wechat");
    const visitor = purchases.visitor("jia");
    const order = await visitor.order((await visitor.goods())[0]!);
    await lab.gateways.misbehave(merchant, how);
    const rise = await purchases.books("jia").rise(async () => {
      const { status, body } = await visitor.choose(order, "wechat");
      expect([status, body]).toEqual([502, expect.stringContaining("支付通道暂时没有响应")]);
    });
    expect(rise).toEqual({ [counters.payments("wechat", "start-failed")]: 1 });
    const before = await visitor.page(order);
    expect([before.state, [...before.offers].sort()]).toEqual(["open", ["alipay", "wechat"]]);
    await lab.gateways.misbehave(merchant, {});
    await visitor.payAt(await visitor.start(order, "wechat"));
    const { payments } = await visitor.until(order, "delivered");
    expect(payments["wechat"]!.outTradeNo).toBe(before.payments["wechat"]!.outTradeNo);
  },
);

test("a module that is switched off sells nothing and keeps its data; on again, it goes on where it was", async () => {
  const [visitor, books] = [purchases.visitor("bing"), purchases.books("bing")];
  const sold = async () => (await visitor.goods()).map(({ id, module }) => `${module} ${id}`);
  const data = () =>
    books.rows(
      `SELECT (SELECT jsonb_agg(g ORDER BY id) FROM shop.goods g) AS goods, (SELECT jsonb_agg(c ORDER BY id) FROM shop.card c) AS cards,
         (SELECT jsonb_agg(i ORDER BY kind, key) FROM shop.initial_item i) AS items, (SELECT jsonb_agg(o ORDER BY id) FROM shop.orders o) AS orders`,
    );
  const onSale = await sold();
  await books.rows(
    "UPDATE shop.goods SET title = '自己改过', main_price = main_price + 100 WHERE id = (SELECT min(id) FROM shop.goods WHERE module = 'gameCards')",
  );
  const before = await data();
  const { gameCards, phoneTopUp } = shops.bing.modules;
  const off = { gameCards: { ...gameCards, enabled: false }, phoneTopUp };
  lab.write(group, "bing", { ...shops.bing, modules: off });
  await lab.up(group);
  expect(await sold()).toEqual(onSale.filter((goods) => !goods.startsWith("gameCards")));
  const hidden = onSale[0]!.replace("gameCards ", "");
  expect((await lab.get(visitor.host, `/goods/${hidden}`)).status).toBe(404);
  await expect(visitor.order({ id: hidden })).rejects.toThrow("it answered with 404");
  expect(await data()).toEqual(before);

  lab.write(group, "bing", shops.bing);
  await lab.up(group);
  expect(await sold()).toEqual(onSale);
  expect(await data()).toEqual(before);
  expect((await lab.get(visitor.host)).body).toContain("自己改过");
});

test("a gateway that never calls is asked, and what was paid is delivered", async () => {
  for (const { visitor, order, which } of unheard) {
    await visitor.until(order, "delivered", 100);
    expect((await lab.gateways.orders(which))[0]!.callbacks).toEqual([]);
    expect(await purchases.books("ding").of(which.outTradeNo)).toMatchObject({
      deliveries: 1,
      anomalies: [],
    });
  }
});
