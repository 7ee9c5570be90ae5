import { type KeyObject, randomBytes } from "node:crypto";
import { chinaTime } from "../china";
import { openAead } from "./aead";
import { Credentials } from "./credentials";
import { ask, codeOf, failure, type GatewayAnswer, type Json, jsonOf, objectOf, textOf } from "./gateway";
import { signRsa, verifyRsa } from "./rsa";
import type {
  Answer,
  Channel,
  ChannelConfig,
  NotifyReading,
  NotifyRequest,
  OpenChannel,
  PaymentRequest,
  PaymentStart,
  PaymentStatus,
} from "./types";
import { isFresh, paidAtOf, subjectOf } from "./values";

/**
 * WeChat Pay (微信支付) API v3, Native: the payer's app reads `code_url`. Answers and notifies are verified with the platform's public
 * key (公钥模式), not with its certificates, which would have to be fetched and renewed.
 *
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877 (order), 4012791880 (query), 4012791882 (notify)
 */
export const openWechatPay: OpenChannel = (config) => {
  const credentials = new Credentials(config);
  const gateway = credentials.gateway();
  const ids = {
    appId: credentials.id("appId"),
    merchantId: credentials.id("merchantId"),
    certificateSerial: credentials.id("certificateSerial"),
    platformPublicKeyId: credentials.id("platformPublicKeyId"),
  };
  const own = credentials.privateKey("privateKey");
  const theirs = credentials.publicKey("platformPublicKey", own);
  const apiV3Key = credentials.secret("apiV3Key", /^[\x21-\x7e]{32}$/, "must be 32 characters");
  credentials.check();
  const merchant: Merchant = { config, gateway, ...ids, own: own!, theirs: theirs!, apiV3Key };

  return {
    merchant: ids.merchantId,
    start: (payment) => start(merchant, payment),
    readNotify: (request) => Promise.resolve(readNotify(merchant, request)),
    query: (outTradeNo) => query(merchant, outTradeNo),
  } satisfies Channel;
};

interface Merchant {
  readonly config: ChannelConfig;
  readonly gateway: string;
  readonly appId: string;
  readonly merchantId: string;
  /** Of the merchant's API certificate. */
  readonly certificateSerial: string;
  /** "PUB_KEY_ID_…": names the key that answers and notifies are signed with. */
  readonly platformPublicKeyId: string;
  readonly own: KeyObject;
  readonly theirs: KeyObject;
  readonly apiV3Key: string;
}

async function start(merchant: Merchant, payment: PaymentRequest): Promise<PaymentStart> {
  const answer = await call(merchant, "POST", "/v3/pay/transactions/native", {
    appid: merchant.appId,
    mchid: merchant.merchantId,
    description: subjectOf(payment.subject),
    out_trade_no: payment.outTradeNo,
    time_expire: `${chinaTime(payment.expiresAt)}+08:00`,
    notify_url: payment.notifyUrl,
    amount: { total: payment.amountFen, currency: "CNY" },
    ...(payment.clientIp === "" ? {} : { scene_info: { payer_client_ip: payment.clientIp } }),
  });
  const url = textOf(verified(merchant, answer)["code_url"]);
  if (url === undefined || !/^(weixin|https?):\/\/\S+$/.test(url))
    throw failure(
      merchant.config,
      "WeChat Pay answered an order without code_url",
      "ask WeChat Pay's support",
    );
  return { kind: "code", url };
}

async function query(merchant: Merchant, outTradeNo: string): Promise<PaymentStatus> {
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}?mchid=${merchant.merchantId}`;
  const answer = await call(merchant, "GET", path);
  // Only what is paid needs a signature to be believed: who forges a 404 could as well have dropped the answer.
  if (answer.status === 404 && /^ORDER_?NOT_?EXIST$/.test(codeOf(jsonOf(answer.body)?.["code"])))
    return { state: "unknown" };
  const trade = tradeOf(merchant, verified(merchant, answer));
  const state = trade?.outTradeNo === outTradeNo ? states.get(trade.state) : undefined;
  if (!trade || state === undefined)
    throw failure(
      merchant.config,
      "WeChat Pay answered a query about another or no trade",
      "ask WeChat Pay's support",
    );
  if (state !== "paid") return { state };
  if (trade.amountFen === undefined)
    throw failure(
      merchant.config,
      "WeChat Pay answered a query without the amount",
      "ask WeChat Pay's support",
    );
  const { amountFen, tradeNo, paidAt } = trade;
  return { state, amountFen, merchant: trade.merchant, tradeNo, ...paidAt };
}

const states: ReadonlyMap<string, "paid" | "pending" | "closed"> = new Map([
  ["SUCCESS", "paid"],
  ["REFUND", "closed"],
  ["NOTPAY", "pending"],
  ["USERPAYING", "pending"],
  ["ACCEPT", "pending"],
  ["CLOSED", "closed"],
  ["REVOKED", "closed"],
  ["PAYERROR", "closed"],
]);

/** Signs `METHOD\nURL\ntime\nnonce\nbody\n`, the URL as the gateway gets it, without scheme and host. */
function call(
  merchant: Merchant,
  method: "GET" | "POST",
  path: string,
  content?: Json,
): Promise<GatewayAnswer> {
  const url = new URL(merchant.gateway + path);
  const body = content ? JSON.stringify(content) : "";
  const time = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString("hex");
  const text = `${method}\n${url.pathname}${url.search}\n${time}\n${nonce}\n${body}\n`;
  const token = {
    mchid: merchant.merchantId,
    nonce_str: nonce,
    signature: signRsa(text, merchant.own),
    timestamp: String(time),
    serial_no: merchant.certificateSerial,
  };
  const authorization = Object.entries(token).map(([name, value]) => `${name}="${value}"`);
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": "substation", // WeChat Pay refuses a request without one
    authorization: `WECHATPAY2-SHA256-RSA2048 ${authorization.join(",")}`,
    "wechatpay-serial": merchant.platformPublicKeyId, // asks for an answer signed with this key
  };
  return ask(merchant.config, { method, url: url.href, headers, ...(content ? { body } : {}) });
}

/** @throws ChannelError for a refusal, and for an answer that WeChat Pay did not sign just now */
function verified(merchant: Merchant, { status, headers, body }: GatewayAnswer): Json {
  if (status < 200 || status > 299)
    throw failure(
      merchant.config,
      `WeChat Pay answered HTTP ${status} ${codeOf(jsonOf(body)?.["code"])}`,
      status === 401
        ? "compare merchantId, certificateSerial and privateKey with the merchant platform's API certificate"
        : "look the code up in WeChat Pay's documentation",
    );
  const fault = signatureFault(merchant, headers, body);
  if (fault)
    throw failure(
      merchant.config,
      `WeChat Pay's answer is not to be trusted (${fault})`,
      "compare platformPublicKeyId and platformPublicKey with the merchant platform, and the clock with the time",
    );
  return jsonOf(body) ?? {};
}

function signatureFault(
  merchant: Merchant,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): "key" | "signature" | "stale" | undefined {
  const of = (name: string): string => textOf(headers[`wechatpay-${name}`]) ?? "";
  const [time, serial] = [of("timestamp"), of("serial")];
  if (serial !== "" && serial !== merchant.platformPublicKeyId) return "key";
  const signed = Buffer.concat([Buffer.from(`${time}\n${of("nonce")}\n`), body, Buffer.from("\n")]);
  // Probes of WeChat Pay carry a "WECHATPAY/SIGNTEST/…" here and want to be refused like any other wrong signature.
  if (serial === "" || !verifyRsa(signed, of("signature"), merchant.theirs)) return "signature";
  return isFresh(time) ? undefined : "stale";
}

const json = "application/json; charset=utf-8";
const accepted: Answer = { status: 200, type: json, body: '{"code":"SUCCESS","message":"成功"}' };
/** Any status but 200 and 204 makes WeChat Pay repeat, 15 times in a day. */
const refused: Answer = { status: 400, type: json, body: '{"code":"FAIL","message":"拒绝"}' };
const failed: Answer = { status: 500, type: json, body: '{"code":"FAIL","message":"失败"}' };

function readNotify(merchant: Merchant, { method, headers, body }: NotifyRequest): NotifyReading {
  const no = (reason: "key" | "malformed" | "signature" | "stale"): NotifyReading => ({
    ok: false,
    reason,
    answer: refused,
  });
  if (method !== "POST") return no("malformed");
  const fault = signatureFault(merchant, headers, body);
  if (fault) return no(fault);
  const notify = jsonOf(body);
  const resource = objectOf(notify?.["resource"]);
  if (resource?.["algorithm"] !== "AEAD_AES_256_GCM") return no("malformed");
  const plain = decrypt(merchant.apiV3Key, resource);
  if (!plain) return no("key");
  const trade = tradeOf(merchant, jsonOf(plain) ?? {});
  if (trade?.amountFen === undefined) return no("malformed");
  const { outTradeNo, amountFen, tradeNo } = trade;
  const paid = notify?.["event_type"] === "TRANSACTION.SUCCESS" && states.get(trade.state) === "paid";
  return {
    ok: true,
    outTradeNo,
    amountFen,
    merchant: trade.merchant,
    tradeNo,
    paid,
    ...trade.paidAt,
    answer: accepted,
    failure: failed,
  };
}

function decrypt(apiV3Key: string, resource: Json): Buffer | undefined {
  const of = (name: string): string => textOf(resource[name]) ?? "";
  const [nonce, associated] = [Buffer.from(of("nonce")), Buffer.from(of("associated_data"))];
  return openAead(Buffer.from(apiV3Key), nonce, associated, Buffer.from(of("ciphertext"), "base64"));
}

interface Trade {
  readonly outTradeNo: string;
  readonly tradeNo: string;
  readonly state: string;
  /** Undefined while a trade that is not paid says none. */
  readonly amountFen: number | undefined;
  readonly merchant: string;
  readonly paidAt: ReturnType<typeof paidAtOf>;
}

/** Undefined where what every trade has is missing. A trade of the same merchant through another app is another merchant's. */
function tradeOf(merchant: Merchant, trade: Json): Trade | undefined {
  const outTradeNo = textOf(trade["out_trade_no"]);
  const mchid = textOf(trade["mchid"]);
  const appid = textOf(trade["appid"]);
  if (outTradeNo === undefined || mchid === undefined) return undefined;
  const amount = objectOf(trade["amount"]);
  const total = amount?.["total"];
  const whole = typeof total === "number" && Number.isSafeInteger(total) && total >= 0;
  return {
    outTradeNo,
    tradeNo: textOf(trade["transaction_id"]) ?? "",
    state: textOf(trade["trade_state"]) ?? "",
    amountFen: whole && (amount?.["currency"] ?? "CNY") === "CNY" ? total : undefined,
    merchant: appid === merchant.appId ? mchid : `${mchid} ${appid ?? "without app"}`,
    paidAt: paidAtOf(textOf(trade["success_time"])),
  };
}
