import type { Pool, PoolClient } from "pg";
import { recordAnomaly } from "./anomalies";
import { transaction } from "./database";
import { lockOrder, moduleOf, type Order, randomToken } from "./orders";

/** done: handed out now, or before. waiting: nothing in stock; `fresh` when that was not known yet. */
export type Delivery =
  | { readonly result: "done" }
  | { readonly result: "waiting"; readonly channel: string; readonly fresh: boolean };

/**
 * Hands out what a paid order bought, exactly once: the order's lock, its state and the primary key of `delivery` each see to it.
 * May be called again at any time, also after a crash.
 *
 * @throws Error for an order of a module that this image does not have
 */
export function deliver(pool: Pool, orderId: string): Promise<Delivery> {
  return transaction(pool, async (client): Promise<Delivery> => {
    const order = await lockOrder(client, { id: orderId });
    if (order?.state !== "paid") return { result: "done" };
    const module = moduleOf(order);
    if (!module) throw new Error(`order ${order.id} is of module ${order.module}, which this image lacks`);
    const { rows } = await client.query<PaidBy>(
      `SELECT channel, sandbox, out_trade_no AS "outTradeNo", trade_no AS "tradeNo"
       FROM shop.payment WHERE order_id = $1 AND state = 'paid'`,
      [order.id],
    );
    const payment = rows[0]!; // an order becomes paid in the transaction in which its payment does
    const cardId = module.delivers === "card" ? await takeCard(client, order, payment.sandbox) : undefined;
    if (module.delivers === "card" && cardId === undefined) {
      const { channel, outTradeNo, tradeNo } = payment;
      const details = { goods: order.goodsId };
      const anomaly = {
        kind: "out-of-stock",
        channel,
        outTradeNo,
        tradeNo,
        orderId: order.id,
        details,
      } as const;
      return { result: "waiting", channel, fresh: await recordAnomaly(client, anomaly) };
    }
    await client.query("INSERT INTO shop.delivery (order_id, card_id, receipt) VALUES ($1, $2, $3)", [
      order.id,
      cardId ?? null,
      cardId === undefined ? receiptNumber(payment.sandbox) : null,
    ]);
    await client.query("UPDATE shop.orders SET state = 'delivered' WHERE id = $1", [order.id]);
    await client.query(
      `UPDATE shop.anomaly SET resolution = 'delivered', resolved_by = 'shop', resolved_at = now()
       WHERE order_id = $1 AND kind = 'out-of-stock' AND resolution IS NULL`,
      [order.id],
    );
    return { result: "done" };
  });
}

interface PaidBy {
  readonly channel: string;
  readonly sandbox: boolean;
  readonly outTradeNo: string;
  readonly tradeNo: string;
}

/** The oldest card that nobody else is taking at this moment. Sample codes for a sandbox's play money, and real ones never. */
async function takeCard(client: PoolClient, order: Order, sandbox: boolean): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE shop.card SET sold_at = now() WHERE id = (
       SELECT id FROM shop.card WHERE goods_id = $1 AND sample = $2 AND sold_at IS NULL
       ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [order.goodsId, sandbox],
  );
  return rows[0]?.id;
}

const receiptNumber = (sandbox: boolean): string =>
  `${sandbox ? "SAMPLE-" : ""}${randomToken().toUpperCase()}`;

/** What the buyer of a delivered order is shown. */
export async function delivered(
  pool: Pool,
  orderId: string,
): Promise<{ readonly code: string } | { readonly receipt: string } | undefined> {
  const { rows } = await pool.query<{ code: string | null; receipt: string | null }>(
    "SELECT code, receipt FROM shop.delivery LEFT JOIN shop.card ON card.id = card_id WHERE order_id = $1",
    [orderId],
  );
  if (rows[0]?.code) return { code: rows[0].code };
  return rows[0]?.receipt ? { receipt: rows[0].receipt } : undefined;
}
