import type { MerchantOf } from "./merchants";
import type { Refusal } from "./orders";
import type { Callback, Incoming, Kind, NewOrder, Order, Outgoing, Wrong } from "./types";

/** What the three gateways do differently. */
export interface Protocol<K extends Kind> {
  /** Answers a shop's request, or a payer's browser that a shop sent. */
  answer(request: Incoming, counter: Counter<K>): Promise<Reply>;
  /** The callback of a paid order. */
  callback(order: Order, merchant: MerchantOf<K>, wrong: ReadonlySet<Wrong>, now: number): Callback;
  /** Whether a shop's answer to a callback says that it was heard. */
  heard(status: number, body: string): boolean;
  /** Seconds between one callback that was not heard and the next. */
  readonly repeats: readonly number[];
  /** Seconds that a shop has to answer a callback. */
  readonly patience: number;
  /** Where the payer's browser goes after paying; undefined where it stays. */
  returnUrl(order: Order, merchant: MerchantOf<K>, now: number): string | undefined;
}

/** What a gateway's rules are applied to. */
export interface Counter<K extends Kind> {
  merchant(id: string): MerchantOf<K> | undefined;
  /** The order that is asked for by either number; where both are there, the gateway's counts. */
  find(merchant: string, numbers: Partial<Pick<Order, "tradeNo" | "outTradeNo">>): Order | undefined;
  /** Opens an order, and pays it at once where that is the misbehaviour that was asked for. */
  open(order: Omit<NewOrder, "kind">): Promise<Order | Refusal>;
}

/** An answer, and whose: what a merchant's or an order's misbehaviour is applied to. */
export interface Reply extends Outgoing {
  readonly about?: { readonly merchant: string; readonly outTradeNo?: string };
}

export const json = (body: unknown, status = 200): Outgoing => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(body),
});

/** Sends a browser on; 303 makes it a GET whatever it was. */
export const seeOther = (location: string): Outgoing => ({ status: 303, headers: { location }, body: "" });

/** The payer's page of an order, below the gateway's origin. */
export const cashierPath = ({ kind, token }: Order): string => `/${kind}/cashier/${token}`;

/** The URL with parameters added to those that it has. */
export function withQuery(url: string, params: Readonly<Record<string, string>>): string {
  const extended = new URL(url);
  for (const [name, value] of Object.entries(params)) extended.searchParams.append(name, value);
  return extended.href;
}

/** A callback that brings its parameters in a form, or in the URL. */
export const callbackWith = (
  method: Callback["method"],
  url: string,
  params: Readonly<Record<string, string>>,
): Callback =>
  method === "GET"
    ? { method, url: withQuery(url, params), headers: {}, body: "" }
    : {
        method,
        url,
        headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        body: new URLSearchParams(params).toString(),
      };

/** The amount that a callback tells: the order's, or the smallest that is not. */
export const toldAmount = ({ amountFen }: Order, wrong: ReadonlySet<Wrong>): number =>
  wrong.has("amount") ? (amountFen === 1 ? 2 : 1) : amountFen;
