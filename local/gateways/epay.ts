import { z } from "zod";
import type { MerchantOf } from "./merchants";
import type { Refusal } from "./orders";
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
import { fitsRsa, sameText, signedText, signMd5, signRsa, spoilt } from "./signing";
import type { Incoming, Order, Outgoing, Wrong } from "./types";
import { chinaTime, fenOf, isFresh, isWebUrl, paramsOf, yuanOf } from "./words";

type Merchant = MerchantOf<"epay">;
type Params = Readonly<Record<string, string>>;

/** What is never signed, in both versions. */
const unsigned = ["sign", "sign_type"];

const payment = z.object({
  type: z.string().min(1, "支付方式(type)不能为空").max(32),
  out_trade_no: z.string().regex(/^[A-Za-z0-9._\-|]{1,64}$/, "订单号(out_trade_no)格式不正确"),
  notify_url: z.string().refine(isWebUrl, "通知地址(notify_url)格式不正确"),
  return_url: z.string().refine(isWebUrl, "回调地址(return_url)格式不正确").optional(),
  name: z.string().min(1, "商品名称(name)不能为空"),
  money: z.string(),
  param: z.string().max(255).optional(),
});

class Refused extends Error {}

const refusals: Readonly<Record<Refusal, Refused>> = {
  paid: new Refused("该订单(out_trade_no)已支付"),
  different: new Refused("该订单(out_trade_no)已存在，金额或通知地址不一致"),
  expired: new Refused("该订单(out_trade_no)已关闭"),
};

/** Which of its doors a request came through: the version of the interface, and whether a person or a program stands there. */
const doors: Readonly<Record<string, { version: Merchant["version"]; action: "page" | "api" | "query" }>> = {
  "/submit.php": { version: "v1", action: "page" },
  "/mapi.php": { version: "v1", action: "api" },
  "/api.php": { version: "v1", action: "query" },
  "/api/pay/submit": { version: "v2", action: "page" },
  "/api/pay/create": { version: "v2", action: "api" },
  "/api/pay/query": { version: "v2", action: "query" },
};

export const epay: Protocol<"epay"> = {
  // After 1, 3 and 20 minutes, 1 and 2 hours.
  repeats: [60, 180, 1_200, 3_600, 7_200],
  patience: 10,
  heard: (status, body) => status === 200 && body.trim().toLowerCase() === "success",

  async answer(request, counter) {
    const door = doors[request.path];
    if (!door || !["GET", "POST"].includes(request.method)) return { status: 404, headers: {}, body: "" };
    const { version, action } = door;
    let merchant: Merchant | undefined;
    try {
      const params = paramsOf(request.query, new URLSearchParams(request.body));
      if (!params) throw new Refused("参数重复");
      merchant = counter.merchant(params["pid"] ?? "");
      if (merchant?.version !== version) throw new Refused("商户ID(pid)不存在");
      verify(params, merchant, action, Date.now());
      return action === "query"
        ? query(params, merchant, counter)
        : await pay(params, merchant, action, request, counter);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const refused =
        action === "page" ? errorPage("易支付", error.message) : json({ code: -1, msg: error.message });
      return { ...refused, ...(merchant ? { about: { merchant: merchant.merchant } } : {}) };
    }
  },

  callback: (order, merchant, wrong, now) =>
    callbackWith(
      wrong.has("method") ? "POST" : "GET",
      order.notifyUrl,
      signedTrade(order, merchant, wrong, now),
    ),

  returnUrl: (order, merchant, now) =>
    order.returnUrl === undefined
      ? undefined
      : withQuery(order.returnUrl, signedTrade(order, merchant, new Set(), now)),
};

/** Version 1's query shows the key itself: that is how its interface is. */
function verify(params: Params, merchant: Merchant, action: "page" | "api" | "query", now: number): void {
  if (merchant.version === "v1") {
    if (action === "query") {
      if (params["act"] !== "order") throw new Refused("No Act!");
      if (!sameText(params["key"] ?? "", merchant.key)) throw new Refused("商户密钥错误");
    } else if (
      params["sign_type"] !== "MD5" ||
      !sameText(signMd5(signedText(params, unsigned), merchant.key), params["sign"] ?? "")
    )
      throw new Refused("签名校验失败，请返回重试！");
    return;
  }
  if (!isFresh(params["timestamp"] ?? "", now)) throw new Refused("时间戳(timestamp)已过期");
  if (
    params["sign_type"] !== "RSA" ||
    !fitsRsa(signedText(params, unsigned), params["sign"] ?? "", merchant.publicKey)
  )
    throw new Refused("签名校验失败，请返回重试！");
}

async function pay(
  params: Params,
  merchant: Merchant,
  action: "page" | "api",
  { origin }: Incoming,
  counter: Counter<"epay">,
): Promise<Reply> {
  const parsed = payment.safeParse(params);
  if (!parsed.success) throw new Refused(parsed.error.issues[0]!.message);
  const wanted = parsed.data;
  const amountFen = fenOf(wanted.money);
  if (amountFen === undefined) throw new Refused("商品金额(money)不合法");
  const order = await counter.open({
    merchant: merchant.merchant,
    outTradeNo: wanted.out_trade_no,
    amountFen,
    subject: wanted.name.slice(0, 127),
    notifyUrl: wanted.notify_url,
    ...(wanted.return_url === undefined ? {} : { returnUrl: wanted.return_url }),
    echo: { type: wanted.type, ...(wanted.param === undefined ? {} : { param: wanted.param }) },
  });
  if (typeof order === "string") throw refusals[order];
  const page = origin + cashierPath(order);
  const answer =
    action === "page"
      ? seeOther(cashierPath(order))
      : merchant.version === "v1"
        ? json({ code: 1, msg: "success", trade_no: order.tradeNo, payurl: page })
        : signedJson({ trade_no: order.tradeNo, pay_type: "jump", pay_info: page }, merchant, Date.now());
  return { ...answer, about: order };
}

function query(params: Params, merchant: Merchant, counter: Counter<"epay">): Reply {
  const { out_trade_no: outTradeNo, trade_no: tradeNo } = params;
  const order = counter.find(merchant.merchant, { tradeNo, outTradeNo });
  if (!order) throw new Refused("订单号不存在");
  const trade = {
    trade_no: order.tradeNo,
    out_trade_no: order.outTradeNo,
    api_trade_no: order.paidAt === undefined ? "" : apiTradeNo(order),
    type: order.echo["type"] ?? "",
    pid: order.merchant,
    addtime: chinaTime(order.createdAt),
    endtime: order.paidAt === undefined ? "" : chinaTime(order.paidAt),
    name: order.subject,
    money: yuanOf(order.amountFen),
    param: order.echo["param"] ?? "",
    buyer: "",
    status: order.paidAt === undefined ? "0" : "1",
  };
  const answer =
    merchant.version === "v1"
      ? json({ code: 1, msg: "查询订单号成功！", ...trade, status: Number(trade.status) })
      : signedJson(trade, merchant, Date.now());
  return { ...answer, about: order };
}

/** What tells of a payment: the callback's parameters, and those that the payer's browser brings back. */
function signedTrade(
  order: Order,
  merchant: Merchant,
  wrong: ReadonlySet<Wrong>,
  now: number,
): Record<string, string> {
  const common = {
    pid: wrong.has("merchant") ? "9999999999" : order.merchant,
    trade_no: order.tradeNo,
    out_trade_no: order.outTradeNo,
    ...order.echo,
    name: order.subject,
    money: yuanOf(toldAmount(order, wrong)),
    trade_status: "TRADE_SUCCESS",
  };
  if (merchant.version === "v1") {
    const sign = signMd5(signedText(common, unsigned), merchant.key);
    return { ...common, sign: wrong.has("signature") ? spoilt(sign, "hex") : sign, sign_type: "MD5" };
  }
  const params = {
    ...common,
    api_trade_no: apiTradeNo(order),
    addtime: chinaTime(order.createdAt),
    endtime: chinaTime(order.paidAt ?? now),
    timestamp: String(Math.floor(now / 1000)),
  };
  const sign = signRsa(signedText(params, unsigned), merchant.platformPrivateKey);
  return { ...params, sign: wrong.has("signature") ? spoilt(sign, "base64") : sign, sign_type: "RSA" };
}

/** Version 2's answers: code 0, a time and a signature over everything else. */
function signedJson(
  content: Readonly<Record<string, string>>,
  merchant: Extract<Merchant, { version: "v2" }>,
  now: number,
): Outgoing {
  const params = { msg: "success", ...content, timestamp: String(Math.floor(now / 1000)) };
  const sign = signRsa(signedText({ ...params, code: "0" }, unsigned), merchant.platformPrivateKey);
  return json({ code: 0, ...params, sign, sign_type: "RSA" });
}

/** The number that the payment has further up, at Alipay or WeChat. */
const apiTradeNo = (order: Order): string => `4200${order.tradeNo}`;
