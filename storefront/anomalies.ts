import type { PoolClient } from "pg";

/**
 * What a gateway says, signed and all, that does not fit. None of them delivers anything.
 *
 * - amount, merchant: another sum, or money at another merchant, than the order's
 * - paid-twice: a second payment of one order
 * - paid-after-expiry: paid when the order's time was over
 * - unknown-order: no payment of this shop has that number
 * - channel: the payment is another channel's
 * - out-of-stock: rightly paid, and nothing there to deliver; delivered when stock comes
 */
export const anomalyKinds = [
  "amount",
  "merchant",
  "paid-twice",
  "paid-after-expiry",
  "unknown-order",
  "channel",
  "out-of-stock",
] as const;
export type AnomalyKind = (typeof anomalyKinds)[number];

export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly channel: string;
  readonly outTradeNo: string;
  readonly tradeNo: string;
  readonly orderId?: string;
  /** What was expected and what was seen; never a secret, never a code. */
  readonly details: Readonly<Record<string, string | number>>;
}

/** Keeps it. The same one again raises its count. @returns whether it is new */
export async function recordAnomaly(client: PoolClient, anomaly: Anomaly): Promise<boolean> {
  const { rows } = await client.query<{ times: number }>(
    `INSERT INTO shop.anomaly (kind, channel, out_trade_no, trade_no, order_id, details) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (kind, channel, out_trade_no, trade_no) DO UPDATE SET times = anomaly.times + 1, last_seen = now()
     RETURNING times`,
    [
      anomaly.kind,
      anomaly.channel,
      anomaly.outTradeNo,
      anomaly.tradeNo,
      anomaly.orderId ?? null,
      JSON.stringify(anomaly.details),
    ],
  );
  return rows[0]!.times === 1;
}
