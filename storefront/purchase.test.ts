import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { canaries } from "./testing/secrets";
import { buy, gameCards, openTestShop, testChannel, topUp, type TestShop } from "./testing/shop";

jest.setTimeout(60_000);
let dir: string;
let postgres: TestPostgres;
let shop: TestShop;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-buy-"));
  postgres = await startPostgres();
  shop = await openTestShop(dir, postgres, "ss_buy", {
    modules: { ...gameCards, ...topUp },
    channels: {
      zfb: testChannel("zfb"),
      wx: testChannel("wx", { weight: 9 }),
      real: testChannel("real", { sandbox: false }),
      small: testChannel("small", { maximum: 5_000 }),
      left: testChannel("left", { title: "一对", minimum: 10_000 }),
      right: testChannel("right", { title: "一对", minimum: 10_000 }),
      off: testChannel("off", { enabled: false }),
    },
  });
});
afterAll(async () => {
  await shop.close();
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

const order = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  shop.post(
    "/orders",
    new URLSearchParams({ goods: "1", quantity: "1", contact: "a@b.cn", ...fields }).toString(),
    headers,
  );

test("the database itself takes no order below what the goods cost", async () => {
  const insert = (amount: number) =>
    shop.admin.query(
      `INSERT INTO shop.orders (token, goods_id, module, title, main_price, amount, contact, expires_at)
       SELECT md5(random()::text), id, module, title, 4850, $1, 'a@b.cn', now() FROM shop.goods LIMIT 1 RETURNING id`,
      [amount],
    );
  await expect(insert(4849)).rejects.toMatchObject({ code: "23514", table: "orders" }); // check_violation
  const { rows } = await insert(4850);
  await shop.admin.query("DELETE FROM shop.orders WHERE id = $1", [(rows[0] as { id: string }).id]);
});

test("from the home page to the code: a card is bought, and a repeated notify changes nothing", async () => {
  const home = await shop.get("/");
  expect(home.body).toMatch(/<h3>游戏点卡<\/h3>.*Steam 钱包充值卡 50\.00 元.*<strong>¥55\.78<\/strong>/); // 48.50 + 15%, half up
  const path = /<a href="(\/goods\/\d+)">Steam 钱包充值卡 50\.00 元/.exec(home.body)![1]!;
  expect((await shop.get(path)).body).toContain('<form method="post" action="/orders">');

  const ordered = await order({ goods: path.replace("/goods/", "") });
  expect(ordered.status).toBe(303);
  const here = String(ordered.headers["location"]);
  expect(here).toMatch(/^\/orders\/[0-9a-f]{32}$/);
  const offered = [...(await shop.get(here)).body.matchAll(/name="channel" value="([a-z]+)"/g)].map(
    (m) => m[1],
  );
  expect(offered).toEqual(["wx", "zfb"]); // not: off, small (above its maximum), real (no real card in stock)

  const paying = await shop.post(`${here}/pay`, "channel=zfb", { "x-forwarded-for": "1.1.1.1, 2.2.2.2" });
  const [start] = shop.fakes["zfb"]!.started;
  expect(start).toMatchObject({
    outTradeNo: expect.stringMatching(/^[0-9a-z]{32}$/) as string,
    amountFen: 5578,
    subject: "Steam 钱包充值卡 50.00 元",
    notifyUrl: "http://mengxiang.substation.test:8080/pay/zfb/notify",
    clientIp: "2.2.2.2",
  });
  const { outTradeNo } = start!;
  expect(paying).toMatchObject({
    status: 303,
    headers: { location: `https://gateway.test/pay?no=${outTradeNo}` },
  });
  const [cookie] = paying.headers["set-cookie"] as string[];
  expect(cookie).toBe(`order=${here.slice(8)}; Path=/pay/zfb/return; Max-Age=1800; HttpOnly; SameSite=Lax`);
  expect(await shop.get("/pay/zfb/return?x=1", { cookie: `a=b; ${cookie!.split(";")[0]}` })).toMatchObject({
    status: 303,
    headers: { location: here },
  });
  expect((await shop.get("/pay/zfb/return")).body).toContain("请回到您的订单页面");

  expect((await shop.get(here)).body).not.toContain("SAMPLE-");
  for (let i = 0; i < 3; i++)
    expect(await shop.notify("zfb", { outTradeNo, amountFen: 5578 })).toMatchObject({
      status: 200,
      body: "success",
    });
  const done = await shop.get(here);
  expect(done.body).toContain("<code>SAMPLE-STEAM-5000-0001</code>");
  expect(done.body).not.toContain("<form");
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.delivery")).toEqual([{ n: 1 }]);
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.card WHERE sold_at IS NOT NULL")).toEqual([
    { n: 1 },
  ]);
  const metrics = await shop.metrics();
  for (const line of [
    'payments_total{channel="zfb",result="started"} 1',
    'payments_total{channel="zfb",result="paid"} 1',
    'notify_total{channel="zfb",result="paid"} 1',
    'notify_total{channel="zfb",result="replay"} 2',
    'http_requests_total{route="/orders/:token/pay",status="303"} 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect((await shop.post(`${here}/pay`, "channel=wx")).headers["location"]).toBe(here); // not paid for twice
  expect(shop.fakes["wx"]!.started).toEqual([]);
});

test("a top-up has a receipt, and an address for an app is shown as text that outlives a refresh", async () => {
  const wx = shop.fakes["wx"]!;
  wx.answerStart = () => ({ kind: "code", url: "weixin://wxpay/bizpayurl?pr=abc" });
  const { token, outTradeNo, amountFen } = await buy(shop, "wx", "话费", "13800138000");
  expect(amountFen).toBe(3416); // 29.70 + 15% = 34.155
  for (let i = 0; i < 2; i++)
    expect((await shop.get(`/orders/${token}`)).body).toContain(
      "<code>weixin://wxpay/bizpayurl?pr=abc</code>",
    );
  await shop.post(`/orders/${token}/pay`, "channel=wx");
  expect(wx.started.map((payment) => payment.outTradeNo)).toEqual([outTradeNo, outTradeNo]); // the same payment
  await shop.notify("wx", { outTradeNo, amountFen });
  const { body } = await shop.get(`/orders/${token}`);
  expect(body).toMatch(/充值受理单号.*<code>SAMPLE-[0-9A-F]{32}<\/code>/);
  expect(body).not.toContain("weixin:");
});

test("twenty notifies at once deliver one card, and all are told success", async () => {
  const before = await shop.rows<{ n: number }>(
    "SELECT count(*)::int AS n FROM shop.card WHERE sold_at IS NOT NULL",
  );
  const { outTradeNo, amountFen, token } = await buy(shop, "zfb");
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => shop.notify("zfb", { outTradeNo, amountFen })),
  );
  expect(new Set(replies.map((reply) => reply.body))).toEqual(new Set(["success"]));
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.card WHERE sold_at IS NOT NULL")).toEqual([
    { n: before[0]!.n + 1 },
  ]);
  expect((await shop.get(`/orders/${token}`)).body).toContain("已完成");
});

test("twenty buyers at once get twenty different cards", async () => {
  const bought = [];
  for (let i = 0; i < 20; i++) bought.push(await buy(shop, "zfb", "100.00"));
  await Promise.all(bought.map(({ outTradeNo, amountFen }) => shop.notify("zfb", { outTradeNo, amountFen })));
  const bodies = await Promise.all(bought.map(({ token }) => shop.get(`/orders/${token}`)));
  const codes = bodies.map(({ body }) => /<code>(SAMPLE-STEAM-10000-\d+)<\/code>/.exec(body)?.[1]);
  expect(codes).not.toContain(undefined);
  expect(new Set(codes).size).toBe(20);
});

test("real money never buys a sample code, a sandbox never a real one", async () => {
  await shop.rows(
    "INSERT INTO shop.card (goods_id, code) SELECT id, 'REAL-1' FROM shop.goods WHERE title LIKE '%50.00%'",
  );
  const [play, real] = [await buy(shop, "zfb"), await buy(shop, "real")];
  await shop.notify("zfb", play);
  await shop.notify("real", real);
  expect((await shop.get(`/orders/${play.token}`)).body).toContain("<code>SAMPLE-");
  expect((await shop.get(`/orders/${real.token}`)).body).toContain("<code>REAL-1</code>");
  await expect(buy(shop, "real")).rejects.toThrow("no payment: 409"); // sold out for it
});

test("a gateway that fails leaves the order open for another channel", async () => {
  shop.fakes["wx"]!.answerStart = () => {
    throw new Error("HTTP 500");
  };
  await expect(buy(shop, "wx")).rejects.toThrow(/no payment: 502 [^]*支付通道暂时没有响应/);
  for (const url of ["javascript:alert(1)", "https://gateway.test/支付", "https://gateway.test/\u0001"])
    for (const kind of ["redirect", "code"] as const) {
      shop.fakes["wx"]!.answerStart = () => ({ kind, url });
      await expect(buy(shop, "wx")).rejects.toThrow("no payment: 502");
    }
  const [{ token }] = (await shop.rows<{ token: string }>(
    "SELECT token FROM shop.orders ORDER BY id DESC LIMIT 1",
  )) as [{ token: string }];
  expect((await shop.post(`/orders/${token}/pay`, "channel=zfb")).status).toBe(303);
});

test("an answer that cannot be sent ends its connection, and nothing else", async () => {
  const fake = shop.fakes["zfb"]!;
  fake.readNotify = () =>
    Promise.resolve({ ok: false, reason: "malformed", answer: { status: 200, type: "text/支付", body: "" } });
  try {
    await expect(shop.get("/pay/zfb/notify")).rejects.toThrow("socket hang up");
  } finally {
    Reflect.deleteProperty(fake, "readNotify"); // its class has the real one
  }
  expect((await shop.get("/")).status).toBe(200);
  expect(shop.logs.filter((line) => line.includes("an answer could not be sent"))).toHaveLength(1);
});

test("a visitor who hangs up while he sends is no failure of the shop", async () => {
  const before = shop.logs.length;
  const sending = request({ host: "127.0.0.1", port: shop.port(), path: "/pay/zfb/notify", method: "POST" });
  sending.on("error", () => undefined); // it is we who hang up
  sending.setHeader("content-length", 100);
  sending.write("half of it");
  await once(sending, "socket").then(([socket]) => once(socket as Socket, "connect"));
  await sleep(100);
  sending.destroy();
  const line = 'http_requests_total{route="/pay/:channel/notify",status="400"} 1\n';
  for (let tries = 0; !(await shop.metrics()).includes(line); tries++) {
    expect(tries).toBeLessThan(50);
    await sleep(20);
  }
  expect(shop.logs.slice(before)).toEqual([]);
});

test("of channels with one title a buyer sees one, always the same, and another one when it fails", async () => {
  const [goods] = await shop.rows<{ id: string }>("SELECT id FROM shop.goods WHERE title LIKE '%100.00%'");
  const ordered = await order({ goods: goods!.id });
  const here = String(ordered.headers["location"]);
  const offered = (body: string) =>
    [...body.matchAll(/name="channel" value="(left|right)"/g)].map(([, id]) => id!);
  const [first] = offered((await shop.get(here)).body);
  for (let look = 0; look < 3; look++) expect(offered((await shop.get(here)).body)).toEqual([first]);
  const fake = shop.fakes[first!]!;
  const { answerStart } = fake;
  fake.answerStart = () => {
    throw new Error("HTTP 500");
  };
  const failed = await shop.post(`${here}/pay`, `channel=${first}`);
  fake.answerStart = answerStart;
  const second = first === "left" ? "right" : "left";
  expect([failed.status, offered(failed.body)]).toEqual([502, [second]]);
  expect((await shop.post(`${here}/pay`, `channel=${second}`)).status).toBe(303);
});

test("what is not a form of the shop's own is refused, each for its reason", async () => {
  const own = "http://mengxiang.substation.test:8080";
  expect((await order({}, { origin: own, "sec-fetch-site": "same-origin" })).status).toBe(303);
  expect((await order({}, { origin: "http://evil.test" })).status).toBe(403);
  expect((await order({}, { origin: "null" })).status).toBe(403);
  expect((await order({}, { "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await order({}, { "content-type": "text/plain" })).status).toBe(403);
  expect((await order({ contact: "x".repeat(5000) })).status).toBe(413);
  expect((await shop.post("/pay/zfb/notify", "x".repeat(70_000))).status).toBe(413);
  expect(await order({ contact: `"><b>` })).toMatchObject({
    status: 422,
    body: expect.stringContaining('value="&quot;&gt;&lt;b&gt;"') as string,
  });
  expect((await order({ quantity: "2" })).status).toBe(400);
  expect((await order({ goods: "999" })).status).toBe(404);
  expect((await shop.get(`/orders/${"0".repeat(32)}`)).status).toBe(404);
  expect((await shop.get("/orders")).headers["allow"]).toBe("POST");
  expect((await shop.post("/", "")).headers["allow"]).toBe("GET, HEAD");
  const [{ token }] = (await shop.rows<{ token: string }>(
    "SELECT token FROM shop.orders WHERE state = 'delivered'",
  )) as [{ token: string }];
  expect((await shop.post(`/orders/${token}/pay`, "channel=off")).status).toBe(303); // delivered: its page says so
});

test("a visitor who orders without end is held back, and others are not", async () => {
  const hurried = { "x-forwarded-for": "9.9.9.9" };
  const statuses = [];
  for (let i = 0; i < 22; i++) statuses.push((await order({}, hurried)).status);
  expect(statuses.filter((status) => status === 303).length).toBeGreaterThanOrEqual(20);
  expect(statuses.at(-1)).toBe(429);
  expect((await order({}, { "x-forwarded-for": "8.8.8.8" })).status).toBe(303);
});

test("both methods reach a notify URL, a channel that is off is still heard, an unknown one is no page", async () => {
  expect(await shop.get("/pay/zfb/notify")).toMatchObject({ status: 200, body: "fail" });
  expect(await shop.post("/pay/off/notify", "")).toMatchObject({ status: 200, body: "fail" });
  expect(await shop.notify("zfb", { sign: "bad", outTradeNo: "x", amountFen: 1 })).toMatchObject({
    body: "fail",
  });
  expect((await shop.get("/pay/nobody/notify")).status).toBe(404);
  const metrics = await shop.metrics();
  expect(metrics).toContain('notify_total{channel="zfb",result="signature"} 1\n');
  expect(metrics).toContain('notify_total{channel="none",result="unknown-channel"} 1\n');
});

test("no code, secret or contact was logged", () => {
  const all = shop.logs.join("\n");
  expect(all).toContain("a payment could not be started");
  for (const secret of [...canaries, "SAMPLE-", "REAL-1", "a@b.cn", "13800138000"])
    expect(all).not.toContain(secret);
});
