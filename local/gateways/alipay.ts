import { z } from "zod";
import type { MerchantOf } from "./merchants";
import { errorPage } from "./pages";
import {
  callbackWith,
  cashierPath,
  json,
  seeOther,
  toldAmount,
  withQuery,
  type Counter,
  type Protocol,
  type Reply,
} from "./protocol";
import { isExpired, type Refusal } from "./orders";
import { fitsRsa, signedText, signRsa, spoilt } from "./signing";
import type { Incoming, Order } from "./types";
import { chinaTime, fenOf, isWebUrl, millisecondsOf, paramsOf, yuanOf } from "./words";

type Merchant = MerchantOf<"alipay">;
type Params = Readonly<Record<string, string>>;

/** alipay.trade.page.pay: https://opendocs.alipay.com/open/028r8t */
const pagePay = z.object({
  out_trade_no: z.string().regex(/^[A-Za-z0-9_]{1,64}$/),
  total_amount: z.union([z.string(), z.number().transform(String)]),
  subject: z.string().min(1).max(256),
  product_code: z.literal("FAST_INSTANT_TRADE_PAY"),
  time_expire: z.string().optional(),
});
const tradeQuery = z.object({ out_trade_no: z.string().optional(), trade_no: z.string().optional() });

/** A refusal in Alipay's words: a code, and a code of the details. */
class Refused extends Error {
  constructor(
    readonly code: "40001" | "40002" | "40004",
    readonly subCode: string,
    readonly subMessage: string,
  ) {
    super(`${subCode}: ${subMessage}`);
  }
}

const refusals: Readonly<Record<Refusal, Refused>> = {
  paid: new Refused("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
  different: new Refused("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
  expired: new Refused("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
};

export const alipay: Protocol<"alipay"> = {
  // "25 小时以内完成 8 次通知（4m,10m,10m,1h,2h,6h,15h）"
  repeats: [240, 600, 600, 3_600, 7_200, 21_600, 54_000],
  patience: 5,
  heard: (status, body) => status === 200 && body.trim() === "success",

  async answer(request, counter) {
    if (!["", "/", "/gateway.do"].includes(request.path) || !["GET", "POST"].includes(request.method))
      return { status: 404, headers: {}, body: "" };
    let merchant: Merchant | undefined;
    let method = "";
    try {
      const params = readParams(request);
      method = params["method"] ?? "";
      merchant = counter.merchant(params["app_id"] ?? "");
      verify(params, merchant, Date.now());
      switch (method) {
        case "alipay.trade.page.pay":
          return await pay(params, merchant!, counter);
        case "alipay.trade.query":
          return query(params, merchant!, counter);
        default:
          throw new Refused("40002", "isv.invalid-method", "不存在的方法名");
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return refusal(error, method, merchant);
    }
  },

  callback(order, merchant, wrong, now) {
    const appId = wrong.has("merchant") ? "2021999999999999" : order.merchant;
    const amount = yuanOf(toldAmount(order, wrong));
    const params: Record<string, string> = {
      gmt_create: chinaTime(order.createdAt),
      charset: "utf-8",
      gmt_payment: chinaTime(order.paidAt ?? now),
      notify_time: chinaTime(now),
      subject: order.subject,
      buyer_id: "2088102122524333",
      invoice_amount: amount,
      version: "1.0",
      notify_id: `${order.tradeNo}${order.token}`, // the same in every repetition
      fund_bill_list: JSON.stringify([{ amount, fundChannel: "ALIPAYACCOUNT" }]),
      notify_type: "trade_status_sync",
      out_trade_no: order.outTradeNo,
      total_amount: amount,
      trade_status: "TRADE_SUCCESS",
      trade_no: order.tradeNo,
      auth_app_id: appId,
      receipt_amount: amount,
      point_amount: "0.00",
      app_id: appId,
      buyer_pay_amount: amount,
      seller_id: sellerOf(appId),
    };
    const signature = signRsa(signedText(params, []), merchant.platformPrivateKey);
    const sign = wrong.has("signature") ? spoilt(signature, "base64") : signature;
    return callbackWith(wrong.has("method") ? "GET" : "POST", order.notifyUrl, {
      ...params,
      sign,
      sign_type: "RSA2",
    });
  },

  returnUrl(order, merchant, now) {
    if (order.returnUrl === undefined) return undefined;
    const params = {
      charset: "utf-8",
      out_trade_no: order.outTradeNo,
      method: "alipay.trade.page.pay.return",
      total_amount: yuanOf(order.amountFen),
      trade_no: order.tradeNo,
      auth_app_id: order.merchant,
      version: "1.0",
      app_id: order.merchant,
      seller_id: sellerOf(order.merchant),
      timestamp: chinaTime(now),
    };
    const sign = signRsa(signedText(params, []), merchant.platformPrivateKey);
    return withQuery(order.returnUrl, { ...params, sign, sign_type: "RSA2" });
  },
};

function readParams({ query: inUrl, body, headers, method }: Incoming): Params {
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
  if (method === "POST" && body !== "" && !isForm)
    throw new Refused("40002", "isv.invalid-content-type", "Content-Type 无效");
  const params = paramsOf(inUrl, new URLSearchParams(body));
  if (!params) throw new Refused("40002", "isv.suspected-attack", "可疑的攻击请求：参数重复");
  return params;
}

/** In the order in which Alipay finds fault. In a request, unlike in a callback, `sign_type` is signed too. */
function verify(params: Params, merchant: Merchant | undefined, now: number): void {
  const missing = ["app_id", "method", "sign", "sign_type", "timestamp", "version", "charset"].find(
    (name) => !params[name],
  );
  if (missing !== undefined)
    throw new Refused("40001", `isv.missing-${missing.replaceAll("_", "-")}`, `缺少 ${missing} 参数`);
  if (!merchant) throw new Refused("40002", "isv.invalid-app-id", "无效的 AppID 参数");
  if (params["sign_type"] !== "RSA2")
    throw new Refused("40002", "isv.invalid-signature-type", "无效的签名类型");
  if (params["charset"]!.toLowerCase() !== "utf-8")
    throw new Refused("40002", "isv.invalid-charset", "字符集错误");
  if (params["version"] !== "1.0") throw new Refused("40002", "isv.invalid-version", "版本号无效");
  if (!fitsRsa(signedText(params, ["sign"]), params["sign"]!, merchant.publicKey))
    throw new Refused("40002", "isv.invalid-signature", "验签出错，请检查签名与公钥");
  const sent = millisecondsOf(params["timestamp"]!);
  if (sent === undefined || Math.abs(sent - now) > 15 * 60_000)
    throw new Refused("40002", "isv.invalid-timestamp", "无效的时间戳");
}

async function pay(params: Params, merchant: Merchant, counter: Counter<"alipay">): Promise<Reply> {
  const content = bizContent(params, pagePay);
  const amountFen = fenOf(content.total_amount);
  if (amountFen === undefined) throw new Refused("40004", "ACQ.TOTAL_FEE_EXCEED", "订单总金额不在允许范围内");
  const expiresAt = content.time_expire === undefined ? undefined : millisecondsOf(content.time_expire);
  if (content.time_expire !== undefined && expiresAt === undefined) throw invalid("time_expire");
  const { notify_url: notifyUrl = "", return_url: returnUrl } = params;
  if (!isWebUrl(notifyUrl)) throw invalid("notify_url");
  if (returnUrl !== undefined && !isWebUrl(returnUrl)) throw invalid("return_url");
  const order = await counter.open({
    merchant: merchant.merchant,
    outTradeNo: content.out_trade_no,
    amountFen,
    subject: content.subject,
    notifyUrl,
    ...(returnUrl === undefined ? {} : { returnUrl }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    echo: {},
  });
  if (typeof order === "string") throw refusals[order];
  return { ...seeOther(cashierPath(order)), about: order };
}

function query(params: Params, merchant: Merchant, counter: Counter<"alipay">): Reply {
  const { out_trade_no: outTradeNo, trade_no: tradeNo } = bizContent(params, tradeQuery);
  if (!outTradeNo && !tradeNo) throw invalid("out_trade_no");
  const order = counter.find(merchant.merchant, { tradeNo, outTradeNo });
  if (!order) throw new Refused("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
  const paid = order.paidAt === undefined ? undefined : chinaTime(order.paidAt);
  const answer = {
    code: "10000",
    msg: "Success",
    trade_no: order.tradeNo,
    out_trade_no: order.outTradeNo,
    buyer_logon_id: "159****5620",
    trade_status: tradeStatus(order, Date.now()),
    total_amount: yuanOf(order.amountFen),
    ...(paid === undefined ? {} : { send_pay_date: paid, buyer_user_id: "2088102122524333" }),
  };
  return { ...signedAnswer("alipay.trade.query", answer, merchant), about: order };
}

function tradeStatus(order: Order, now: number): string {
  if (order.paidAt !== undefined) return "TRADE_SUCCESS";
  return isExpired(order, now) ? "TRADE_CLOSED" : "WAIT_BUYER_PAY";
}

/** Alipay signs the text of the answer's node exactly as it stands in the document. */
function signedAnswer(method: string, node: object, merchant: Merchant): Reply {
  const text = JSON.stringify(node);
  const sign = signRsa(text, merchant.platformPrivateKey);
  const name = `${method.replaceAll(".", "_")}_response`;
  return { ...json({}), body: `{"${name}":${text},"sign":"${sign}"}` };
}

function refusal(error: Refused, method: string, merchant: Merchant | undefined): Reply {
  const about = merchant ? { about: { merchant: merchant.merchant } } : {};
  if (method !== "alipay.trade.query") return { ...errorPage("支付宝", error.message), ...about };
  const msg = {
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
  }[error.code];
  const node = { code: error.code, msg, sub_code: error.subCode, sub_msg: error.subMessage };
  // To somebody unknown there is no key to sign with.
  return merchant ? { ...signedAnswer(method, node, merchant), ...about } : json({ error_response: node });
}

function bizContent<T>(params: Params, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(params["biz_content"] ?? "");
  } catch {
    throw invalid("biz_content");
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw invalid(parsed.error.issues[0]?.path.join(".") || "biz_content");
  return parsed.data;
}

const invalid = (name: string): Refused => new Refused("40004", "ACQ.INVALID_PARAMETER", `参数无效：${name}`);

/** The account that money arrives at: another number than the appId, the same for one merchant. */
const sellerOf = (appId: string): string => `2088${appId.slice(-12)}`;
