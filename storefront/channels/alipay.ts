import type { KeyObject } from "node:crypto";
import { chinaTime } from "../china";
import { yuan } from "../money";
import { Credentials } from "./credentials";
import { type Form, readForm, signText } from "./form";
import { ask, codeOf, failure, formBody, jsonOf, objectOf, textOf } from "./gateway";
import { signRsa, verifyRsa } from "./rsa";
import type { Answer, Channel, ChannelConfig, NotifyReading, OpenChannel, PaymentStatus } from "./types";
import { fenOf, paidAtOf, subjectOf } from "./values";

/**
 * Alipay (支付宝) for computers: `alipay.trade.page.pay`, its asynchronous notify and `alipay.trade.query`, signed RSA2.
 *
 * @see https://opendocs.alipay.com/open/59da99d0_alipay.trade.page.pay and https://opendocs.alipay.com/common/02mse7 (verifying)
 */
export const openAlipay: OpenChannel = (config) => {
  const credentials = new Credentials(config);
  const base = credentials.gateway();
  const gateway = base.endsWith("/gateway.do") ? base : `${base}/gateway.do`;
  const appId = credentials.id("appId");
  const own = credentials.privateKey("privateKey");
  const theirs = credentials.publicKey("alipayPublicKey", own);
  credentials.check();
  const merchant: Merchant = { gateway, appId, own: own!, theirs: theirs! };

  return {
    merchant: appId,
    start: (payment) => {
      const { url, bizContent } = signedCall(
        merchant,
        "alipay.trade.page.pay",
        {
          out_trade_no: payment.outTradeNo,
          product_code: "FAST_INSTANT_TRADE_PAY",
          total_amount: yuan(payment.amountFen),
          subject: subjectOf(payment.subject),
          time_expire: chinaTime(payment.expiresAt).replace("T", " "),
        },
        { notify_url: payment.notifyUrl, return_url: payment.returnUrl },
      );
      return Promise.resolve({ kind: "redirect", url: `${url}&${bizContent}` });
    },
    readNotify: (request) =>
      Promise.resolve(readNotify(merchant, request.method === "POST" ? readForm(request) : undefined)),
    query: (outTradeNo) => query(config, merchant, outTradeNo),
  } satisfies Channel;
};

interface Merchant {
  readonly gateway: string;
  readonly appId: string;
  readonly own: KeyObject;
  readonly theirs: KeyObject;
}

/** A call as Alipay's own clients make it: everything in the URL but `biz_content`. In a request `sign_type` is signed too. */
function signedCall(
  merchant: Merchant,
  method: string,
  content: object,
  more: Readonly<Record<string, string>> = {},
): { readonly url: string; readonly bizContent: string } {
  const params = {
    app_id: merchant.appId,
    method,
    format: "JSON",
    charset: "utf-8",
    sign_type: "RSA2",
    timestamp: chinaTime(new Date()).replace("T", " "),
    version: "1.0",
    ...more,
  };
  const biz_content = JSON.stringify(content);
  const sign = signRsa(signText(Object.entries({ ...params, biz_content }), []), merchant.own);
  return {
    url: `${merchant.gateway}?${new URLSearchParams({ ...params, sign }).toString()}`,
    bizContent: new URLSearchParams({ biz_content }).toString(),
  };
}

const text = "text/plain; charset=utf-8";
/** Alipay repeats for 25 hours until the body is this and nothing else. */
const accepted: Answer = { status: 200, type: text, body: "success" };
const refused: Answer = { status: 400, type: text, body: "failure" };
const failed: Answer = { status: 500, type: text, body: "failure" };

function readNotify(merchant: Merchant, form: Form | undefined): NotifyReading {
  if (!form) return { ok: false, reason: "malformed", answer: refused };
  // The algorithm is ours to choose: a notify that says sign_type RSA (SHA-1) is verified as RSA2 and fails.
  if (!verifyRsa(signText(form, ["sign", "sign_type"]), form.get("sign") ?? "", merchant.theirs))
    return { ok: false, reason: "signature", answer: refused };
  const outTradeNo = form.get("out_trade_no");
  const tradeNo = form.get("trade_no");
  const appId = form.get("app_id");
  const amountFen = fenOf(form.get("total_amount") ?? "");
  if (!outTradeNo || !tradeNo || !appId || amountFen === undefined)
    return { ok: false, reason: "malformed", answer: refused };
  // Word of a partial refund comes with TRADE_SUCCESS as well.
  const paid = isPaid(form.get("trade_status")) && !form.has("refund_fee");
  return {
    ok: true,
    outTradeNo,
    amountFen,
    merchant: appId,
    tradeNo,
    paid,
    ...paidAtOf(form.get("gmt_payment")),
    answer: accepted,
    failure: failed,
  };
}

/** TRADE_FINISHED: paid, and the time for refunds is over; goods without refunds get it at once. */
const isPaid = (status: unknown): boolean => status === "TRADE_SUCCESS" || status === "TRADE_FINISHED";

async function query(config: ChannelConfig, merchant: Merchant, outTradeNo: string): Promise<PaymentStatus> {
  const { url, bizContent } = signedCall(merchant, "alipay.trade.query", { out_trade_no: outTradeNo });
  const { status, body } = await ask(config, { method: "POST", url, ...formBody(bizContent) });
  const raw = body.toString("utf8");
  const signature = textOf(jsonOf(body)?.["sign"]);
  const signed = signedPart(raw);
  if (signature === undefined || !verifyRsa(signed, signature, merchant.theirs)) {
    // Calls that Alipay cannot attribute to an app are answered unsigned.
    const code = codeOf(objectOf(jsonOf(body)?.["error_response"])?.["sub_code"]);
    throw failure(
      config,
      `Alipay's answer to a query is not signed by its key (HTTP ${status}, ${code})`,
      "compare appId, alipayPublicKey and the public key of privateKey with Alipay's console",
    );
  }
  // What was verified is what is read: the outer object could hold a second answer.
  const trade = jsonOf(Buffer.from(signed)) ?? {};
  if (trade["sub_code"] === "ACQ.TRADE_NOT_EXIST") return { state: "unknown" };
  const amountFen = fenOf(textOf(trade["total_amount"]) ?? "");
  const tradeNo = textOf(trade["trade_no"]);
  const state = stateOf(trade["trade_status"]);
  if (trade["code"] !== "10000" || trade["out_trade_no"] !== outTradeNo || state === undefined)
    throw failure(
      config,
      `Alipay answered a query with ${codeOf(trade["code"])}, ${codeOf(trade["sub_code"] ?? trade["trade_status"])}`,
      "look the code up in Alipay's documentation of alipay.trade.query",
    );
  if (state !== "paid") return { state };
  if (amountFen === undefined || tradeNo === undefined)
    throw failure(config, "Alipay answered a query without amount or trade number", "ask Alipay's support");
  const paidAt = paidAtOf(textOf(trade["send_pay_date"]));
  return { state, amountFen, merchant: merchant.appId, tradeNo, ...paidAt };
}

function stateOf(status: unknown): "paid" | "pending" | "closed" | undefined {
  if (isPaid(status)) return "paid";
  if (status === "WAIT_BUYER_PAY") return "pending";
  return status === "TRADE_CLOSED" ? "closed" : undefined;
}

/** The answer object as it stands between its key and `"sign"`: the signature is over these very characters. */
function signedPart(raw: string): string {
  const key = '"alipay_trade_query_response"';
  const from = raw.indexOf("{", raw.indexOf(key) + key.length);
  return raw.slice(from, raw.lastIndexOf("}", raw.lastIndexOf('"sign"')) + 1);
}
