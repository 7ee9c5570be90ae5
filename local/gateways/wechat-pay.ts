import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import type { MerchantOf } from "./merchants";
import { isExpired, type Refusal } from "./orders";
import { json, toldAmount, type Counter, type Protocol, type Reply } from "./protocol";
import { fitsRsa, seal, signRsa } from "./signing";
import type { Incoming, Order, Outgoing } from "./types";
import { chinaTimeWithZone, isFresh, isWebUrl } from "./words";

type Merchant = MerchantOf<"wechatPay">;

const scheme = "WECHATPAY2-SHA256-RSA2048";
/** What makes the payer's app open a payment; `pr` is the order's token. */
export const codeUrl = (order: Order): string => `weixin://wxpay/bizpayurl?pr=${order.token}`;

/** Native 下单: https://pay.weixin.qq.com/doc/v3/merchant/4012791877 */
const native = z.strictObject({
  appid: z.string(),
  mchid: z.string(),
  description: z.string().min(1).max(127),
  out_trade_no: z.string().regex(/^[A-Za-z0-9_\-|*]{6,32}$/),
  time_expire: z.iso.datetime({ offset: true }).optional(),
  attach: z.string().max(128).optional(),
  // "不能携带查询参数"
  notify_url: z
    .string()
    .max(255)
    .refine((url) => isWebUrl(url) && !url.includes("?")),
  goods_tag: z.string().max(32).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({
    total: z.int().positive(),
    currency: z.literal("CNY").optional(),
  }),
  scene_info: z.object({ payer_client_ip: z.string() }).optional(),
});

class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const refusals: Readonly<Record<Refusal, Refused>> = {
  paid: new Refused(400, "ORDERPAID", "该订单已支付"),
  different: new Refused(403, "OUT_TRADE_NO_USED", "商户订单号重复"),
  expired: new Refused(400, "ORDER_CLOSED", "该订单已关闭"),
};

export const wechatPay: Protocol<"wechatPay"> = {
  // "15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h，总计 24h4m"
  repeats: [15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600],
  patience: 5,
  heard: (status) => status === 200 || status === 204,

  async answer(request, counter) {
    let merchant: Merchant | undefined;
    try {
      merchant = authenticate(request, counter);
      const reply = await route(request, merchant, counter);
      return { ...signed(reply, merchant, Date.now()), about: reply.about };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const refused = json({ code: error.code, message: error.message }, error.status);
      return merchant
        ? { ...signed(refused, merchant, Date.now()), about: { merchant: merchant.merchant } }
        : refused;
    }
  },

  callback(order, merchant, wrong, now) {
    const amountFen = toldAmount(order, wrong);
    const mchid = wrong.has("merchant") ? "1699999999" : order.merchant;
    const transaction = JSON.stringify({ ...view({ ...order, amountFen }, merchant, now), mchid });
    const resource = {
      original_type: "transaction",
      algorithm: "AEAD_AES_256_GCM",
      associated_data: "transaction",
      ...seal(transaction, merchant.apiV3Key, "transaction"),
    };
    const notice = {
      id: randomUUID(),
      create_time: chinaTimeWithZone(order.paidAt ?? now),
      resource_type: "encrypt-resource",
      event_type: "TRANSACTION.SUCCESS",
      summary: "支付成功",
      resource,
    };
    const body = wrong.has("method") ? "" : JSON.stringify(notice);
    const headers = signatureHeaders(body, merchant, now);
    return {
      method: wrong.has("method") ? "GET" : "POST",
      url: order.notifyUrl,
      headers: {
        "content-type": "application/json",
        ...headers,
        // Announced by WeChat: signatures that begin like this are sent now and then, to see whether a shop looks at them.
        ...(wrong.has("signature")
          ? { "wechatpay-signature": `WECHATPAY/SIGNTEST/${headers["wechatpay-signature"]}` }
          : {}),
      },
      body,
    };
  },

  returnUrl: () => undefined, // the payer pays on a phone; the shop's page asks for itself
};

/** Authorization: scheme, then name="value" pairs; the signature is over method, URL without host, time, nonce and body. */
function authenticate(request: Incoming, counter: Counter<"wechatPay">): Merchant {
  const accept = request.headers["accept"] ?? "";
  if (!/application\/json|\*\/\*/.test(accept))
    throw new Refused(406, "PARAM_ERROR", "Http 头 Accept 不符合要求");
  if (!request.headers["user-agent"]) throw new Refused(403, "PARAM_ERROR", "Http 头缺少 User-Agent");
  const [, kind, rest = ""] = /^(\S+)\s+(.+)$/.exec(request.headers["authorization"] ?? "") ?? [];
  const pairs = Object.fromEntries(
    [...rest.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  const { mchid = "", nonce_str = "", signature = "", timestamp = "", serial_no = "" } = pairs;
  const merchant = counter.merchant(mchid);
  if (kind !== scheme || !merchant || nonce_str === "" || merchant.certificateSerial !== serial_no)
    throw new Refused(401, "SIGN_ERROR", "Http 头 Authorization 值格式、商户号或证书序列号错误");
  if (!isFresh(timestamp, Date.now()))
    throw new Refused(
      401,
      "SIGN_ERROR",
      "Http 头 Authorization 中的 timestamp 与发起请求的时间不得超过 5 分钟",
    );
  const text = `${request.method}\n${request.target}\n${timestamp}\n${nonce_str}\n${request.body}\n`;
  if (!fitsRsa(text, signature, merchant.publicKey))
    throw new Refused(401, "SIGN_ERROR", "签名错误，请检查后再试");
  return merchant;
}

async function route(request: Incoming, merchant: Merchant, counter: Counter<"wechatPay">): Promise<Reply> {
  if (request.method === "POST" && request.path === "/v3/pay/transactions/native")
    return await open(request, merchant, counter);
  const [, outTradeNo] = /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/.exec(request.path) ?? [];
  const [, transactionId] = /^\/v3\/pay\/transactions\/id\/([^/]+)$/.exec(request.path) ?? [];
  if (request.method !== "GET" || !(outTradeNo ?? transactionId))
    throw new Refused(404, "RESOURCE_NOT_EXISTS", "接口不存在");
  if (request.query.get("mchid") !== merchant.merchant)
    throw new Refused(400, "PARAM_ERROR", "mchid 与签名的商户号不一致");
  const order = counter.find(merchant.merchant, {
    tradeNo: transactionId,
    outTradeNo: outTradeNo && decodeURIComponent(outTradeNo),
  });
  if (!order) throw new Refused(404, "ORDER_NOT_EXIST", "订单不存在");
  return { ...json(view(order, merchant, Date.now())), about: order };
}

async function open(request: Incoming, merchant: Merchant, counter: Counter<"wechatPay">): Promise<Reply> {
  if (!request.headers["content-type"]?.startsWith("application/json"))
    throw new Refused(400, "PARAM_ERROR", "Http 头 Content-Type 不符合要求");
  const wanted = readOrder(request.body);
  if (wanted.mchid !== merchant.merchant) throw new Refused(401, "SIGN_ERROR", "mchid 与签名的商户号不一致");
  if (wanted.appid !== merchant.appId)
    throw new Refused(400, "APPID_MCHID_NOT_MATCH", "appid 和 mch_id 不匹配");
  const order = await counter.open({
    merchant: merchant.merchant,
    outTradeNo: wanted.out_trade_no,
    amountFen: wanted.amount.total,
    subject: wanted.description,
    notifyUrl: wanted.notify_url,
    ...(wanted.time_expire === undefined ? {} : { expiresAt: Date.parse(wanted.time_expire) }),
    echo: wanted.attach === undefined ? {} : { attach: wanted.attach },
  });
  if (typeof order === "string") throw refusals[order];
  return { ...json({ code_url: codeUrl(order) }), about: order };
}

function readOrder(body: string): z.infer<typeof native> {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    throw new Refused(400, "PARAM_ERROR", "请求体不是 JSON");
  }
  const parsed = native.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new Refused(400, "PARAM_ERROR", `参数错误：${path.join(".")} ${message}`);
}

/** A transaction as queries and callbacks tell it. */
function view(order: Order, merchant: Merchant, now: number): Record<string, unknown> {
  const common = {
    appid: merchant.appId,
    mchid: order.merchant,
    out_trade_no: order.outTradeNo,
    ...order.echo,
  };
  if (order.paidAt === undefined) {
    const closed = isExpired(order, now);
    return {
      ...common,
      amount: { currency: "CNY", total: order.amountFen },
      trade_state: closed ? "CLOSED" : "NOTPAY",
      trade_state_desc: closed ? "订单已关闭" : "订单未支付",
    };
  }
  return {
    ...common,
    transaction_id: order.tradeNo,
    trade_type: "NATIVE",
    trade_state: "SUCCESS",
    trade_state_desc: "支付成功",
    bank_type: "OTHERS",
    success_time: chinaTimeWithZone(order.paidAt),
    payer: { openid: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" },
    amount: {
      total: order.amountFen,
      payer_total: order.amountFen,
      currency: "CNY",
      payer_currency: "CNY",
    },
  };
}

const signed = (reply: Outgoing, merchant: Merchant, now: number): Outgoing => ({
  ...reply,
  headers: {
    ...reply.headers,
    "request-id": randomUUID(),
    ...signatureHeaders(reply.body, merchant, now),
  },
});

/** Over time, nonce and body, each with a line's end: answers and callbacks alike. */
function signatureHeaders(body: string, merchant: Merchant, now: number) {
  const timestamp = String(Math.floor(now / 1000));
  const nonce = randomBytes(16).toString("hex");
  return {
    "wechatpay-timestamp": timestamp,
    "wechatpay-nonce": nonce,
    "wechatpay-serial": merchant.platformPublicKeyId,
    "wechatpay-signature-type": scheme,
    "wechatpay-signature": signRsa(`${timestamp}\n${nonce}\n${body}\n`, merchant.platformPrivateKey),
  };
}
