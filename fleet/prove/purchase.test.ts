import { createHash } from "node:crypto";
import { channelKinds } from "../../config/channels";
import type { ChannelSpec } from "../../config/channels/types";
import { proofSchema } from "../../config/proof";
import { Failed, Ledger, type Seen } from "./ledger";
import { purchase, type Purchasing } from "./purchase";
import { checkReady, probeNotify, readGoods } from "./shop";
import { testBed, testChannel, type Faults, type TestBed } from "./testing";

/** The pages are the reference shop's own; what is behind them is not: that is test/e2e/prove.test.ts. */
const alipay = testChannel("alipay");
const wechat = testChannel("wechat");
const real = testChannel("real", { sandbox: false });
let bed: TestBed;
beforeAll(async () => {
  bed = await testBed([alipay, wechat, real], ["gameCards", "phoneTopUp"]);
});
beforeEach(() => {
  bed.faults = {};
  bed.asked.length = bed.contacts.length = 0;
});
afterAll(() => bed.end());

const modules = { gameCards: { enabled: true }, phoneTopUp: { enabled: true } } as unknown as Parameters<
  typeof readGoods
>[2]["modules"];
const spec = (on: object = modules) => ({ modules: on }) as Parameters<typeof readGoods>[2];
const listed = () => readGoods(bed.visitor, bed.home, spec());

async function buy(channel: ChannelSpec, faults: Faults = {}, more: Partial<Purchasing> = {}) {
  bed.faults = faults;
  const { visitor, home, sandboxGateway } = bed;
  const enabled = ["alipay", "wechat", "real"];
  return await purchase(
    { visitor, home, sandboxGateway, goods: await listed(), enabled, wait: 300, ...more },
    channel,
  );
}

/** What it failed with. */
async function failure(work: Promise<unknown>): Promise<Failed> {
  const error: unknown = await work.then(
    () => new Error("it went well"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failed)) throw error as Error;
  return error;
}

const begun = {
  goods: "游戏点卡 & 样品",
  amountFen: 1000,
  gateway: expect.any(String) as string,
  outTradeNo: "f".repeat(32),
};
const delivered = {
  gatewayState: "paid",
  deliveredAfter: expect.any(Number) as number,
  delivered: { kind: "card", sha256: createHash("sha256").update("SAMPLE-1").digest("hex") },
};

test("the cheapest article is bought: ordered, paid at the sandbox's page, and seen delivered", async () => {
  const seen = await buy(alipay);
  expect(seen.what).toMatch(/^游戏点卡 & 样品 for 10\.00 yuan: a card \d+ ms after the payment$/);
  expect(seen.purchase).toEqual({ ...begun, ...delivered, gateway: bed.sandboxGateway });
  expect(bed.contacts).toEqual(["proof@substation.invalid"]);
  expect(bed.asked.slice(1, 11)).toEqual([
    "GET /goods/1",
    "POST /orders",
    "GET /orders/*",
    "POST /orders/*/pay",
    "GET /orders/*",
    "GET /begin",
    "GET /cashier",
    "POST /cashier",
    "GET /cashier",
    "GET /cashier",
  ]);
});

test("a code for a phone is opened at the sandbox's scan page", async () => {
  expect((await buy(wechat)).purchase).toEqual({ ...begun, ...delivered, gateway: "weixin:" });
  expect(bed.asked).toContain("GET /wechatPay/scan");
});

test("a top-up is ordered for a number that nobody has, and only where nothing cheaper can be paid so", async () => {
  await buy(testChannel("alipay", { minimum: 1001 }));
  expect(bed.contacts).toEqual(["14000000000"]);
  const { message } = await failure(buy(testChannel("alipay", { minimum: 2000, maximum: 3000 })));
  expect(message).toBe("nothing that can be bought costs between 20.00 and 30.00 yuan, the limits of alipay");
});

test("with a real merchant it stops before money moves: the gateway is not visited", async () => {
  const seen = await buy(real, { gateway: "https://openapi.alipay.com" });
  expect(seen).toEqual({
    outcome: "stopped-before-payment",
    what: expect.stringContaining("was left there, unpaid. No money moved") as string,
    purchase: { ...begun, gateway: "https://openapi.alipay.com" },
  });
  expect(bed.asked.filter((line) => /begin|cashier/.test(line))).toEqual([]);
  const elsewhere = await failure(buy(real, { gateway: "https://openapi.alipay.com.example" }));
  expect(elsewhere.message).toContain(
    "the payment began at https://openapi.alipay.com.example, and the channel's gateway is",
  );
  expect((await failure(buy(real, { gateway: "http://openapi.alipay.com" }))).message).toContain(
    "http://openapi",
  );
});

test("play money goes to the platform's sandbox alone", async () => {
  const { message } = await failure(buy(alipay, { gateway: "http://127.0.0.1:9" }));
  expect(message).toBe(
    `the payment of alipay leads to http://127.0.0.1:9, not to the platform's sandbox, ${bed.sandboxGateway}`,
  );
});

test("a custom channel has a sandbox of its own, wherever that is", async () => {
  const custom = testChannel("hema", { kind: "custom", gateway: "" });
  const seen = await buy(custom, {}, { sandboxGateway: undefined });
  expect(seen.purchase).toMatchObject({ gateway: bed.sandboxGateway, gatewayState: "paid" });
  const real = await buy({ ...custom, sandbox: false }, { gateway: "https://pay.hema.example" });
  expect(real).toMatchObject({
    outcome: "stopped-before-payment",
    purchase: { gateway: "https://pay.hema.example" },
  });
});

test("a code of a custom channel that only an app can open cannot be paid by", async () => {
  const custom = testChannel("wechat", { kind: "custom", gateway: "" });
  for (const sandboxGateway of [undefined, bed.sandboxGateway]) {
    const { message, remedy, purchase: evidence } = await failure(buy(custom, {}, { sandboxGateway }));
    expect(message).toBe(
      "the payment of wechat goes on in an app: its code is weixin:, which no browser opens",
    );
    expect(remedy).toContain("docs/channel-adapter.md");
    expect(evidence).toEqual({ ...begun, gateway: "weixin:" });
  }
});

test("each way in which a purchase fails has its cause, what to do, and the evidence so far", async () => {
  const silent = await failure(buy(alipay, { paid: "open" }));
  expect(silent.message).toMatch(
    /^paid at the gateway, and the shop has not heard of it in \d+ s: the callback to \/pay\/alipay\/notify/,
  );
  expect(silent.remedy).toContain("notify_total{channel}");
  expect(silent.purchase).toEqual({ ...begun, gatewayState: "paid" });

  expect((await failure(buy(alipay, { paid: "paid" }))).message).toMatch(/^paid, and nothing handed out/);
  expect((await failure(buy(alipay, { paid: "held" }))).message).toContain("held for a person to decide");
  expect((await failure(buy(alipay, { noButton: true }))).message).toContain("cannot be paid on: 已支付");

  bed.contacts.length = 0;
  const refused = await failure(buy(alipay, { refuses: ["alipay"] }));
  expect(refused.message).toBe("the shop takes no money by alipay for what it may sell");
  expect(bed.contacts).toHaveLength(2); // one order of each module

  const broken = (_method: string, path: string) =>
    path.endsWith("/pay") ? ([502, `<p role="alert">通道没有响应</p>`] as const) : undefined;
  expect((await failure(buy(alipay, { instead: broken }))).message).toBe(
    "the payment could not be started: 通道没有响应",
  );

  const strange = await failure(buy(alipay, {}, { enabled: ["wechat"] }));
  expect(strange.message).toBe("the shop offers alipay, which the file does not switch on");
});

test("a shop that is asked too often is asked again", async () => {
  let refusals = 1;
  const instead = (method: string) =>
    method === "POST" && refusals-- > 0 ? ([429, "", { "retry-after": "60" }] as const) : undefined;
  expect((await buy(alipay, { instead })).purchase).toMatchObject(delivered);
});

test("the home page lists something of each module that is on, and of no other", async () => {
  expect((await listed()).map(({ id, module, fen, soldOut }) => [id, module, fen, soldOut])).toEqual([
    ["1", "gameCards", 1000, false],
    ["2", "phoneTopUp", 1001, false],
  ]);
  const read = (on: object) => failure(readGoods(bed.visitor, bed.home, spec(on)));
  expect((await read({})).message).toBe("no module is on, so nothing is sold");
  expect((await read({ gameCards: { enabled: true } })).message).toBe(
    "goods of phoneTopUp are listed, which the file does not switch on",
  );
  expect((await read({ ...modules, giftCards: { enabled: true } })).message).toBe(
    "nothing of giftCards is listed",
  );
  bed.faults = { instead: () => [503, "维护中"] };
  expect((await read(modules)).message).toBe("the home page is answered with 503");
});

test("a price that is no whole number of fen is a fault of the page", async () => {
  for (const price of ["10.5", "", "free"]) {
    bed.faults = { instead: () => [200, `<li data-goods="7" data-module="gameCards" data-fen="${price}">`] };
    expect((await failure(listed())).message).toBe(
      `the price of goods 7 is "${price}", and no whole number of fen`,
    );
  }
});

test("whatever a shop says, a proof can hold it, and a terminal show it", async () => {
  const ledger = new Ledger(() => undefined);
  const take = (work: () => Promise<Seen>) => ledger.take({ step: "goods" }, [], work);
  const says = (body: string, headers = {}): Faults => ({ instead: () => [200, body, headers] });

  bed.faults = { instead: () => [302, "", { location: `/${"x".repeat(3_000)}` }] };
  const notify = new URL("/pay/alipay/notify", bed.home);
  expect(
    (await take(() => probeNotify(bed.visitor, notify, "alipay", channelKinds.alipay.health))).what,
  ).toHaveLength(2000);
  bed.faults = says(`<li data-goods="7" data-module="&#27;x" data-fen="1">`);
  expect((await take(() => readGoods(bed.visitor, bed.home, spec({ "\u001bx": { enabled: true } })).then(said))).what).toBe("\\u001bx"); // prettier-ignore
  bed.faults = says("", { "x-substation-instance": "\u0085[2J" });
  expect((await take(() => checkReady(bed.visitor, bed.home, "f".repeat(64), { wait: 0 }))).what).toMatch(
    /^container \\u0085\[2J answers for /,
  );

  const order = (id: string): Faults["instead"] => (method, path) =>
    method === "GET" && /^\/orders\//.test(path) ? [200, `<p role="status" data-state="open"></p><form method="post" action="${path}/pay"><button name="channel" value="alipay"></button></form><i data-payment="real">${id}</i>`] : undefined; // prettier-ignore
  const paid = (id: string) => take(() => buy(real, { instead: order(id), gateway: `https://${"a.".repeat(1_500)}example` })); // prettier-ignore
  const { purchase: long } = await paid("7".repeat(3_000));
  expect([long?.outTradeNo, long?.gateway].map((text) => text?.length)).toEqual([2000, 2000]);
  expect((await paid(" ")).purchase).not.toHaveProperty("outTradeNo");

  expect((await take(() => Promise.reject(new Error("")))).what).toBe("no reason was given");
  expect(proofSchema.shape.steps.parse(ledger.steps)).toHaveLength(6);
});
const said = (goods: readonly { readonly module: string }[]): Seen => ({
  what: goods.map(({ module }) => module).join(),
});

test("the shop must be ready, and be the container that is meant", async () => {
  const ready = (id: string) => checkReady(bed.visitor, bed.home, id, { wait: 0 });
  const id = "0123456789ab".padEnd(64, "0");
  expect(await ready(id)).toEqual({ what: `${bed.home.host} is ready` });
  expect((await failure(ready("f".repeat(64)))).message).toBe(
    `container 0123456789ab answers for ${bed.home.host}, not ffffffffffff`,
  );
  bed.faults = { instead: () => [503, "database\n"] };
  expect((await failure(ready(id))).message).toBe(`${bed.home.host} answers /readyz with 503`);
});

test.each([
  ["a redirect to /login", [302, "", { location: "/login" }]],
  ["a page for people", [200, "<h1>Checking your browser: fail</h1>", { "content-type": "text/html" }]],
  ['no word of refusal ("fail" of alipay)', [405, "method not allowed", { "content-type": "text/plain" }]],
  ['no word of refusal ("fail" of alipay)', [404, "", {}]],
  ["a status of what is not there", [404, '{"error":"failed"}', { "content-type": "application/json" }]],
  ["a status of what is not there", [405, "fail", { "content-type": "text/plain" }]],
] as const)(
  "a notify route that answers with %s is no route for a gateway, by either method",
  async (why, answer) => {
    const probe = () =>
      probeNotify(bed.visitor, new URL("/pay/alipay/notify", bed.home), "alipay", channelKinds.alipay.health);
    expect(await probe()).toEqual({
      what: "/pay/alipay/notify refuses what is unsigned, by GET and by POST",
    });
    for (const wrong of ["GET", "POST"]) {
      bed.faults = { instead: (method) => (method === wrong ? answer : undefined) };
      const { message } = await failure(probe());
      expect(message).toBe(`${wrong} /pay/alipay/notify, unsigned, is answered with ${answer[0]}: ${why}`);
    }
  },
);
