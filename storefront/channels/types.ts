/**
 * What the shop asks of a payment interface, and all that it knows of one. A channel talks to its gateway and reads what the
 * gateway says; which order a payment belongs to, whether it is right and what is handed out is the shop's business alone.
 */
export interface Channel {
  /** The merchant that money must arrive at: appId, mchid or pid. A notify that names another one is an anomaly. */
  readonly merchant: string;

  /**
   * Opens a payment at the gateway. Called again with the same `outTradeNo` it must lead to the same payment, never to a second one.
   *
   * @throws ChannelError when the gateway refuses or does not answer; the payment may exist there nevertheless
   */
  start(payment: PaymentRequest): Promise<PaymentStart>;

  /** Reads and verifies what came to the notify URL. Never throws on what a stranger sent: that is `ok: false`. */
  readNotify(request: NotifyRequest): Promise<NotifyReading>;

  /**
   * Asks the gateway what became of a payment, for notifies that never came.
   *
   * @throws ChannelError when the gateway does not answer, or its answer's signature is wrong
   */
  query(outTradeNo: string): Promise<PaymentStatus>;
}

export interface PaymentRequest {
  /** Ours, unique for every attempt: 32 characters of a-z and 0-9. */
  readonly outTradeNo: string;
  /** Whole fen (分), above zero. */
  readonly amountFen: number;
  /** What is bought, in words for the payer; at most 60 characters of any script. */
  readonly subject: string;
  /** Absolute; the gateway calls it. */
  readonly notifyUrl: string;
  /** Absolute; the gateway sends the payer's browser there. It names the channel alone; the shop knows the order by a cookie. */
  readonly returnUrl: string;
  /** The payer's address as the ingress saw it; "" where unknown. */
  readonly clientIp: string;
  /** When the order ends; the gateway should take no money after it. */
  readonly expiresAt: Date;
}

/** Where the payer goes: a page of the gateway, or an address that is shown as text for the payer's app (WeChat's `code_url`). */
export type PaymentStart =
  { readonly kind: "redirect"; readonly url: string } | { readonly kind: "code"; readonly url: string };

export interface NotifyRequest {
  /** "GET" or "POST". */
  readonly method: string;
  /** Of the URL, decoded; a key may be there twice, which no gateway does: refuse it as malformed. */
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it came, at most 64 KiB; empty for a GET. */
  readonly body: Buffer;
}

export type NotifyReading =
  | {
      readonly ok: true;
      readonly outTradeNo: string;
      /** Whole fen that the gateway says it took. */
      readonly amountFen: number;
      readonly merchant: string;
      /** The gateway's own number of the payment. */
      readonly tradeNo: string;
      /** True for the gateway's word for "paid" alone; a refund, a closed or a waiting trade is false. */
      readonly paid: boolean;
      /** When the gateway took the money, where it says so: what was paid in time is delivered however late we hear of it. */
      readonly paidAt?: Date;
      /** What tells the gateway that it was heard, so that it does not repeat. */
      readonly answer: Answer;
      /** What makes the gateway call again: the shop could not keep what it said. */
      readonly failure: Answer;
    }
  | {
      readonly ok: false;
      /** signature: it does not fit. malformed: it cannot be read. stale: its time is too far from ours. key: made with a key that we do not have. */
      readonly reason: "signature" | "malformed" | "stale" | "key";
      /** A refusal, in the gateway's own form. */
      readonly answer: Answer;
    };

export type PaymentStatus =
  | {
      readonly state: "paid";
      readonly amountFen: number;
      readonly merchant: string;
      readonly tradeNo: string;
      /** As in `NotifyReading`. */
      readonly paidAt?: Date;
    }
  /** pending: not paid yet. closed: will never be. unknown: the gateway has never heard of it. */
  | { readonly state: "pending" | "closed" | "unknown" };

/** An HTTP answer to the gateway. */
export interface Answer {
  readonly status: number;
  /** A media type, "text/plain; charset=utf-8" for most. */
  readonly type: string;
  readonly body: string;
}

/** A gateway that refuses or does not answer. The message says which channel, what was seen and what to do; never a secret. */
export class ChannelError extends Error {
  override readonly name = "ChannelError";
}

/** What `substation.json` says of one channel, with its secrets. */
export interface ChannelConfig {
  /** The channel's key in the typed file: unique in the shop, part of its notify URL. */
  readonly id: string;
  /** "alipay", "wechatPay", "epay", "custom". */
  readonly kind: string;
  /** Shown to customers. */
  readonly title: string;
  /** A channel that is switched off starts no payments, but still reads notifies: money may be under way. */
  readonly enabled: boolean;
  readonly sandbox: boolean;
  /** Base address of the gateway; "" for a custom channel, whose adapter knows it. */
  readonly gateway: string;
  /** Of a custom channel: where its adapter listens on 127.0.0.1, and the merchant that money must arrive at. */
  readonly adapter?: { readonly port: number; readonly merchant: string };
  readonly notifyUrl: string;
  readonly returnUrl: string;
  /** Whole fen: the smallest and the largest payment. */
  readonly minimum: number;
  readonly maximum: number;
  /** Whole fen that it may take in a day of China (UTC+8); undefined: no bound. */
  readonly dailyCap: number | undefined;
  readonly feeBasisPoints: number;
  /** Of the channels of one kind and one title each order is offered one, each in proportion to it. */
  readonly weight: number;
  /** The kind's plain fields, by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** The kind's secret fields, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Makes the channel of one kind. Each kind's file exports one, and `open.ts` the one that chooses among them and runs a kind's file when
 * it is first asked for: a shop that rests holds no code of a channel.
 *
 * @throws ChannelError naming every field that is missing or cannot be used, never its value
 */
export type OpenChannel = (config: ChannelConfig) => Channel;
