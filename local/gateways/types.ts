/** The gateways that are imitated; each answers below a path of the same name. */
export const kinds = ["alipay", "wechatPay", "epay"] as const;
export type Kind = (typeof kinds)[number];

/** What a gateway does wrong, for one order or for all of a merchant. Nothing set: it behaves. */
export interface Misbehaviour {
  /** How many callbacks of a payment are sent at the same moment; 0: never one. @default 1, and again until one is acknowledged */
  readonly callbacks?: number;
  /** Seconds, real ones, from the payment to its first callback. @default 0 */
  readonly callbackDelaySeconds?: number;
  /** The payer pays at once: the callback comes before the shop has the answer to its request. */
  readonly callbackBeforeAnswer?: true;
  /** What is wrong with each callback. */
  readonly wrong?: readonly Wrong[];
  /** Seconds, real ones, before the shop's requests are answered. @default 0 */
  readonly answerDelaySeconds?: number;
  /** The shop's requests are carried out, and answered with this status and no more. */
  readonly answerStatus?: 500 | 502 | 503;
  /** Money is taken although the order's time is over. */
  readonly takesExpired?: true;
}

/** "amount": 0.01 (0.02 where that is right). "merchant": another one, yet signed for this one. "method": GET for POST and POST for GET. */
export const wrongs = ["amount", "signature", "merchant", "method"] as const;
export type Wrong = (typeof wrongs)[number];

/** What a merchant was until now, when it is registered: unknown, known as it is, or known otherwise. */
export type Registered = "new" | "known" | "changed";

export interface Order {
  readonly kind: Kind;
  /** Its merchant: appId, mchid or pid. */
  readonly merchant: string;
  /** The shop's number, unique for a merchant. */
  readonly outTradeNo: string;
  /** The gateway's number. */
  readonly tradeNo: string;
  readonly amountFen: number;
  readonly subject: string;
  readonly notifyUrl: string;
  readonly returnUrl?: string;
  /** What the shop wants back as it sent it: epay's `type` and `param`, WeChat's `attach`. */
  readonly echo: Readonly<Record<string, string>>;
  /** Names the payer's page: 128 random bits. */
  readonly token: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  /** No money is taken from then on. */
  readonly expiresAt?: number;
  readonly paidAt?: number;
  /** Callbacks that were tried. */
  readonly attempts: number;
  /** Whether another callback is owed: paid, not acknowledged, tries left. */
  readonly due: boolean;
}

/** One order: `merchant` is its appId, mchid or pid. */
export type Which = Pick<Order, "kind" | "merchant" | "outTradeNo">;
/** A merchant, or one order of it. */
export type Whose = Pick<Order, "kind" | "merchant"> & Partial<Pick<Order, "outTradeNo">>;

export const keyOf = ({ kind, merchant, outTradeNo }: Whose): string =>
  outTradeNo === undefined ? `${kind}/${merchant}` : `${kind}/${merchant}/${outTradeNo}`;

/** Whether something is of that merchant, or of that one order of it. */
export const isOf = (one: Which, { kind, merchant, outTradeNo }: Whose): boolean =>
  one.kind === kind && one.merchant === merchant && [undefined, one.outTradeNo].includes(outTradeNo);

/** What a shop asks for when it opens a payment. */
export type NewOrder = Pick<
  Order,
  | "kind"
  | "merchant"
  | "outTradeNo"
  | "amountFen"
  | "subject"
  | "notifyUrl"
  | "returnUrl"
  | "echo"
  | "expiresAt"
>;

/** An HTTP request as a gateway reads it. */
export interface Incoming {
  readonly method: string;
  /** As it was sent, with its query: what WeChat's clients sign. */
  readonly target: string;
  /** Below the gateway's own: "/v3/pay/transactions/native". */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** "http://10.87.255.1:9180", where the request came in. */
  readonly origin: string;
}

export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A callback, ready to be sent. */
export interface Callback {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One callback that was tried, and what came of it. Kept for tests; what was sent can be repeated or altered from it. */
export interface Attempt {
  readonly kind: Kind;
  readonly merchant: string;
  readonly outTradeNo: string;
  readonly at: number;
  readonly milliseconds: number;
  readonly wrong: readonly Wrong[];
  readonly request: Callback;
  /** Absent where no answer came. */
  readonly status?: number;
  /** Where the answer wanted to send us. We never go. */
  readonly location?: string;
  /** The answer's first 2,048 characters. */
  readonly body?: string;
  /** Why no answer came, or none was asked for. */
  readonly error?: string;
  /** Whether the answer is what this gateway takes for "heard". */
  readonly acknowledged: boolean;
}
