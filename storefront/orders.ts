import { randomBytes } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import type { Goods } from "./catalog";
import { modules } from "./modules";

/** Minutes within which an order must be paid. */
export const orderMinutes = 30;

export interface Order {
  readonly id: string;
  /** 128 random bits in hexadecimal; who knows it sees the order and what was delivered. */
  readonly token: string;
  readonly goodsId: string;
  readonly module: string;
  readonly title: string;
  /** Whole fen. */
  readonly amount: number;
  readonly contact: string;
  /** closed: paid, and settled by a person; nothing is handed out any more. */
  readonly state: "open" | "paid" | "delivered" | "closed";
  /** Open, and its time is over by the database's clock. */
  readonly expired: boolean;
  readonly expiresAt: Date;
}

/** 128 random bits as 32 digits of 0-9 and a-f. */
export const randomToken = (): string => randomBytes(16).toString("hex");

const columns = `o.id, o.token, o.goods_id AS "goodsId", o.module, o.title, o.amount, o.contact, o.state,
  o.state = 'open' AND o.expires_at <= clock_timestamp() AS expired, o.expires_at AS "expiresAt"`;

/** Keeps the price of this moment. Returns the new order's token. */
export async function createOrder(pool: Pool, goods: Goods, contact: string): Promise<string> {
  const token = randomToken();
  await pool.query(
    `INSERT INTO shop.orders (token, goods_id, module, title, main_price, amount, contact, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(mins => $8))`,
    [token, goods.id, goods.module.name, goods.title, goods.mainPrice, goods.price, contact, orderMinutes],
  );
  return token;
}

export async function findOrder(pool: Pool, token: string): Promise<Order | undefined> {
  const { rows } = await pool.query<Order>(`SELECT ${columns} FROM shop.orders o WHERE token = $1`, [token]);
  return rows[0];
}

/** The order of a payment, or by its id, held against every other change until the transaction ends. */
export async function lockOrder(
  client: PoolClient,
  by: { readonly outTradeNo: string } | { readonly id: string },
): Promise<Order | undefined> {
  const [where, value] =
    "id" in by
      ? ["$1", by.id]
      : ["(SELECT order_id FROM shop.payment WHERE out_trade_no = $1)", by.outTradeNo];
  const { rows } = await client.query<Order>(
    `SELECT ${columns} FROM shop.orders o WHERE id = ${where} FOR UPDATE`,
    [value],
  );
  return rows[0];
}

export const moduleOf = (order: Pick<Order, "module">) => modules.find(({ name }) => name === order.module);
