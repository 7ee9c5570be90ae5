import { createHash, type KeyObject, timingSafeEqual } from "node:crypto";
import { yuan } from "../money";
import { Credentials } from "./credentials";
import { readForm, signText } from "./form";
import { ask, codeOf, failure, formBody, type GatewayAnswer, type Json, jsonOf, textOf } from "./gateway";
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
import { fenOf, isFresh, paidAtOf, subjectOf } from "./values";

/**
 * 易支付, the protocol of many gateways that resell Alipay and WeChat Pay. Version 1 signs with MD5 and a shared key, version 2 with
 * RSA both ways. There is no one document; this follows what the common servers (彩虹易支付) and their SDKs do.
 */
export const openEpay: OpenChannel = (config) => {
  const credentials = new Credentials(config);
  const version = config.fields["version"];
  const common = {
    config,
    gateway: credentials.gateway(),
    pid: credentials.id("merchantId"),
    type: credentials.id("type"),
  };
  if (version === "v1") {
    const key = credentials.secret("key", /^\S{8,128}$/, "must be 8 to 128 characters");
    credentials.check();
    return channelOf({ ...common, seal: md5Seal(key), start: startV1, ask: (no) => askV1(common, key, no) });
  }
  if (version !== "v2") credentials.problem("fields.version", "must be v1 or v2");
  const own = credentials.privateKey("privateKey");
  const theirs = credentials.publicKey("platformPublicKey", own);
  credentials.check();
  const seal = rsaSeal(own!, theirs!);
  return channelOf({ ...common, seal, start: startV2, ask: (no) => askV2({ ...common, seal }, no) });
};

interface Merchant {
  readonly config: ChannelConfig;
  readonly gateway: string;
  readonly pid: string;
  /** How the payer pays there: alipay, wxpay, … */
  readonly type: string;
}

/** What differs between the versions: how fields are signed. */
interface Seal {
  readonly type: "MD5" | "RSA";
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
  /** Whether messages carry a `timestamp`, which must be near ours. */
  readonly dated: boolean;
}

interface Sealed extends Merchant {
  readonly seal: Seal;
}

interface Version extends Sealed {
  start(merchant: Sealed, payment: PaymentRequest): Promise<PaymentStart>;
  /** Undefined: no such order. */
  ask(outTradeNo: string): Promise<Json | undefined>;
}

const channelOf = (version: Version): Channel => ({
  merchant: version.pid,
  start: (payment) => version.start(version, payment),
  readNotify: (request) => Promise.resolve(readNotify(version, request)),
  query: async (outTradeNo) => statusOf(version, outTradeNo, await version.ask(outTradeNo)),
});

const md5Seal = (key: string): Seal => {
  const digest = (text: string): Buffer =>
    createHash("md5")
      .update(text + key)
      .digest();
  return {
    type: "MD5",
    sign: (text) => digest(text).toString("hex"),
    verify: (text, signature) =>
      /^[0-9a-f]{32}$/i.test(signature) && timingSafeEqual(Buffer.from(signature, "hex"), digest(text)),
    dated: false,
  };
};

const rsaSeal = (own: KeyObject, theirs: KeyObject): Seal => ({
  type: "RSA",
  sign: (text) => signRsa(text, own),
  verify: (text, signature) => verifyRsa(text, signature, theirs),
  dated: true,
});

const unsigned = ["sign", "sign_type"];

/** Empty values are not signed. The algorithm is the channel's, whatever `sign_type` says. */
const textToSign = (fields: Iterable<readonly [string, string]>): string =>
  signText(
    [...fields].filter(([, value]) => value !== ""),
    unsigned,
  );

function signedForm({ seal }: Sealed, fields: Readonly<Record<string, string>>): string {
  const dated = seal.dated ? { ...fields, timestamp: String(Math.floor(Date.now() / 1000)) } : fields;
  const sign = seal.sign(textToSign(Object.entries(dated)));
  return new URLSearchParams({ ...dated, sign, sign_type: seal.type }).toString();
}

const order = (merchant: Merchant, payment: PaymentRequest): Record<string, string> => ({
  pid: merchant.pid,
  type: merchant.type,
  out_trade_no: payment.outTradeNo,
  notify_url: payment.notifyUrl,
  return_url: payment.returnUrl,
  name: subjectOf(payment.subject),
  money: yuan(payment.amountFen),
});

/** The payer's browser takes the signed order there; nothing is asked before. */
const startV1 = (merchant: Sealed, payment: PaymentRequest): Promise<PaymentStart> =>
  Promise.resolve({
    kind: "redirect",
    url: `${merchant.gateway}/submit.php?${signedForm(merchant, order(merchant, payment))}`,
  });

async function startV2(merchant: Sealed, payment: PaymentRequest): Promise<PaymentStart> {
  const form = { ...order(merchant, payment), method: "jump", clientip: payment.clientIp };
  const answer = await askSigned(merchant, "/api/pay/create", form);
  const [type, url] = [textOf(answer?.["pay_type"]), textOf(answer?.["pay_info"])];
  // Some write Chinese into it, which browsers know how to encode and a header cannot carry.
  if (url !== undefined && /^https?:\/\/\S+$/.test(url) && URL.canParse(url) && type === "jump")
    return { kind: "redirect", url: new URL(url).href };
  if (url !== undefined && /^\w+:\/\/\S+$/.test(url) && type === "qrcode") return { kind: "code", url };
  throw failure(
    merchant.config,
    `the epay answered an order with pay_type ${codeOf(type)} and no address that a browser can open`,
    "choose a type that the epay offers for computers",
  );
}

/** @throws ChannelError for a refusal, and for an answer that the epay did not sign just now; undefined: no such order */
async function askSigned(
  merchant: Sealed,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Json | undefined> {
  const filled = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ""));
  const body = signedForm(merchant, filled);
  const answer = await ask(merchant.config, {
    method: "POST",
    url: merchant.gateway + path,
    ...formBody(body),
  });
  const json = jsonOf(answer.body);
  if (json?.["code"] !== 0) return refusal(merchant, answer);
  const fields = Object.entries(json).map(([name, value]) => [name, plainOf(value) ?? ""] as const);
  const fresh = isFresh(plainOf(json["timestamp"]) ?? "");
  if (!merchant.seal.verify(textToSign(fields), textOf(json["sign"]) ?? "") || !fresh)
    throw failure(
      merchant.config,
      "the epay's answer is not signed by its key, or not now",
      "compare platformPublicKey with the epay's console, and the clock with the time",
    );
  return json;
}

/** PHP makes no difference between 1 and "1". */
const plainOf = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : textOf(value);

/** An epay's codes are numbers, fit to be shown; in any other text its key could stand. */
function numberOf(value: unknown): string {
  const text = plainOf(value) ?? "";
  return /^-?\d{1,6}$/.test(text) ? text : "none";
}

const askV2 = (merchant: Sealed, outTradeNo: string): Promise<Json | undefined> =>
  askSigned(merchant, "/api/pay/query", { pid: merchant.pid, out_trade_no: outTradeNo });

/** Version 1 wants the key itself in the address and signs nothing: it is as good as the TLS under it. */
async function askV1(merchant: Merchant, key: string, outTradeNo: string): Promise<Json | undefined> {
  const search = new URLSearchParams({ act: "order", pid: merchant.pid, key, out_trade_no: outTradeNo });
  const answer = await ask(merchant.config, {
    method: "GET",
    url: `${merchant.gateway}/api.php?${search.toString()}`,
  });
  const json = jsonOf(answer.body);
  return plainOf(json?.["code"]) === "1" ? json : refusal(merchant, answer);
}

/** An epay has no code for an order that it does not know: only its words tell. */
function refusal({ config }: Merchant, { status, body }: GatewayAnswer): undefined {
  const json = jsonOf(body);
  if (/订单.*不存在/.test(textOf(json?.["msg"]) ?? "")) return undefined;
  throw failure(
    config,
    `the epay answered HTTP ${status}, code ${numberOf(json?.["code"])}`,
    "compare version, merchantId and the keys with the epay's console",
  );
}

function statusOf({ config, pid }: Merchant, outTradeNo: string, answer: Json | undefined): PaymentStatus {
  if (!answer) return { state: "unknown" };
  const state = states.get(numberOf(answer["status"]));
  if (answer["out_trade_no"] !== outTradeNo || state === undefined)
    throw failure(
      config,
      `the epay answered a query about another order or with status ${numberOf(answer["status"])}`,
      "ask the epay's operator",
    );
  if (state !== "paid") return { state };
  const amountFen = fenOf(plainOf(answer["money"]) ?? "");
  const tradeNo = textOf(answer["trade_no"]);
  if (amountFen === undefined || tradeNo === undefined)
    throw failure(config, "the epay answered a query without money or trade_no", "ask the epay's operator");
  const paidAt = paidAtOf(textOf(answer["endtime"]));
  return { state, amountFen, merchant: plainOf(answer["pid"]) ?? pid, tradeNo, ...paidAt };
}

/** Not paid, paid, refunded, frozen, held in advance. Frozen money is not the shop's yet. */
const states: ReadonlyMap<string, "paid" | "pending" | "closed"> = new Map([
  ["0", "pending"],
  ["1", "paid"],
  ["2", "closed"],
  ["3", "pending"],
  ["4", "pending"],
]);

const text = "text/plain; charset=utf-8";
/** An epay repeats a few times in some hours until the body is this. */
const accepted: Answer = { status: 200, type: text, body: "success" };
const refused: Answer = { status: 400, type: text, body: "fail" };
const failed: Answer = { status: 500, type: text, body: "fail" };

/** By GET, says the document; some epays post the same fields as a form. */
function readNotify({ seal }: Sealed, request: NotifyRequest): NotifyReading {
  const no = (reason: "malformed" | "signature" | "stale"): NotifyReading => ({
    ok: false,
    reason,
    answer: refused,
  });
  const form = readForm(request);
  if (!form) return no("malformed");
  if (!seal.verify(textToSign(form), form.get("sign") ?? "")) return no("signature");
  if (seal.dated && !isFresh(form.get("timestamp") ?? "")) return no("stale");
  const outTradeNo = form.get("out_trade_no");
  const tradeNo = form.get("trade_no");
  const pid = form.get("pid");
  const amountFen = fenOf(form.get("money") ?? "");
  if (!outTradeNo || !tradeNo || !pid || amountFen === undefined) return no("malformed");
  const paid = form.get("trade_status") === "TRADE_SUCCESS";
  return { ok: true, outTradeNo, amountFen, merchant: pid, tradeNo, paid, answer: accepted, failure: failed };
}
