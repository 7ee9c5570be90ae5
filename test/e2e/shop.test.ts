import type { Attempt, Misbehaviour } from "../../local/gateways/types";
import { until } from "../../local/process";
import { Books, merchantOf } from "./books";
import { Buyer, sandboxChannel, type Goods, type OrderPage } from "./buyer";
import { Lab } from "./lab";

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
} as const;
type ShopId = keyof typeof shops;
const channelsOf = (id: ShopId): Readonly<Record<string, object>> => shops[id].channels;
const ids = Object.keys(shops) as ShopId[];
const everyChannel = ids.flatMap((id) =>
  Object.keys(channelsOf(id)).map((channel) => [id, channel] as const),
);
/** One for each way of signing. */
const everyProtocol = everyChannel.filter(([, channel]) => channel !== "epay-wechat");

let lab: Lab;
const books = (id: ShopId) => new Books(lab, group, id);
/** A payment that was started, and that nobody has paid yet. */
interface Begun {
  readonly id: ShopId;
  readonly channel: string;
  readonly visitor: Buyer;
  readonly order: string;
  readonly goods: Goods;
  /** The sandbox's page. */
  readonly address: string;
  readonly which: ReturnType<typeof merchantOf> & { readonly outTradeNo: string };
}
/** Found by query, since their gateways never call. */
const silent: Begun[] = [];

beforeAll(async () => {
  lab = await Lab.open({ prefix: "shop" });
  for (const id of ids) lab.write(group, id, shops[id]);
  await lab.ensureStack(group);
  for (const id of ids) await lab.sandbox(id);
  await lab.up(group);
  for (const [id, channel] of everyProtocol) {
    const begun = await begin(id, channel);
    silent.push(begun);
    await pay(begun, { callbacks: 0 });
  }
});
afterAll(() => lab.close());

const visitorOf = (id: ShopId) => new Buyer(lab, `${id}.substation.test`);

async function begin(id: ShopId, channel: string): Promise<Begun> {
  const visitor = visitorOf(id);
  const [goods] = await visitor.goods();
  const order = await visitor.order(goods!);
  const address = await visitor.start(order, channel);
  return {
    id,
    channel,
    visitor,
    order,
    goods: goods!,
    address,
    which: await whichOf(visitor, order, id, channel),
  };
}

async function whichOf(visitor: Buyer, order: string, id: ShopId, channel: string): Promise<Begun["which"]> {
  const { outTradeNo } = (await visitor.page(order)).payments[channel]!;
  return { ...merchantOf(channelsOf(id)[channel]!), outTradeNo };
}

async function pay({ visitor, address, which }: Begun, how: Misbehaviour = {}): Promise<void> {
  await lab.gateways.misbehave(which, how);
  await visitor.payAt(address);
}

/** The gateway's calls for a payment so far; it waits for as many as there are to be. */
async function calls({ which }: Pick<Begun, "which">, least: number): Promise<readonly Attempt[]> {
  let seen: readonly Attempt[] = [];
  const came = await until(async () => {
    seen = (await lab.gateways.orders(which))[0]?.callbacks ?? [];
    return seen.length >= least;
  }, 15_000);
  if (!came) throw new Error(`${seen.length} callbacks of ${which.outTradeNo}, not ${least}`);
  return seen;
}

const notified = (channel: string, result: string) => `notify_total{channel="${channel}",result="${result}"}`;
const paidBy = (channel: string) => `payments_total{channel="${channel}",result="paid"}`;
const anomalies = (kind: string) => `anomalies_total{kind="${kind}"}`;

describe("opened from files alone", () => {
  test("each shop lists the goods of its own modules, and offers its own channels", async () => {
    const listed = ids.map(async (id) => {
      const visitor = visitorOf(id);
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
    const visitor = visitorOf(id);
    for (const goods of await visitor.goods()) {
      const { delivered, payments } = await visitor.buy(goods, channel);
      const { outTradeNo } = payments[channel]!;
      const entry = { order: "delivered", payment: "paid", whole: true, deliveries: 1, anomalies: [] };
      expect(await books(id).of(outTradeNo)).toEqual({ ...entry, code: delivered });
      expect(delivered).toMatch(/^SAMPLE-/);
      const at = (await lab.gateways.orders({ ...merchantOf(channelsOf(id)[channel]!), outTradeNo }))[0]!;
      expect([at.amountFen, new URL(at.notifyUrl).pathname]).toEqual([goods.fen, `/pay/${channel}/notify`]);
    }
    const sold = await books(id).rows(
      "SELECT code FROM shop.card JOIN shop.delivery ON card_id = card.id GROUP BY code HAVING count(*) > 1",
    );
    expect(sold).toEqual([]);
  });

  test("to register the merchants again changes nothing", async () => {
    for (const id of ids) {
      const { merchants } = await lab.sandbox(id);
      expect(merchants.map(({ registered, stored }) => [registered, stored])).toEqual(
        merchants.map(() => ["known", []]),
      );
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

const misbehaviours: Readonly<Record<string, Case>> = {
  "that is late is waited for": {
    how: { callbackDelaySeconds: 0.5 },
    state: "delivered",
    notified: { paid: 1 },
  },
  "that comes twice delivers once": {
    how: { callbacks: 2 },
    state: "delivered",
    notified: { paid: 1, replay: 1 },
  },
  "that comes 20 times at once delivers once": {
    how: { callbacks: 20 },
    state: "delivered",
    notified: { paid: 1, replay: 19 },
  },
  "of another amount delivers nothing": {
    how: { wrong: ["amount"] },
    state: "held",
    notified: { anomaly: 1 },
    anomaly: "amount",
  },
  "for another merchant delivers nothing": {
    how: { wrong: ["merchant"] },
    state: "held",
    notified: { anomaly: 1 },
    anomaly: "merchant",
  },
};

describe.each(everyProtocol)("%s, by %s: a callback", (id, channel) => {
  test.each(Object.entries(misbehaviours))("%s", async (_, { how, state, notified: results, anomaly }) => {
    const begun = await begin(id, channel);
    const rise = await books(id).rise(async () => {
      await pay(begun, how);
      const total = Object.values(results).reduce((a, b) => a + b);
      const made = await calls(begun, total);
      expect(made.map(({ acknowledged }) => acknowledged)).toEqual(Array(total).fill(true));
      await begun.visitor.until(begun.order, state);
    });
    expect(rise).toEqual({
      ...Object.fromEntries(Object.entries(results).map(([result, n]) => [notified(channel, result), n])),
      ...(anomaly ? { [anomalies(anomaly)]: 1 } : { [paidBy(channel)]: 1 }),
    });
    const { outTradeNo } = begun.which;
    expect(await books(id).of(outTradeNo)).toMatchObject(
      anomaly
        ? { order: "open", payment: "anomaly", deliveries: 0, anomalies: [`${anomaly} ×1`] }
        : { order: "delivered", payment: "paid", deliveries: 1, anomalies: [] },
    );
  });

  // An epay's form may be posted: the same parameters, the same signature.
  const refused = channel.startsWith("epay") ? (["signature"] as const) : (["signature", "method"] as const);
  test(`with a wrong ${refused.join(", or by another ")} is refused; the right one that follows delivers`, async () => {
    const rise = await books(id).rise(async () => {
      await Promise.all(
        refused.map(async (wrong) => {
          const begun = await begin(id, channel);
          await pay(begun, { wrong: [wrong] });
          const [first] = await calls(begun, 1);
          expect([first!.acknowledged, first!.body?.toLowerCase()]).toEqual([
            false,
            expect.stringContaining("fail"),
          ]);
          expect((await begun.visitor.page(begun.order)).state).toBe("open");
          await lab.gateways.misbehave(begun.which, {});
          await begun.visitor.until(begun.order, "delivered");
          expect(await books(id).of(begun.which.outTradeNo)).toMatchObject({ deliveries: 1, anomalies: [] });
        }),
      );
    });
    for (const wrong of refused)
      expect(rise[notified(channel, wrong === "method" ? "malformed" : wrong)]).toBeGreaterThanOrEqual(1);
    expect(rise[paidBy(channel)]).toBe(refused.length);
  });

  test("that comes before the gateway's answer delivers", async () => {
    const merchant = merchantOf(channelsOf(id)[channel]!);
    await lab.gateways.misbehave(merchant, { callbackBeforeAnswer: true });
    const visitor = visitorOf(id);
    const order = await visitor.order((await visitor.goods())[0]!);
    const { headers } = await visitor.choose(order, channel);
    if (headers.location !== order) expect(await (await fetch(headers.location!)).text()).toContain("已支付");
    await lab.gateways.misbehave(merchant, {});
    const { payments } = await visitor.until(order, "delivered");
    expect(await books(id).of(payments[channel]!.outTradeNo)).toMatchObject({ deliveries: 1, anomalies: [] });
  });

  test("after the order's time is over delivers nothing", async () => {
    const begun = await begin(id, channel);
    const { outTradeNo } = begun.which;
    // The clock cannot be turned; the order's time can.
    await books(id).rows(
      `UPDATE shop.orders SET expires_at = now() - interval '1 minute'
       WHERE id = (SELECT order_id FROM shop.payment WHERE out_trade_no = $1)`,
      [outTradeNo],
    );
    const rise = await books(id).rise(async () => {
      await pay(begun);
      await calls(begun, 1);
      await begun.visitor.until(begun.order, "held");
    });
    expect(rise).toEqual({ [notified(channel, "anomaly")]: 1, [anomalies("paid-after-expiry")]: 1 });
    expect(await books(id).of(outTradeNo)).toMatchObject({
      ...{ order: "open", payment: "anomaly", deliveries: 0, anomalies: ["paid-after-expiry ×1"] },
    });
  });

  test("that is repeated, altered, or sent to another channel or shop by somebody delivers nothing more", async () => {
    const begun = await begin(id, channel);
    await pay(begun);
    await begun.visitor.until(begun.order, "delivered");
    const [{ request }] = (await calls(begun, 1)) as [Attempt];
    const { pathname, search } = new URL(request.url);
    const send = async (shop: ShopId, target: string, body: string) => {
      const { status, body: said } = await lab.request(`${shop}.substation.test`, target, {
        ...request,
        body,
      });
      return [status, said.toLowerCase()];
    };
    const heard = [expect.any(Number), expect.not.stringContaining("fail")];
    const refused = [expect.any(Number), expect.stringContaining("fail")];
    const at = books(id);
    expect(
      await at.rise(async () => expect(await send(id, pathname + search, request.body)).toEqual(heard)),
    ).toEqual({
      [notified(channel, "replay")]: 1,
    });
    // One digit of the amount, or of what is sealed.
    const altered = (text: string) =>
      text.replace(
        /((?:amount|money)=\d*|"ciphertext":"[^"]{9})([\w+/])/,
        (_, a, b) => `${a}${b === "9" ? "8" : "9"}`,
      );
    expect([altered(search), altered(request.body)]).not.toEqual([search, request.body]);
    expect(
      await at.rise(async () =>
        expect(await send(id, pathname + altered(search), altered(request.body))).toEqual(refused),
      ),
    ).toEqual({ [notified(channel, "signature")]: 1 });
    // Nothing but the address differs: the key is no merchant's of the other shop, or the payment none of its own.
    const [other, elsewhere] =
      everyChannel.find(([shop, one]) => shop !== id && kindOf(shop, one) === kindOf(id, channel)) ?? [];
    if (other && elsewhere) {
      await send(other, `/pay/${elsewhere}/notify${search}`, request.body);
      const found = await books(other).rows("SELECT FROM shop.payment WHERE out_trade_no = $1", [
        begun.which.outTradeNo,
      ]);
      expect(found).toEqual([]);
    }
    expect(await at.of(begun.which.outTradeNo)).toMatchObject({
      order: "delivered",
      deliveries: 1,
      anomalies: [],
    });
  });
});

const kindOf = (id: ShopId, channel: string) => merchantOf(channelsOf(id)[channel]!).kind;

test("two channels of one merchant: what is for the one is not taken by the other", async () => {
  const begun = await begin("bing", "epay-alipay");
  await pay(begun, { callbacks: 0 });
  const { request } = await lab.gateways.notify(begun.which, { wrong: ["signature"] }); // which nobody takes
  expect((await begun.visitor.page(begun.order)).state).toBe("open");
  const { request: right } = await lab.gateways.notify(begun.which);
  expect(right.url).not.toBe(request.url);
  const { search } = new URL(right.url);
  const rise = await books("bing").rise(async () => {
    await lab.request("bing.substation.test", `/pay/epay-wechat/notify${search}`);
  });
  expect(rise).toEqual({ [notified("epay-wechat", "anomaly")]: 1, [anomalies("channel")]: 1 });
  expect(await books("bing").of(begun.which.outTradeNo)).toMatchObject({
    ...{ order: "delivered", payment: "paid", deliveries: 1, anomalies: ["channel ×1"] },
  });
});

test("an order that is paid through two channels is delivered once, and the second payment is for people", async () => {
  const begun = await begin("jia", "alipay");
  const second = await begun.visitor.start(begun.order, "wechat");
  await pay(begun);
  await begun.visitor.until(begun.order, "delivered");
  const rise = await books("jia").rise(async () => {
    await begun.visitor.payAt(second);
    await calls({ which: await whichOf(begun.visitor, begun.order, "jia", "wechat") }, 1);
  });
  expect(rise).toEqual({ [notified("wechat", "anomaly")]: 1, [anomalies("paid-twice")]: 1 });
  const { state, payments } = await begun.visitor.page(begun.order);
  expect([state, payments["alipay"]!.state, payments["wechat"]!.state]).toEqual([
    "delivered",
    "paid",
    "anomaly",
  ]);
  expect(await books("jia").of(begun.which.outTradeNo)).toMatchObject({
    ...{ deliveries: 1, anomalies: ["paid-twice ×1"] },
  });
});

test.each([
  ["500", { answerStatus: 500 }],
  ["slow, over the shop's 5 s", { answerDelaySeconds: 6 }],
] as const)(
  "a gateway whose answers are %s: the buyer is told, and tries again with the same payment",
  async (_, how) => {
    const merchant = merchantOf(shops.jia.channels.wechat);
    const visitor = visitorOf("jia");
    const order = await visitor.order((await visitor.goods())[0]!);
    await lab.gateways.misbehave(merchant, how);
    const rise = await books("jia").rise(async () => {
      expect(await visitor.choose(order, "wechat")).toMatchObject({
        ...{ status: 502, body: expect.stringContaining("支付通道暂时没有响应") as string },
      });
    });
    expect(rise).toEqual({ ['payments_total{channel="wechat",result="start-failed"}']: 1 });
    const before = await visitor.page(order);
    expect([before.state, [...before.offers].sort()]).toEqual(["open", ["alipay", "wechat"]]);
    await lab.gateways.misbehave(merchant, {});
    await visitor.payAt(await visitor.start(order, "wechat"));
    const { payments } = await visitor.until(order, "delivered");
    expect(payments["wechat"]!.outTradeNo).toBe(before.payments["wechat"]!.outTradeNo);
  },
);

test("a module that is switched off sells nothing and keeps its data; on again, it goes on where it was", async () => {
  const visitor = visitorOf("bing");
  const sold = async () => (await visitor.goods()).map(({ id, module }) => `${module} ${id}`);
  // Without what is sold meanwhile: a gateway that never calls is asked at any time.
  const data = () =>
    books("bing").rows(
      `SELECT (SELECT jsonb_agg(g ORDER BY id) FROM shop.goods g) AS goods, (SELECT jsonb_agg(to_jsonb(c) - 'sold_at' ORDER BY id) FROM shop.card c) AS cards,
         (SELECT jsonb_agg(i ORDER BY kind, key) FROM shop.initial_item i) AS items`,
    );
  const onSale = await sold();
  await books("bing").rows(
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
  for (const { id, visitor, order, which } of silent) {
    await visitor.until(order, "delivered", 100);
    expect((await lab.gateways.orders(which))[0]!.callbacks).toEqual([]);
    expect(await books(id).of(which.outTradeNo)).toMatchObject({ deliveries: 1, anomalies: [] });
  }
});
