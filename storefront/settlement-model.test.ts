import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { loadConfig } from "./config";
import { openPool } from "./database";
import { deliver } from "./delivery";
import { randomToken } from "./orders";
import { settle, type Statement } from "./settlement";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { gameCards, openTestShop, testChannel, type TestShop } from "./testing/shop";

/**
 * Whatever gateways say, in whatever order and at the same time: nothing is handed out twice or for nothing, and no money is forgotten. It
 * does not prove that what they say is read rightly, which the channels' own tests do.
 */
jest.setTimeout(120_000);
const dir = mkdtempSync(join(tmpdir(), "storefront-model-"));
let postgres: TestPostgres;
let shop: TestShop;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  const channels = { zfb: testChannel("zfb"), wx: testChannel("wx") };
  shop = await openTestShop(dir, postgres, "ss_model", { modules: gameCards, channels });
  pool = openPool({ ...loadConfig(join(dir, "ss_model-app")).database, maxConnections: 8 });
  pool.on("error", () => undefined); // the server is stopped under connections that are just closing
  // Of fifty at once some wait longer than a page may.
  Object.assign(pool.options, { connectionTimeoutMillis: 60_000, query_timeout: 60_000 });
  await shop.rows(
    "INSERT INTO shop.card (goods_id, code, sample) SELECT 1, 'CARD-' || n, true FROM generate_series(1, 5000) n",
  );
});
afterAll(async () => {
  await pool.end();
  await shop.close();
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

const amount = 5000;

/** What is said of one order: of which of its payments, by which channel, and what is wrong with it. */
const said = fc.record({
  payment: fc.constantFrom("zfb", "wx"),
  by: fc.constantFrom("own", "own", "own", "own", "other"),
  amountFen: fc.constantFrom(amount, amount, amount, 1),
  merchant: fc.constantFrom("m", "m", "m", "m", "stranger"),
  tradeNo: fc.constantFrom("1", "1", "2"),
  paid: fc.constantFrom(true, true, true, false),
  sandbox: fc.constantFrom(true, true, true, true, false),
  when: fc.constantFrom("in time", "in time", "late", "unsaid"),
});
type Said = (typeof said extends fc.Arbitrary<infer T> ? T : never) & { readonly outTradeNo: string };
const order = fc.record({ expired: fc.boolean(), said: fc.array(said, { minLength: 1, maxLength: 6 }) });

interface Made {
  readonly id: string;
  readonly said: readonly Said[];
}

async function make({
  expired,
  said,
}: {
  expired: boolean;
  said: readonly Omit<Said, "outTradeNo">[];
}): Promise<Made> {
  const numbers = { zfb: randomToken(), wx: randomToken() };
  const [made] = await shop.rows<{ id: string }>(
    `INSERT INTO shop.orders (token, goods_id, module, title, main_price, amount, contact, expires_at)
     VALUES ($1, 1, 'gameCards', 'x', 1, $2, 'x', now() + make_interval(mins => $3)) RETURNING id`,
    [randomToken(), amount, expired ? -5 : 25],
  );
  for (const [channel, number] of Object.entries(numbers))
    await shop.rows(
      "INSERT INTO shop.payment (order_id, channel, sandbox, out_trade_no, amount) VALUES ($1, $2, true, $3, $4)",
      [made!.id, channel, number, amount],
    );
  const known = said.map((one) => ({ ...one, outTradeNo: numbers[one.payment] }));
  // Nobody knows when it was paid: the shop asks, and then goes by now. That is the cashier's; here it is said at once.
  return {
    id: made!.id,
    said: known.map((one) => (one.when === "unsaid" && expired ? { ...one, when: "late" } : one)),
  };
}

const statementOf = ({ payment, by, when, outTradeNo, ...one }: Said): Statement => ({
  ...one,
  outTradeNo,
  channel: {
    id: by === "own" ? payment : payment === "zfb" ? "wx" : "zfb",
    merchant: "m",
    sandbox: one.sandbox,
  },
  ...(when === "unsaid" ? {} : { paidAt: new Date(Date.now() + (when === "late" ? 3600_000 : -3600_000)) }),
});

const right = ({ by, amountFen, merchant, paid, sandbox, when }: Said): boolean =>
  by === "own" && amountFen === amount && merchant === "m" && paid && sandbox && when !== "late";

test("nothing is handed out twice or for nothing, what is right is handed out, and every payment is booked or told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 8, maxLength: 8 }), async (orders) => {
      const made = [];
      for (const one of orders) made.push(await make(one));
      await Promise.all(
        made.flatMap(({ said }) =>
          said.map(async (one) => {
            const settlement = await settle(pool, statementOf(one));
            if (settlement.result === "paid")
              await Promise.all([1, 2].map(() => deliver(pool, settlement.orderId)));
          }),
        ),
      );
      for (const { id, said } of made) await check(id, said);
    }),
    { numRuns: 30, endOnFailure: true },
  );
  const [sold] = await shop.rows("SELECT count(*)::int AS n FROM shop.card WHERE sold_at IS NOT NULL");
  expect(await shop.rows("SELECT count(*)::int AS n FROM shop.delivery")).toEqual([sold]);
  expect((sold as { n: number }).n).toBeGreaterThan(50); // or it was no test
});

async function check(id: string, said: readonly Said[]): Promise<void> {
  const [books] = await shop.rows<{
    state: string;
    delivered: number;
    paid: readonly { no: string; trade: string }[];
    told: readonly { no: string; trade: string; kind: string }[];
  }>(
    `SELECT state, (SELECT count(*)::int FROM shop.delivery WHERE order_id = o.id) AS delivered,
       (SELECT coalesce(json_agg(json_build_object('no', out_trade_no, 'trade', trade_no)), '[]')
        FROM shop.payment WHERE order_id = o.id AND state = 'paid') AS paid,
       (SELECT coalesce(json_agg(json_build_object('no', out_trade_no, 'trade', trade_no, 'kind', kind)), '[]')
        FROM shop.anomaly WHERE order_id = o.id) AS told
     FROM shop.orders o WHERE id = $1`,
    [id],
  );
  const { state, delivered, paid, told } = books!;
  expect([paid.length, delivered]).toEqual(state === "delivered" ? [1, 1] : [0, 0]);
  const bought = said.filter(
    (one) => right(one) && paid.some(({ no, trade }) => no === one.outTradeNo && trade === one.tradeNo),
  );
  expect(bought.length > 0).toBe(delivered === 1);
  // Money that came as it should, by a payment of which nothing odd was said, buys the goods.
  const odd = (no: string) => said.some((one) => one.outTradeNo === no && one.by === "own" && !right(one));
  if (said.some((one) => right(one) && !odd(one.outTradeNo))) expect(delivered).toBe(1);
  // And no money that anybody told of is forgotten.
  for (const one of said.filter((each) => each.paid)) {
    const is = ({ no, trade }: { no: string; trade: string }) =>
      no === one.outTradeNo && trade === one.tradeNo;
    const wrong = one.by === "other" || one.amountFen !== amount || one.merchant !== "m" || !one.sandbox;
    // What is only late may be what was heard in time before: then it is booked.
    const known = told.some(is) || (!wrong && paid.some(is));
    expect([one, known]).toEqual([one, true]);
  }
}
