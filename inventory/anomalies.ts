import type { Client } from "pg";
import type { DatabaseServer } from "../config/platform";
import { inDatabase } from "./database";

/** What a person may decide on a payment that does not fit. */
export const resolutions = ["refunded", "delivered", "ignored"] as const;
export type Resolution = (typeof resolutions)[number];

/** A payment that a shop does not settle by itself; docs/payments.md says what each kind means. */
export interface Anomaly {
  readonly id: number;
  /** "amount", "merchant", "paid-twice", … */
  readonly kind: string;
  readonly channel: string;
  /** The shop's number of the payment, and the gateway's. */
  readonly outTradeNo: string;
  readonly tradeNo: string;
  /** What was expected and what was seen. */
  readonly details: Readonly<Record<string, string | number>>;
  /** How many times the gateway has said it. */
  readonly times: number;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Null where no order of the shop is meant. Without its token, which opens the page with the code. */
  readonly order: {
    readonly id: number;
    readonly title: string;
    /** Whole fen. */
    readonly amount: number;
    readonly state: string;
    readonly contact: string;
    readonly createdAt: Date;
  } | null;
  readonly decision: Decision | null;
}

export interface Decision {
  readonly resolution: Resolution;
  /** A person's name; "shop" where the shop delivered when stock came. */
  readonly by: string;
  readonly at: Date;
  readonly note: string | null;
}

/**
 * Where a shop's books are, and the shop's own role: with no more rights than the shop has, so that nothing that somebody may have planted
 * in its schema runs with an operator's.
 */
export interface ShopLogin {
  readonly server: DatabaseServer;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

const columns = `a.id::int, a.kind, a.channel, a.out_trade_no AS "outTradeNo", a.trade_no AS "tradeNo", a.details, a.times,
  a.first_seen AS "firstSeen", a.last_seen AS "lastSeen", a.resolution, a.resolved_by AS by, a.resolved_at AS at, a.note,
  o.id::int AS "orderId", o.title, o.amount, o.state, o.contact, o.created_at AS "createdAt"
  FROM shop.anomaly a LEFT JOIN shop.orders o ON o.id = a.order_id`;

interface Row extends Omit<Anomaly, "order" | "decision">, Omit<NonNullable<Anomaly["order"]>, "id"> {
  readonly orderId: number | null;
  readonly resolution: Resolution | null;
  readonly by: string;
  readonly at: Date;
  readonly note: string | null;
}

/**
 * What nobody has decided yet, the oldest first, then the latest decisions; at most 500 of each.
 * @throws the server's error: 42P01 or 42703 where the shop's schema is another or an older one, 53300 where all its connections are taken
 */
export async function listAnomalies(login: ShopLogin): Promise<readonly Anomaly[]> {
  return await asShop(login, true, async (client) => {
    const { rows } = await client.query<Row>(
      `(SELECT ${columns} WHERE a.resolution IS NULL ORDER BY a.id LIMIT 500)
       UNION ALL (SELECT ${columns} WHERE a.resolution IS NOT NULL ORDER BY a.resolved_at DESC LIMIT 500)`,
    );
    return rows.map(anomalyOf);
  });
}

/**
 * Keeps a decision, once: a later one never takes its place. An order that waits for stock and was refunded, or delivered by hand, is closed
 * with it, so that the shop does not hand it out when stock comes.
 * @returns what is decided now, by this call or before it; undefined: there is no such anomaly
 * @throws as `listAnomalies`
 */
export async function decideAnomaly(
  login: ShopLogin,
  id: number,
  { resolution, by, note }: Pick<Decision, "resolution" | "by" | "note">,
): Promise<{ readonly anomaly: Anomaly; readonly fresh: boolean } | undefined> {
  return await asShop(login, false, async (client) => {
    // The order's lock first, as the shop takes it: nothing is delivered between the decision and the closing.
    await client.query(
      "SELECT FROM shop.orders WHERE id = (SELECT order_id FROM shop.anomaly WHERE id = $1) FOR UPDATE",
      [id],
    );
    const { rowCount } = await client.query(
      "UPDATE shop.anomaly SET resolution = $2, resolved_by = $3, note = $4, resolved_at = now() WHERE id = $1 AND resolution IS NULL",
      [id, resolution, by, note],
    );
    const fresh = rowCount === 1;
    if (fresh && resolution !== "ignored")
      await client.query(
        `UPDATE shop.orders SET state = 'closed' WHERE state = 'paid' AND id =
           (SELECT order_id FROM shop.anomaly WHERE id = $1 AND kind = 'out-of-stock')`,
        [id],
      );
    const { rows } = await client.query<Row>(`SELECT ${columns} WHERE a.id = $1`, [id]);
    return rows[0] && { anomaly: anomalyOf(rows[0]), fresh };
  });
}

function anomalyOf(row: Row): Anomaly {
  const { orderId, title, amount, state, contact, createdAt, resolution, by, at, note, ...anomaly } = row;
  return {
    ...anomaly,
    order: orderId === null ? null : { id: orderId, title, amount, state, contact, createdAt },
    decision: resolution && { resolution, by, at, note },
  };
}

async function asShop<T>(
  { server, ...login }: ShopLogin,
  readOnly: boolean,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return await inDatabase(server, { ...login, query_timeout: 10_000 }, async (client) => {
    await client.query(readOnly ? "BEGIN READ ONLY" : "BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  });
}
