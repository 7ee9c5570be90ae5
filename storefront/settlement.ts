import type { Pool, PoolClient } from "pg";
import { type AnomalyKind, recordAnomaly } from "./anomalies";
import { transaction } from "./database";
import { lockOrder } from "./orders";

/** What a gateway has said of one payment, its signature verified, in a notify or as the answer to a query. */
export interface Statement {
  /** The channel that it came through, the merchant that money must arrive at there, and whether that is play money. */
  readonly channel: { readonly id: string; readonly merchant: string; readonly sandbox: boolean };
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly merchant: string;
  readonly tradeNo: string;
  readonly paid: boolean;
  /** Undefined: the gateway does not say when. */
  readonly paidAt?: Date;
}

/**
 * paid: the order is paid by it. replay: that was known. unpaid: the gateway does not say "paid". held: a person has to decide on this
 * payment already. late: the order's time is over, and nobody has said whether it was when the money came; nothing was kept. anomaly: one
 * was recorded.
 */
export type Settlement =
  | { readonly result: "paid"; readonly orderId: string }
  | { readonly result: "replay" | "unpaid" | "held" | "late" }
  | { readonly result: "anomaly"; readonly kind: AnomalyKind; readonly fresh: boolean };

interface Payment {
  readonly id: string;
  readonly channel: string;
  readonly sandbox: boolean;
  readonly amount: number;
  readonly state: "started" | "closed" | "paid" | "anomaly";
  readonly tradeNo: string | null;
}

/**
 * Decides what a statement means and keeps it, in one transaction behind the order's lock: of many at once one makes the order paid.
 * Delivers nothing; that is `deliver`'s, which may be repeated.
 */
export function settle(pool: Pool, statement: Statement): Promise<Settlement> {
  return transaction(pool, async (client) => {
    const { channel, outTradeNo, tradeNo } = statement;
    const order = await lockOrder(client, { outTradeNo });
    const payment = order && (await findPayment(client, outTradeNo));
    const anomaly = async (
      kind: AnomalyKind,
      details: Record<string, string | number>,
      hold = true,
    ): Promise<Settlement> => {
      if (payment && hold) await holdPayment(client, payment, tradeNo);
      const orderId = order ? { orderId: order.id } : {};
      const fresh = await recordAnomaly(client, {
        kind,
        channel: channel.id,
        outTradeNo,
        tradeNo,
        details,
        ...orderId,
      });
      return { result: "anomaly", kind, fresh };
    };

    if (!order || !payment) return anomaly("unknown-order", { amount: statement.amountFen });
    if (payment.channel !== channel.id) {
      // Said by a channel that has no word in this payment, so it does not hold up the one that has.
      return anomaly("channel", { expected: payment.channel, seen: channel.id }, false);
    }
    if (payment.sandbox !== channel.sandbox) {
      // The channel was switched over while the payment was under way: play money must not buy what real money was to pay for.
      return anomaly("channel", { expected: sort(payment), seen: sort(channel) });
    }
    if (statement.merchant !== channel.merchant)
      return anomaly("merchant", { expected: channel.merchant, seen: statement.merchant });
    if (!statement.paid) return { result: "unpaid" };
    if (statement.amountFen !== payment.amount)
      return anomaly("amount", { expected: payment.amount, seen: statement.amountFen });
    if (payment.state === "anomaly") {
      if (payment.tradeNo === tradeNo) return { result: "held" };
      return anomaly("paid-twice", { first: payment.tradeNo ?? "", seen: tradeNo }, false);
    }
    if (payment.state === "paid") {
      if (payment.tradeNo === tradeNo) return { result: "replay" };
      return anomaly("paid-twice", { first: payment.tradeNo ?? "", seen: tradeNo });
    }
    if (order.state !== "open") return anomaly("paid-twice", { seen: tradeNo, amount: payment.amount });
    if (order.expired && !statement.paidAt) return { result: "late" };
    if (statement.paidAt && statement.paidAt > order.expiresAt)
      return anomaly("paid-after-expiry", { expiresAt: order.expiresAt.toISOString() });

    await client.query(
      "UPDATE shop.payment SET state = 'paid', paid_at = now(), trade_no = $2, code_url = NULL WHERE id = $1",
      [payment.id, tradeNo],
    );
    await client.query("UPDATE shop.orders SET state = 'paid', paid_at = now() WHERE id = $1", [order.id]);
    return { result: "paid", orderId: order.id };
  });
}

const sort = ({ sandbox }: { readonly sandbox: boolean }): string => (sandbox ? "sandbox" : "real");

async function findPayment(client: PoolClient, outTradeNo: string): Promise<Payment | undefined> {
  const { rows } = await client.query<Payment>(
    `SELECT id, channel, sandbox, amount, state, trade_no AS "tradeNo" FROM shop.payment WHERE out_trade_no = $1`,
    [outTradeNo],
  );
  return rows[0];
}

/** Takes a payment out of what happens by itself. One that was paid rightly before stays paid. */
async function holdPayment(client: PoolClient, payment: Payment, tradeNo: string): Promise<void> {
  if (payment.state === "paid") return;
  await client.query(
    "UPDATE shop.payment SET state = 'anomaly', trade_no = $2, code_url = NULL WHERE id = $1",
    [payment.id, tradeNo],
  );
}
