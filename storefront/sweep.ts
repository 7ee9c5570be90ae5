import type { Pool } from "pg";
import type { Cashier } from "./cashier";
import { type Log, reason } from "./log";
import type { Channels } from "./payments";

const minute = 60_000;

/**
 * Asks gateways about payments whose notify never came, and repeats deliveries that failed: when the next is due, and once an hour
 * otherwise, since a shop that rests should hold no database connection. Most payments that are begun are never made.
 */
export interface Sweep {
  /** A payment was started, or a delivery failed: there is something to see to within a minute. */
  wake(): void;
  stop(): void;
}

/** @param first milliseconds until it looks for the first time: soon after the start, since the process before may have left something */
export function startSweep(
  pool: Pool,
  channels: Channels,
  cashier: Cashier,
  log: Log,
  first = minute / 4,
): Sweep {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  const plan = (milliseconds: number): void => {
    const at = performance.now() + milliseconds;
    if (stopped || at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(() => void run(), milliseconds).unref(); // no reason for the process to live
  };
  const run = async (): Promise<void> => {
    due = Infinity;
    const next = await sweepOnce(pool, channels, cashier, log).catch((error: unknown) => {
      if (!stopped) log("warn", "payments could not be looked after; it is tried again", reason(error));
      return minute;
    });
    plan(Math.min(Math.max(next, minute), 60 * minute));
  };
  plan(first);
  return {
    wake: () => plan(minute),
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

interface Pending {
  readonly channel: string;
  readonly outTradeNo: string;
}

/** @returns milliseconds until there is something to do again, Infinity where nothing is left */
export async function sweepOnce(pool: Pool, channels: Channels, cashier: Cashier, log: Log): Promise<number> {
  // Taken by moving the next time on, so that two containers do not both ask: after 1, 2, 4, … minutes, at most each two hours.
  const { rows } = await pool.query<Pending>(
    `UPDATE shop.payment SET queries = queries + 1, next_query_at = now() + interval '1 minute' * 2 ^ least(queries + 1, 7)
     WHERE id IN (
       SELECT id FROM shop.payment
       WHERE state = 'started' AND next_query_at <= now() AND created_at > now() - interval '1 day'
       ORDER BY next_query_at LIMIT 20 FOR UPDATE SKIP LOCKED
     ) RETURNING channel, out_trade_no AS "outTradeNo"`,
  );
  for (const payment of rows) await ask(pool, channels, cashier, log, payment);
  const owed = await pool.query<{ id: string }>(
    "SELECT id FROM shop.orders WHERE state = 'paid' ORDER BY random() LIMIT 50", // random: one that cannot be delivered holds up no other
  );
  for (const { id } of owed.rows) await cashier.handOut(id);
  const left = await pool.query<{ owed: boolean; seconds: number | null }>(
    `SELECT EXISTS (SELECT FROM shop.orders WHERE state = 'paid') AS owed,
            extract(epoch FROM min(next_query_at) - now())::float8 AS seconds
     FROM shop.payment WHERE state = 'started' AND created_at > now() - interval '1 day'`,
  );
  const { owed: still, seconds } = left.rows[0]!;
  if (still) return minute;
  return seconds === null ? Infinity : seconds * 1000;
}

async function ask(
  pool: Pool,
  channels: Channels,
  cashier: Cashier,
  log: Log,
  { channel: id, outTradeNo }: Pending,
): Promise<void> {
  const plain = channels.find(id);
  if (!plain) return; // taken out of the file; who paid by it keeps the payment open for a day
  try {
    const channel = channels.open(plain);
    const status = await channel.query(outTradeNo);
    if (status.state === "paid") {
      const { sandbox } = plain;
      await cashier.take({
        ...status,
        paid: true,
        outTradeNo,
        channel: { id, sandbox, merchant: channel.merchant },
      });
    } else if (status.state !== "pending") await close(pool, outTradeNo);
  } catch (error) {
    log("warn", "a gateway could not say what became of a payment; it is asked again", {
      channel: id,
      outTradeNo,
      ...reason(error),
    });
  }
}

/** Not asked about again once the order's time is over too; a notify that comes nevertheless still counts. */
async function close(pool: Pool, outTradeNo: string): Promise<void> {
  await pool.query(
    `UPDATE shop.payment p SET state = 'closed', code_url = NULL FROM shop.orders o
     WHERE o.id = order_id AND out_trade_no = $1 AND p.state = 'started' AND o.expires_at < now()`,
    [outTradeNo],
  );
}
