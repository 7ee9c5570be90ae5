import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { buy, gameCards, openTestShop, testChannel, type TestShop } from "./testing/shop";

/** A shop that is suspended while payments are under way. That the ingress leads to it is for the end-to-end tests. */
jest.setTimeout(60_000);
const suspended = { since: "2026-11-23", reason: "升级 <b>", contact: "微信 mengxiang88" };
let dir: string;
let postgres: TestPostgres;
let shop: TestShop;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-suspended-"));
  postgres = await startPostgres();
  shop = await openTestShop(dir, postgres, "ss_suspended", {
    modules: gameCards,
    channels: { zfb: testChannel("zfb"), wx: testChannel("wx") },
  });
});
afterAll(async () => {
  await shop.close();
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

test("every page says so; nothing can be ordered or paid; money that is under way is taken, and the goods handed out", async () => {
  const [called, silent, strange, unpaid] = [
    await buy(shop, "zfb"),
    await buy(shop, "wx"),
    await buy(shop, "zfb", "100.00"),
    await buy(shop, "zfb", "100.00"),
  ];
  const orders = await shop.rows("SELECT count(*)::int AS n FROM shop.orders");
  shop.fakes["wx"]!.statuses.set(silent.outTradeNo, {
    state: "paid",
    amountFen: silent.amountFen,
    merchant: "merchant-wx",
    tradeNo: "gw-silent",
  });
  await shop.rows("UPDATE shop.payment SET next_query_at = now()"); // a minute has passed
  await shop.restart({ suspended }, { sweepMilliseconds: 0 });
  const started = shop.fakes["zfb"]!.started.length;

  for (const path of ["/", "/goods/1", "/pages/about", "/nothing", `/orders/${unpaid.token}`]) {
    const { status, headers, body } = await shop.get(path);
    expect([path, status, headers["retry-after"]]).toEqual([path, 503, "3600"]);
    expect(body).toContain(
      '<section data-suspended="2026-11-23"><h2>暂停营业</h2><p class="text">升级 &lt;b&gt;</p>',
    );
    expect(body).toContain("联系店主：微信 mengxiang88");
    expect(body).not.toContain("<form");
  }
  const forms = [
    await shop.post("/orders", "goods=1&quantity=1&contact=a@b.cn"),
    await shop.post(`/orders/${unpaid.token}/pay`, "channel=zfb"),
  ];
  expect(forms.map(({ status }) => status)).toEqual([503, 503]);
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.orders")).toEqual(orders);
  expect(shop.fakes["zfb"]!.started).toHaveLength(started);
  expect([(await shop.get("/healthz")).status, (await shop.get("/readyz")).status]).toEqual([200, 200]);

  // By a notify, and by the shop's own question where none came.
  expect((await shop.notify("zfb", called)).body).toBe("success");
  const delivered = async (token: string) => (await shop.get(`/orders/${token}`)).body;
  expect(await delivered(called.token)).toMatch(
    /data-state="delivered"[^]*data-delivered="card"><code>SAMPLE-/,
  );
  for (let tries = 0; !(await delivered(silent.token)).includes("data-delivered"); tries++) {
    expect(tries).toBeLessThan(100);
    await sleep(100);
  }
  // The rules of money hold as ever.
  expect((await shop.notify("zfb", called)).body).toBe("success");
  await shop.notify("zfb", { ...strange, amountFen: 1 });
  expect(await delivered(strange.token)).toContain('data-state="held"');
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.delivery")).toEqual([{ n: 2 }]);
  expect(await shop.rows("SELECT kind FROM shop.anomaly")).toEqual([{ kind: "amount" }]);
  const back = await shop.get("/pay/zfb/return", { cookie: `order=${called.token}` });
  expect([back.status, back.headers["location"]]).toEqual([303, `/orders/${called.token}`]);

  await shop.restart();
  const { status, body } = await shop.get("/");
  expect([status, body.includes("data-suspended")]).toEqual([200, false]);
  await shop.notify("zfb", unpaid);
  expect(await delivered(unpaid.token)).toContain("data-delivered");
});
