import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { openCashier } from "./cashier";
import { loadConfig } from "./config";
import { openPool, transaction } from "./database";
import { Metrics } from "./metrics";
import { openChannels } from "./payments";
import { settle } from "./settlement";
import { sweepOnce } from "./sweep";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { initialData, later } from "./testing/initial-data";
import { type Bought, buy, gameCards, openTestShop, testChannel, topUp, type TestShop } from "./testing/shop";

jest.setTimeout(60_000);
let dir: string;
let postgres: TestPostgres;
const shops: TestShop[] = [];
const pools: Pool[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-settle-"));
  postgres = await startPostgres();
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  for (const shop of shops) await shop.close();
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

async function open(name: string, more: Record<string, unknown> = {}): Promise<TestShop> {
  const channels = { zfb: testChannel("zfb"), wx: testChannel("wx") };
  const shop = await openTestShop(dir, postgres, name, { modules: gameCards, channels, ...more });
  shops.push(shop);
  return shop;
}

/** The shop's own parts without its HTTP, as a container that starts anew has them. */
function backstage(shop: TestShop, name: string) {
  const config = loadConfig(join(dir, `${name}-app`));
  const pool = openPool(config.database).on("error", () => undefined); // tests stop the server under it
  pools.push(pool);
  const logs: string[] = [];
  const log = (_level: string, message: string) => void logs.push(message);
  const channels = openChannels(config, {}, ({ id }) => shop.fakes[id]!);
  let retries = 0;
  const cashier = openCashier(pool, channels, new Metrics(), log, () => void retries++);
  return {
    pool,
    logs,
    take: (payment: Bought) =>
      cashier.take({
        ...payment,
        channel: { id: "zfb", merchant: "merchant-zfb", sandbox: true },
        merchant: "merchant-zfb",
        tradeNo: `gw-${payment.outTradeNo}`,
        paid: true,
      }),
    retries: () => retries,
    sweep: () => sweepOnce(pool, channels, cashier, log),
  };
}

const anomalies = (shop: TestShop) =>
  shop.rows("SELECT kind, channel, details, times FROM shop.anomaly ORDER BY id");
const deliveries = async (shop: TestShop) =>
  (await shop.rows<{ n: number }>("SELECT count(*)::int AS n FROM shop.delivery"))[0]!.n;

test("another amount, merchant, channel or number is an anomaly: kept once, counted, answered, and nothing is delivered", async () => {
  const shop = await open("ss_odd");
  const [sum, merchant, channel] = [await buy(shop, "zfb"), await buy(shop, "zfb"), await buy(shop, "zfb")];
  const success = { status: 200, body: "success" }; // a repeat would tell nothing new
  for (let i = 0; i < 2; i++)
    expect(await shop.notify("zfb", { ...sum, amountFen: 1 })).toMatchObject(success);
  expect(await shop.notify("zfb", { ...merchant, merchant: "somebody" })).toMatchObject(success);
  expect(await shop.notify("wx", channel)).toMatchObject(success);
  expect(await shop.notify("zfb", { ...channel, outTradeNo: "nobody" })).toMatchObject(success);
  expect(await anomalies(shop)).toEqual([
    { kind: "amount", channel: "zfb", details: { expected: 5578, seen: 1 }, times: 2 },
    { kind: "merchant", channel: "zfb", details: { expected: "merchant-zfb", seen: "somebody" }, times: 1 },
    { kind: "channel", channel: "wx", details: { expected: "zfb", seen: "wx" }, times: 1 },
    { kind: "unknown-order", channel: "zfb", details: { amount: 5578 }, times: 1 },
  ]);
  expect(await deliveries(shop)).toBe(0);
  const metrics = await shop.metrics();
  expect(metrics).toContain('anomalies_total{kind="amount"} 2\n');
  expect(metrics).toContain('notify_total{channel="zfb",result="anomaly"} 4\n');
  expect(shop.logs.filter((line) => line.includes("a person must decide"))).toHaveLength(4); // not one for each repeat

  // A person decides on the first two; a right notify that follows changes nothing. The third was only told by the wrong one.
  for (const payment of [sum, merchant, channel])
    expect(await shop.notify("zfb", payment)).toMatchObject(success);
  expect((await shop.get(`/orders/${sum.token}`)).body).toContain("付款需要人工核对");
  expect((await shop.get(`/orders/${channel.token}`)).body).toContain("已完成");
  expect(await deliveries(shop)).toBe(1);
});

test("a second payment of an order is an anomaly, by another channel or under another number", async () => {
  const shop = await open("ss_twice");
  const first = await buy(shop, "zfb");
  await shop.post(`/orders/${first.token}/pay`, "channel=wx");
  const second = shop.fakes["wx"]!.started[0]!;
  await Promise.all([shop.notify("zfb", first), shop.notify("wx", second)]);
  await shop.notify("zfb", first);
  await shop.notify("wx", second);
  const paid = await shop.rows<{ channel: string }>("SELECT channel FROM shop.payment WHERE state = 'paid'");
  expect(paid).toHaveLength(1);
  await shop.notify(paid[0]!.channel, {
    ...(paid[0]!.channel === "zfb" ? first : second),
    tradeNo: "another",
  });
  expect((await anomalies(shop)).map(({ kind }) => kind)).toEqual(["paid-twice", "paid-twice"]);
  expect(await deliveries(shop)).toBe(1);
});

test("what is not paid delivers nothing; paid after the order's time is an anomaly, heard of after it is not", async () => {
  const shop = await open("ss_late");
  const waiting = await buy(shop, "zfb");
  expect(await shop.notify("zfb", { ...waiting, paid: false })).toMatchObject({ body: "success" });
  expect((await shop.get(`/orders/${waiting.token}`)).body).toContain("待付款");

  const [late, heardLate, saidLate, asked, other] = [
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
  ];
  await shop.rows("UPDATE shop.orders SET expires_at = now() - interval '1 minute'");
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  const expired = await shop.get(`/orders/${late.token}`);
  expect(expired.body).toContain("已过期，请勿付款");
  expect(expired.body).not.toContain("<form");
  expect((await shop.post(`/orders/${late.token}/pay`, "channel=zfb")).headers["location"]).toBe(
    `/orders/${late.token}`,
  );
  await shop.notify("zfb", late);
  await shop.notify("zfb", { ...saidLate, paidAt: ago(0) });
  expect(await deliveries(shop)).toBe(0);
  await shop.notify("zfb", { ...heardLate, paidAt: ago(2) });
  expect(await deliveries(shop)).toBe(1);
  // A notify that does not say when: the gateway is asked, and believed about this payment alone.
  const paid = {
    state: "paid",
    merchant: "merchant-zfb",
    amountFen: asked.amountFen,
    paidAt: new Date(ago(2)),
  } as const;
  const { statuses } = shop.fakes["zfb"]!;
  statuses.set(asked.outTradeNo, { ...paid, tradeNo: "gw-1" });
  statuses.set(other.outTradeNo, { ...paid, tradeNo: "gw-of-another" });
  await shop.notify("zfb", { ...asked, tradeNo: "gw-1" });
  await shop.notify("zfb", { ...other, tradeNo: "gw-2" });
  expect((await shop.get(`/orders/${asked.token}`)).body).toContain("已完成");
  expect(await deliveries(shop)).toBe(2);
  expect((await anomalies(shop)).map(({ kind }) => kind)).toEqual(Array(3).fill("paid-after-expiry"));
});

test("sold out between order and payment: it waits, a person is told, and it is delivered when stock comes", async () => {
  const shop = await open("ss_stock");
  await shop.rows("DELETE FROM shop.card WHERE code <> 'SAMPLE-STEAM-5000-0001'");
  const [first, second] = [await buy(shop, "zfb"), await buy(shop, "zfb")];
  for (const payment of [first, second])
    expect(await shop.notify("zfb", payment)).toMatchObject({ body: "success" });
  expect((await shop.get(`/orders/${second.token}`)).body).toContain("已付款，等待发货");
  expect(await anomalies(shop)).toMatchObject([{ kind: "out-of-stock" }]);
  await expect(buy(shop, "zfb")).rejects.toThrow("no payment: 409");

  const { sweep } = backstage(shop, "ss_stock");
  expect(await sweep()).toBe(60_000);
  expect(await deliveries(shop)).toBe(1);
  await shop.rows(
    "INSERT INTO shop.card (goods_id, code, sample) SELECT goods_id, 'NEW', true FROM shop.card",
  );
  expect(await sweep()).toBe(Infinity); // the shop may rest
  expect((await shop.get(`/orders/${second.token}`)).body).toContain("<code>NEW</code>");
  expect(await shop.rows("SELECT resolution, resolved_by FROM shop.anomaly")).toEqual([
    { resolution: "delivered", resolved_by: "shop" },
  ]);
});

test("a delivery that fails, or finds nothing in stock, asks to be tried again; one that is done does not", async () => {
  const shop = await open("ss_again");
  const { take, retries } = backstage(shop, "ss_again");
  const [whole, strange, missing] = [await buy(shop, "zfb"), await buy(shop, "zfb"), await buy(shop, "zfb")];
  await take(whole);
  expect([await deliveries(shop), retries()]).toEqual([1, 0]);
  await shop.rows("UPDATE shop.orders SET module = 'strange' WHERE token = $1", [strange.token]);
  await take(strange);
  expect(retries()).toBe(1);
  await shop.rows("DELETE FROM shop.card WHERE sold_at IS NULL");
  await take(missing);
  expect([await deliveries(shop), retries()]).toEqual([1, 2]);
});

test("a shop that dies after it kept a payment delivers it when it is back; dead before, the gateway repeats", async () => {
  const shop = await open("ss_dies");
  const [kept, lost] = [await buy(shop, "zfb"), await buy(shop, "zfb")];
  const { pool, sweep } = backstage(shop, "ss_dies");
  const statement = {
    ...kept,
    merchant: "merchant-zfb",
    tradeNo: "gw-1",
    paid: true,
    channel: { id: "zfb", merchant: "merchant-zfb", sandbox: true },
  };
  expect(await settle(pool, statement)).toMatchObject({ result: "paid" }); // and here it died
  expect(await deliveries(shop)).toBe(0);
  await shop.restart();
  expect((await shop.get(`/orders/${kept.token}`)).body).toContain("已付款，等待发货");
  await Promise.all([sweep(), sweep(), sweep()]); // containers of two versions
  expect(await deliveries(shop)).toBe(1);

  await postgres.stop(true);
  expect(await shop.notify("zfb", lost)).toMatchObject({ status: 500, body: "fail" });
  expect((await shop.get(`/orders/${lost.token}`)).body).toContain("维护中");
  await postgres.start();
  for (let tries = 0; (await shop.notify("zfb", lost)).status !== 200; tries++)
    expect(tries).toBeLessThan(20);
  const client = await postgres.admin("ss_dies");
  const { rows } = await client.query("SELECT count(*)::int AS n FROM shop.delivery");
  expect(rows).toEqual([{ n: 2 }]);
  await client.end();
});

test("a connection that dies in the middle of a transaction undoes it, and neither the process nor the pool ends with it", async () => {
  const shop = await open("ss_cut");
  const { pool } = backstage(shop, "ss_cut");
  const cut = transaction(pool, async (client) => {
    await client.query("DELETE FROM shop.notice");
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    await shop.rows("SELECT pg_terminate_backend($1)", [rows[0]!.pid]);
    await sleep(200); // the goodbye arrives while no query waits for an answer
  });
  await expect(cut).rejects.toThrow();
  expect((await pool.query("SELECT FROM shop.notice")).rowCount).toBe(2);
});

test("a notify that never came is asked for, later and later, and what the gateway says counts like a notify", async () => {
  const shop = await open("ss_silent");
  const zfb = shop.fakes["zfb"]!;
  const [paid, short, unpaid, away] = [
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
    await buy(shop, "zfb"),
  ];
  const said = { state: "paid", merchant: zfb.merchant, tradeNo: "gw-1" } as const;
  zfb.statuses.set(paid.outTradeNo, { ...said, amountFen: paid.amountFen });
  zfb.statuses.set(short.outTradeNo, { ...said, amountFen: 1 });
  zfb.statuses.set(unpaid.outTradeNo, { state: "closed" });
  const { sweep, logs } = backstage(shop, "ss_silent");
  expect(Math.round((await sweep()) / 60_000)).toBe(1); // not asked within the first minute
  expect(zfb.asked).toEqual([]);
  const minutesPass = () => shop.rows("UPDATE shop.payment SET next_query_at = now()");
  await minutesPass();
  expect(Math.round((await sweep()) / 60_000)).toBe(2);
  expect(new Set(zfb.asked)).toEqual(
    new Set([paid, short, unpaid, away].map(({ outTradeNo }) => outTradeNo)),
  );
  expect(await deliveries(shop)).toBe(1);
  expect(await anomalies(shop)).toMatchObject([{ kind: "amount" }]);
  expect(logs.filter((line) => line.startsWith("a gateway could not say"))).toHaveLength(1);
  expect(
    await shop.rows(
      "SELECT state, queries, round(extract(epoch FROM next_query_at - now()) / 60)::int AS minutes FROM shop.payment WHERE out_trade_no = $1",
      [away.outTradeNo],
    ),
  ).toEqual([{ state: "started", queries: 1, minutes: 2 }]);

  await shop.rows("UPDATE shop.orders SET expires_at = now() - interval '1 minute'");
  await minutesPass();
  await sweep();
  const state = async () =>
    (await shop.rows("SELECT state FROM shop.payment WHERE out_trade_no = $1", [unpaid.outTradeNo]))[0];
  expect(await state()).toEqual({ state: "closed" });
  await shop.rows("UPDATE shop.payment SET created_at = now() - interval '25 hours', next_query_at = now()");
  const asked = zfb.asked.length;
  expect(await sweep()).toBe(Infinity);
  expect(zfb.asked).toHaveLength(asked);
});

test("a daily cap counts what was paid today in China, and ends with the day", async () => {
  const shop = await open("ss_cap", {
    channels: { zfb: testChannel("zfb", { dailyCap: 12_000 }), wx: testChannel("wx") },
  });
  for (let i = 0; i < 2; i++) await shop.notify("zfb", await buy(shop, "zfb")); // 111.56
  await expect(buy(shop, "zfb")).rejects.toThrow("no payment: 409");
  await buy(shop, "wx");
  await shop.rows("UPDATE shop.payment SET paid_at = paid_at - interval '1 day' WHERE state = 'paid'");
  await buy(shop, "zfb");
});

test("a channel that was switched off takes no new payment, and settles what was begun", async () => {
  const channels = { zfb: testChannel("zfb", { enabled: false }), wx: testChannel("wx") };
  const shop = await open("ss_closed");
  const [begun, asked] = [await buy(shop, "zfb"), await buy(shop, "zfb")];
  await shop.restart({ channels });
  await expect(buy(shop, "zfb")).rejects.toThrow("no payment: 409");
  expect((await shop.get(`/orders/${begun.token}`)).body).not.toContain('value="zfb"');
  await shop.notify("zfb", begun);
  shop.fakes["zfb"]!.statuses.set(asked.outTradeNo, {
    ...{ state: "paid", merchant: "merchant-zfb", tradeNo: "gw-1", amountFen: asked.amountFen },
  });
  await shop.rows("UPDATE shop.payment SET next_query_at = now()");
  await backstage(shop, "ss_closed").sweep();
  expect(await deliveries(shop)).toBe(2);
});

test("a channel that is switched over to play money sells nothing that was begun with real money, nor the other way round", async () => {
  const real = { zfb: testChannel("zfb", { sandbox: false }), wx: testChannel("wx") };
  const shop = await open("ss_switch", { channels: real });
  await shop.rows(
    "INSERT INTO shop.card (goods_id, code) SELECT goods_id, replace(code, 'SAMPLE', 'REAL') FROM shop.card",
  );
  const begun = await buy(shop, "zfb");
  await shop.restart({ channels: { ...real, zfb: testChannel("zfb") } });
  const page = async () => (await shop.get(`/orders/${begun.token}`)).body;
  expect(await page()).not.toContain('value="zfb"');
  expect(await page()).toContain('value="wx"');
  expect((await shop.post(`/orders/${begun.token}/pay`, "channel=zfb")).status).toBe(409);
  expect(shop.fakes["zfb"]!.started).toHaveLength(1);
  expect(await shop.notify("zfb", begun)).toMatchObject({ body: "success" });
  expect(await anomalies(shop)).toEqual([
    { kind: "channel", channel: "zfb", details: { expected: "real", seen: "sandbox" }, times: 1 },
  ]);

  const play = await buy(shop, "zfb");
  await shop.restart();
  await shop.notify("zfb", play);
  expect((await anomalies(shop)).map(({ details }) => details)).toEqual([
    { expected: "real", seen: "sandbox" },
    { expected: "sandbox", seen: "real" },
  ]);
  expect(await deliveries(shop)).toBe(0);
});

test("an order of which a person has to decide on a payment takes no other, and another payment of it is told too", async () => {
  const shop = await open("ss_held");
  const begun = await buy(shop, "zfb");
  await shop.notify("zfb", { ...begun, amountFen: 1 });
  expect((await shop.get(`/orders/${begun.token}`)).body).not.toContain("<form");
  expect((await shop.post(`/orders/${begun.token}/pay`, "channel=wx")).status).toBe(409);
  await shop.notify("zfb", begun); // as it should have been: held
  await shop.notify("zfb", { ...begun, tradeNo: "another" });
  expect((await anomalies(shop)).map(({ kind, times }) => [kind, times])).toEqual([
    ["amount", 1],
    ["paid-twice", 1],
  ]);
  expect(await deliveries(shop)).toBe(0);
});

test("a module that is switched off sells nothing, delivers what was paid, and is as it was when it is on again", async () => {
  const shop = await open("ss_off");
  const before = await buy(shop, "zfb");
  await shop.rows("UPDATE shop.goods SET title = '改名 20', main_price = 123 WHERE title LIKE '%200.00%'");
  await shop.rows(
    "DELETE FROM shop.card WHERE code LIKE 'SAMPLE-STEAM-10000-%'; DELETE FROM shop.goods WHERE title LIKE '%100.00%'",
  );
  const state =
    "SELECT json_agg(g ORDER BY id) AS goods, (SELECT count(*)::int FROM shop.card) AS cards FROM shop.goods g WHERE module = 'gameCards'";
  const kept = await shop.rows(state);

  await shop.restart({ modules: { gameCards: { enabled: false, categories: ["steam"] }, ...topUp } });
  const home = (await shop.get("/")).body;
  expect(home).toContain("中国移动 话费 30.00 元");
  expect(home).not.toMatch(/Steam|改名/);
  expect((await shop.get("/goods/1")).status).toBe(404);
  expect((await shop.post("/orders", "goods=1&quantity=1&contact=a@b.cn")).status).toBe(404);
  await shop.notify("zfb", before);
  expect((await shop.get(`/orders/${before.token}`)).body).toContain("<code>SAMPLE-");

  const more = { initialData: { ...initialData, goods: [...initialData.goods, later] } };
  await shop.restart({ modules: { gameCards: { enabled: true, categories: ["steam", "qq"] } }, ...more });
  expect(await shop.rows(state.replace("WHERE", "WHERE category = 'steam' AND"))).toEqual([
    { ...kept[0], cards: (kept[0] as { cards: number }).cards + 100 },
  ]);
  const again = (await shop.get("/")).body;
  expect(again).toContain("改名 20");
  expect(again).toContain("Q 币充值卡 10.00 元"); // a category that came later has its goods
  expect(again).not.toMatch(/Steam 钱包充值卡 100\.00|话费/);
});
