import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres, type TestPostgres } from "../storefront/testing/postgres";
import {
  buy,
  gameCards,
  openTestShop,
  testChannel,
  type Bought,
  type TestShop,
} from "../storefront/testing/shop";
import { decideAnomaly, listAnomalies, type ShopLogin } from "./anomalies";

/** On a real server, in the books of a real shop. */
jest.setTimeout(60_000);
const dir = mkdtempSync(join(tmpdir(), "anomalies-"));
let postgres: TestPostgres;
let shop: TestShop;
let login: ShopLogin;
let [held, waiting] = [] as unknown as [Bought, Bought];

beforeAll(async () => {
  postgres = await startPostgres();
  shop = await openTestShop(dir, postgres, "ss_odd", {
    modules: gameCards,
    channels: { zfb: testChannel("zfb") },
  });
  const { port, ca } = postgres;
  const provisioner = { user: "nobody", password: "none", caFile: "unused" };
  const server = { host: "127.0.0.1", address: "127.0.0.1", port, ca, ...provisioner };
  login = { server, database: "ss_odd", user: "ss_odd_app", password: "pw-ss_odd_app" };
  held = await buy(shop, "zfb");
  await shop.notify("zfb", { ...held, amountFen: 1 });
  waiting = await buy(shop, "zfb");
  await shop.rows("DELETE FROM shop.card");
  await shop.notify("zfb", waiting);
});
afterAll(async () => {
  await shop.close();
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

const page = async ({ token }: Bought) => (await shop.get(`/orders/${token}`)).body;

test("tells what was seen, of which order and whose, and not what opens the order's page", async () => {
  const found = await listAnomalies(login);
  expect(found).toMatchObject([
    {
      id: 1,
      kind: "amount",
      channel: "zfb",
      outTradeNo: held.outTradeNo,
      tradeNo: `gw-${held.outTradeNo}`,
      details: { expected: 5578, seen: 1 },
      times: 1,
      order: { amount: 5578, state: "open", contact: "a@b.cn" },
      decision: null,
    },
    { kind: "out-of-stock", order: { state: "paid" }, decision: null },
  ]);
  expect(JSON.stringify(found)).not.toContain(held.token);
});

test("a decision is kept once, with who and when; a gateway that repeats itself does not undo it", async () => {
  const decision = { resolution: "ignored", by: "王小明", note: "测试" } as const;
  expect(await page(held)).toContain("付款需要人工核对");
  const before = Date.now();
  const decided = await Promise.all([1, 2, 3].map(() => decideAnomaly(login, 1, decision)));
  expect(decided.filter((done) => done?.fresh)).toHaveLength(1);
  expect(decided.map((done) => done?.anomaly.decision)).toEqual(
    Array(3).fill({ ...decision, at: expect.any(Date) as Date }),
  );
  expect(Math.abs(decided[0]!.anomaly.decision!.at.getTime() - before)).toBeLessThan(60_000);
  expect(await decideAnomaly(login, 1, { resolution: "refunded", by: "other", note: null })).toMatchObject({
    fresh: false,
    anomaly: { decision },
  });
  expect(await page(held)).toContain("已由店铺处理");
  expect(await page(held)).not.toContain("<form");
  await shop.notify("zfb", { ...held, amountFen: 1 });
  expect((await listAnomalies(login)).find(({ id }) => id === 1)).toMatchObject({ times: 2, decision });
  expect(await decideAnomaly(login, 99, decision)).toBeUndefined();
});

test("what was refunded while it waited for stock is not handed out when stock comes", async () => {
  const [open] = (await listAnomalies(login)).filter(({ decision }) => decision === null);
  expect(await page(waiting)).toContain("已付款，等待发货");
  const done = await decideAnomaly(login, open!.id, { resolution: "refunded", by: "李娜", note: null });
  expect(done).toMatchObject({ fresh: true, anomaly: { order: { state: "closed" } } });
  await shop.rows("INSERT INTO shop.card (goods_id, code, sample) SELECT id, 'LATE', true FROM shop.goods");
  await shop.notify("zfb", waiting); // the gateway says it again
  await shop.notify("zfb", { ...waiting, tradeNo: "second" });
  expect(await page(waiting)).toContain("已由店铺处理");
  expect(await shop.rows("SELECT FROM shop.delivery")).toEqual([]);
  expect((await listAnomalies(login)).map(({ kind, decision }) => [kind, decision?.resolution])).toEqual([
    ["paid-twice", undefined],
    ["out-of-stock", "refunded"],
    ["amount", "ignored"],
  ]);
});

test("nothing that lies in the shop's schema runs with more rights than the shop's", async () => {
  await expect(listAnomalies({ ...login, password: "wrong" })).rejects.toMatchObject({ code: "28P01" });
  // What a list may do at the worst is what the shop's own role may, reading.
  await shop.rows(`
    CREATE FUNCTION shop.trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.notice; RETURN true; END $$;
    ALTER TABLE shop.anomaly RENAME TO anomaly_kept;
    CREATE VIEW shop.anomaly WITH (security_invoker) AS SELECT * FROM shop.anomaly_kept WHERE shop.trap();
    GRANT SELECT ON shop.anomaly TO ss_odd_app; GRANT EXECUTE ON FUNCTION shop.trap TO ss_odd_app`);
  await expect(listAnomalies(login)).rejects.toMatchObject({ code: "25006" }); // read-only
});
