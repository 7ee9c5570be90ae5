import type { Pool } from "pg";
import { type Channel, ChannelError, type OpenChannel, type PaymentStart } from "./channels/types";
import { chinaMidnight } from "./china";
import { takes } from "./choice";
import type { PlainChannel, StorefrontConfig } from "./config";
import { moduleOf, type Order, randomToken } from "./orders";

/** The shop's channels by id, each opened when it is first used. */
export interface Channels {
  /** Those whose adapter, where they have one, answers. */
  working(): readonly PlainChannel[];
  find(id: string): PlainChannel | undefined;
  /** @throws ChannelError when its configuration cannot be used */
  open(channel: PlainChannel): Channel;
}

export function openChannels(
  config: StorefrontConfig,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>,
  open: OpenChannel,
  up: (channel: string) => boolean = () => true,
): Channels {
  const opened = new Map<string, Channel>();
  return {
    working: () => config.channels.filter(({ id }) => up(id)),
    find: (id) => config.channels.find((channel) => channel.id === id),
    open(plain) {
      const channel = opened.get(plain.id) ?? open({ ...plain, secrets: secrets[plain.id] ?? {} });
      opened.set(plain.id, channel);
      return channel;
    },
  };
}

/**
 * The channels that may take this order's money now: switched on, its limits and what is left of its daily cap above the amount, something
 * of its sort in stock, and no payment by it that is over. None for an order of which a person has to decide on a payment: who has paid
 * once must not be asked to pay again. The cap counts what was paid: were started payments counted too, anybody could use it up without
 * paying; so payments that are under way at the same moment may go over it.
 */
export async function offers(
  pool: Pool,
  order: Order,
  all: readonly PlainChannel[],
  payments: readonly PaymentView[],
): Promise<readonly PlainChannel[]> {
  if (order.state !== "open" || order.expired) return [];
  if (payments.some(({ state }) => state === "anomaly" || state === "decided")) return [];
  const fitting = all.filter(
    (channel) =>
      takes(channel, order.amount) &&
      mayStart(
        channel,
        payments.find((payment) => payment.channel === channel.id),
      ),
  );
  const stocked = await withStock(pool, order, fitting);
  const taken = stocked.some(({ dailyCap }) => dailyCap !== undefined)
    ? await takenToday(pool)
    : new Map<string, number>();
  return stocked.filter(({ id, dailyCap = Infinity }) => (taken.get(id) ?? 0) + order.amount <= dailyCap);
}

/** A payment that was begun with play money cannot go on with real money, nor the other way round, when the channel has been switched over. */
const mayStart = (
  { sandbox }: PlainChannel,
  begun: Pick<PaymentView, "state" | "sandbox"> | undefined,
): boolean => begun === undefined || (begun.state === "started" && begun.sandbox === sandbox);

/** Those whose sort of stock, sample codes or real ones, has something of what was ordered. What is no code never runs out. */
async function withStock(
  pool: Pool,
  order: Order,
  channels: readonly PlainChannel[],
): Promise<readonly PlainChannel[]> {
  if (channels.length === 0 || moduleOf(order)?.delivers !== "card") return channels;
  const { rows } = await pool.query<{ sample: boolean }>(
    "SELECT DISTINCT sample FROM shop.card WHERE goods_id = $1 AND sold_at IS NULL",
    [order.goodsId],
  );
  return channels.filter(({ sandbox }) => rows.some(({ sample }) => sample === sandbox));
}

/** Fen that each channel took since midnight in China. */
async function takenToday(pool: Pool): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ channel: string; fen: string }>(
    "SELECT channel, sum(amount) AS fen FROM shop.payment WHERE state = 'paid' AND paid_at >= $1 GROUP BY channel",
    [chinaMidnight(new Date())],
  );
  return new Map(rows.map(({ channel, fen }) => [channel, Number(fen)]));
}

/**
 * Starts the order's payment by a channel that `offers` names. Asked again it is the same payment, under the same number.
 *
 * @returns undefined when that payment is over already: paid, closed or held
 * @throws ChannelError when the gateway refuses or does not answer
 */
export async function startPayment(
  pool: Pool,
  channels: Channels,
  order: Order,
  plain: PlainChannel,
  clientIp: string,
): Promise<PaymentStart | undefined> {
  const channel = channels.open(plain);
  const { rows } = await pool.query<{ outTradeNo: string } & Pick<PaymentView, "state" | "sandbox">>(
    `INSERT INTO shop.payment (order_id, channel, sandbox, out_trade_no, amount) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (order_id, channel) DO UPDATE SET next_query_at = now() + interval '1 minute', queries = 0
     RETURNING out_trade_no AS "outTradeNo", state, sandbox`,
    [order.id, plain.id, plain.sandbox, randomToken(), order.amount],
  );
  const { outTradeNo, ...begun } = rows[0]!;
  if (!mayStart(plain, begun)) return undefined;
  const start = await channel.start({
    outTradeNo,
    amountFen: order.amount,
    subject: order.title.slice(0, 60),
    notifyUrl: plain.notifyUrl,
    returnUrl: plain.returnUrl,
    clientIp,
    expiresAt: order.expiresAt,
  });
  // Also for what a header cannot carry: the address goes into `location`.
  if (!/^(https?|weixin|alipays):\/\/[!-~]+$/.test(start.url))
    throw new ChannelError(
      `channel ${plain.id}: the gateway sent the payer to an address of a strange scheme, or with characters that no address has`,
    );
  if (start.kind === "code")
    await pool.query("UPDATE shop.payment SET code_url = $2 WHERE out_trade_no = $1 AND state = 'started'", [
      outTradeNo,
      start.url,
    ]);
  return start;
}

/** What an order's page says of its payments. */
export interface PaymentView {
  readonly channel: string;
  /** By which the gateway knows it too. */
  readonly outTradeNo: string;
  /** anomaly: a person has to decide on it; decided: one has. */
  readonly state: "started" | "closed" | "paid" | "anomaly" | "decided";
  readonly sandbox: boolean;
  readonly codeUrl: string | null;
}

export async function paymentsOf(pool: Pool, orderId: string): Promise<readonly PaymentView[]> {
  const { rows } = await pool.query<PaymentView>(
    `SELECT channel, out_trade_no AS "outTradeNo", sandbox, code_url AS "codeUrl",
            CASE WHEN state = 'anomaly' AND NOT EXISTS (
              SELECT FROM shop.anomaly a WHERE a.out_trade_no = payment.out_trade_no AND resolution IS NULL
            ) THEN 'decided' ELSE state END AS state
     FROM shop.payment WHERE order_id = $1 ORDER BY id`,
    [orderId],
  );
  return rows;
}
