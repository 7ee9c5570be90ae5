import { createCipheriv, createVerify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import fc from "fast-check";
import { bodyOf, configOf, get, listening, newPair, outTradeNo, payment, post, signAs } from "./testing";
import type { Channel } from "./types";
import { openWechatPay } from "./wechatPay";

const [shop, wechat] = [newPair(), newPair()];
const apiV3Key = "0123456789abcdefghijklmnopqrstuv";
const fields = {
  appId: "wx0123456789abcdef",
  merchantId: "1600000001",
  certificateSerial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
  platformPublicKeyId: "PUB_KEY_ID_0116000000012026112300000000000001",
  platformPublicKey: wechat.publicPem,
};

const open = (gateway = "http://gateway.test/wechatPay"): Channel =>
  openWechatPay(configOf("wechatPay", gateway, fields, { privateKey: shop.privatePem, apiV3Key }));

const now = (): number => Math.floor(Date.now() / 1000);

/** The headers that WeChat Pay signs a notify or an answer with. */
function signedHeaders(body: string, by = wechat, time = String(now())): Record<string, string> {
  const nonce = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
  return {
    "wechatpay-timestamp": time,
    "wechatpay-nonce": nonce,
    "wechatpay-serial": fields.platformPublicKeyId,
    "wechatpay-signature": signAs(`${time}\n${nonce}\n${body}\n`, by),
    "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
  };
}

const trade = {
  mchid: fields.merchantId,
  appid: fields.appId,
  out_trade_no: outTradeNo,
  transaction_id: "4200002026112300000000000001",
  trade_type: "NATIVE",
  trade_state: "SUCCESS",
  trade_state_desc: "支付成功",
  success_time: "2026-11-23T09:10:11+08:00",
  payer: { openid: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o" },
  amount: { total: 1234, payer_total: 1234, currency: "CNY", payer_currency: "CNY" },
};

function sealed(content: string, key = apiV3Key): object {
  const cipher = createCipheriv("aes-256-gcm", key, "fdasflkja484");
  cipher.setAAD(Buffer.from("transaction"));
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  return {
    original_type: "transaction",
    algorithm: "AEAD_AES_256_GCM",
    ciphertext: ciphertext.toString("base64"),
    associated_data: "transaction",
    nonce: "fdasflkja484",
  };
}

const notifyOf = (content: object, resource = sealed(JSON.stringify(content)), more = {}): string =>
  JSON.stringify({
    id: "EV-2018022511223320873",
    create_time: "2026-11-23T09:10:12+08:00",
    resource_type: "encrypt-resource",
    event_type: "TRANSACTION.SUCCESS",
    summary: "支付成功",
    resource,
    ...more,
  });

const paidReading = {
  ok: true,
  outTradeNo,
  amountFen: 1234,
  merchant: fields.merchantId,
  tradeNo: trade.transaction_id,
  paid: true,
  paidAt: new Date("2026-11-23T01:10:11Z"),
  answer: {
    status: 200,
    type: "application/json; charset=utf-8",
    body: '{"code":"SUCCESS","message":"成功"}',
  },
  failure: { status: 500, type: "application/json; charset=utf-8", body: '{"code":"FAIL","message":"失败"}' },
};
const refused = (reason: string): object => ({
  ok: false,
  reason,
  answer: { status: 400, type: "application/json; charset=utf-8", body: '{"code":"FAIL","message":"拒绝"}' },
});

describe("notify", () => {
  const read = (body: string, headers = signedHeaders(body)): Promise<unknown> =>
    open().readNotify(post(body, headers));

  test("is verified, opened and read", async () => expect(await read(notifyOf(trade))).toEqual(paidReading));

  test("another amount, merchant and app, truly signed, are told as they are", async () => {
    const change = { ...trade, amount: { total: 1, currency: "CNY" } };
    expect(await read(notifyOf(change))).toEqual({ ...paidReading, amountFen: 1 });
    expect(await read(notifyOf({ ...trade, mchid: "1600000002" }))).toEqual({
      ...paidReading,
      merchant: "1600000002",
    });
    expect(await read(notifyOf({ ...trade, appid: "wx1" }))).toEqual({
      ...paidReading,
      merchant: "1600000001 wx1",
    });
  });

  test("only TRANSACTION.SUCCESS with SUCCESS is paid", async () => {
    for (const trade_state of ["NOTPAY", "REFUND", "CLOSED", "PAYERROR", "TRADE_SUCCESS", "toString"])
      expect(await read(notifyOf({ ...trade, trade_state }))).toEqual({ ...paidReading, paid: false });
    const refund = notifyOf(trade, undefined, { event_type: "REFUND.SUCCESS" });
    expect(await read(refund)).toEqual({ ...paidReading, paid: false });
  });

  test("each altered byte of body, time and nonce makes the signature wrong", async () => {
    const body = notifyOf(trade);
    const headers = signedHeaders(body);
    expect(await read(body.replace("EV-", "EW-"), headers)).toEqual(refused("signature"));
    expect(await read(`${body}\n`, headers)).toEqual(refused("signature"));
    for (const name of ["wechatpay-timestamp", "wechatpay-nonce", "wechatpay-signature"]) {
      const value = headers[name]!;
      const other = value.startsWith("1") ? `2${value.slice(1)}` : `1${value.slice(1)}`;
      expect(await read(body, { ...headers, [name]: other })).toEqual(refused("signature"));
      expect(await read(body, { ...headers, [name]: "" })).toEqual(refused("signature"));
    }
    expect(await read(body, signedHeaders(body, shop))).toEqual(refused("signature"));
  });

  test("WeChat Pay's own probe of the verification is refused", async () => {
    const body = notifyOf(trade);
    const headers = signedHeaders(body);
    const probe = `WECHATPAY/SIGNTEST/${headers["wechatpay-signature"]}`;
    expect(await read(body, { ...headers, "wechatpay-signature": probe })).toEqual(refused("signature"));
  });

  test("one that is replayed after five minutes is stale, one from the future too", async () => {
    const body = notifyOf(trade);
    expect(await read(body, signedHeaders(body, wechat, String(now() - 290)))).toEqual(paidReading);
    expect(await read(body, signedHeaders(body, wechat, String(now() - 301)))).toEqual(refused("stale"));
    expect(await read(body, signedHeaders(body, wechat, String(now() + 310)))).toEqual(refused("stale"));
    expect(await read(body, signedHeaders(body, wechat, ""))).toEqual(refused("stale"));
  });

  test("another platform key and another API v3 key are told as such", async () => {
    const body = notifyOf(trade);
    expect(await read(body, { ...signedHeaders(body), "wechatpay-serial": "PUB_KEY_ID_02" })).toEqual(
      refused("key"),
    );
    const foreign = notifyOf({}, sealed(JSON.stringify(trade), apiV3Key.toUpperCase()));
    expect(await read(foreign)).toEqual(refused("key"));
    for (const change of [
      { nonce: "fdasflkja485" },
      { associated_data: "refund" },
      { ciphertext: "" },
      { nonce: 7 },
    ])
      expect(await read(notifyOf({}, { ...sealed(JSON.stringify(trade)), ...change }))).toEqual(
        refused("key"),
      );
  });

  test("truly signed but unreadable is malformed", async () => {
    for (const change of [
      { amount: undefined },
      { amount: { total: 12.5, currency: "CNY" } },
      { amount: { total: "1234", currency: "CNY" } },
      { amount: { total: -1, currency: "CNY" } },
      { amount: { total: 1234, currency: "USD" } },
      { mchid: undefined },
      { out_trade_no: "" },
    ])
      expect(await read(notifyOf({ ...trade, ...change }))).toEqual(refused("malformed"));
    for (const body of ["", "[]", "{}", notifyOf({}, { algorithm: "AES" }), notifyOf({}, sealed("no JSON"))])
      expect(await read(body)).toEqual(refused("malformed"));
    const bytes = Buffer.from(notifyOf(trade).replace("支付成功", "\ufffd"), "latin1");
    const headers = signedHeaders("");
    const signature = signAs(
      Buffer.concat([
        Buffer.from(`${headers["wechatpay-timestamp"]}\n${headers["wechatpay-nonce"]}\n`),
        bytes,
        Buffer.from("\n"),
      ]),
      wechat,
    );
    const request = post(bytes, { ...headers, "wechatpay-signature": signature });
    expect(await open().readNotify(request)).toEqual(refused("malformed"));
    expect(await open().readNotify({ ...get("a=1"), headers })).toEqual(refused("malformed"));
  });

  test("whatever a stranger sends is refused without an exception", () => {
    const channel = open();
    return fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.dictionary(fc.constantFrom(...Object.keys(signedHeaders(""))), fc.string()),
        async (body, headers) => {
          return !(await channel.readNotify(post(body, headers))).ok;
        },
      ),
    );
  });
});

describe("asking", () => {
  interface Asked {
    readonly result: unknown;
    readonly line: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }

  async function asked(
    act: (channel: Channel) => Promise<unknown>,
    body: string,
    { status = 200, headers = signedHeaders(body) } = {},
  ): Promise<Asked> {
    let seen = { line: "", headers: {} as IncomingHttpHeaders, body: "" };
    const gateway = await listening((req, res) => {
      void bodyOf(req).then((sent) => {
        seen = { line: `${req.method}\n${req.url}`, headers: req.headers, body: sent };
        res.writeHead(status, headers).end(body);
      });
    });
    try {
      return { result: await act(open(`${gateway.url}/wechatPay`)).catch((e: Error) => e.message), ...seen };
    } finally {
      await gateway.close();
    }
  }

  /** As the gateway checks it: with the merchant's public key, over what arrived. */
  function expectSigned({ line, headers, body }: Asked): void {
    const [scheme, token] = headers.authorization!.split(/ (.*)/, 2) as [string, string];
    const pairs = Object.fromEntries([...token.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1]!, m[2]!]));
    expect(scheme).toBe("WECHATPAY2-SHA256-RSA2048");
    expect([pairs["mchid"], pairs["serial_no"]]).toEqual([fields.merchantId, fields.certificateSerial]);
    expect(Math.abs(Number(pairs["timestamp"]) - now())).toBeLessThan(10);
    const text = `${line}\n${pairs["timestamp"]}\n${pairs["nonce_str"]}\n${body}\n`;
    expect(createVerify("sha256").update(text).verify(shop.publicKey, pairs["signature"]!, "base64")).toBe(
      true,
    );
  }

  const start = (channel: Channel): Promise<unknown> => channel.start(payment);
  const query = (channel: Channel): Promise<unknown> => channel.query(outTradeNo);

  test("for a payment sends a signed order and shows its code_url", async () => {
    const seen = await asked(start, '{"code_url":"weixin://wxpay/bizpayurl?pr=p4lpSuKzz"}');
    expect(seen.result).toEqual({ kind: "code", url: "weixin://wxpay/bizpayurl?pr=p4lpSuKzz" });
    expect(seen.line).toBe("POST\n/wechatPay/v3/pay/transactions/native");
    expectSigned(seen);
    expect(JSON.parse(seen.body)).toEqual({
      appid: fields.appId,
      mchid: fields.merchantId,
      description: "Steam 充值卡 50 元",
      out_trade_no: outTradeNo,
      time_expire: "2026-11-23T09:30:00+08:00",
      notify_url: payment.notifyUrl,
      amount: { total: 1234, currency: "CNY" },
      scene_info: { payer_client_ip: "203.0.113.7" },
    });
    const again = (await asked(start, "{}")).headers.authorization;
    expect(again).not.toBe(seen.headers.authorization); // another nonce
  });

  test("an unknown payer's address is left out", async () => {
    const seen = await asked((channel) => channel.start({ ...payment, clientIp: "" }), "{}");
    expect(JSON.parse(seen.body)).not.toHaveProperty("scene_info");
  });

  test.each(["{}", '{"code_url":""}', '{"code_url":"javascript:alert(1)"}', '{"code_url":7}'])(
    "%s is no code_url",
    async (body) =>
      expect((await asked(start, body)).result).toBe(
        "channel main (wechatPay): WeChat Pay answered an order without code_url; ask WeChat Pay's support",
      ),
  );

  test("a refusal tells WeChat Pay's code and what to compare", async () => {
    const body = '{"code":"SIGN_ERROR","message":"签名错误"}';
    expect((await asked(start, body, { status: 401 })).result).toBe(
      "channel main (wechatPay): WeChat Pay answered HTTP 401 SIGN_ERROR; compare merchantId, certificateSerial and privateKey with the merchant platform's API certificate",
    );
    expect((await asked(query, "<html>", { status: 502 })).result).toBe(
      "channel main (wechatPay): WeChat Pay answered HTTP 502 no code; look the code up in WeChat Pay's documentation",
    );
  });

  test("for a query the address is signed, and the states are read", async () => {
    const seen = await asked(query, JSON.stringify(trade));
    expect(seen.line).toBe(
      `GET\n/wechatPay/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${fields.merchantId}`,
    );
    expectSigned(seen);
    expect(seen.result).toEqual({
      state: "paid",
      amountFen: 1234,
      merchant: fields.merchantId,
      tradeNo: trade.transaction_id,
      paidAt: new Date("2026-11-23T01:10:11Z"),
    });
    const waiting = { mchid: trade.mchid, appid: trade.appid, out_trade_no: outTradeNo };
    for (const [trade_state, state] of Object.entries({
      NOTPAY: "pending",
      USERPAYING: "pending",
      CLOSED: "closed",
      REVOKED: "closed",
      PAYERROR: "closed",
      REFUND: "closed",
    }))
      expect((await asked(query, JSON.stringify({ ...waiting, trade_state }))).result).toEqual({ state });
  });

  test("an order that WeChat Pay does not know is unknown", async () => {
    const body = '{"code":"ORDER_NOT_EXIST","message":"订单不存在"}';
    expect((await asked(query, body, { status: 404, headers: {} })).result).toEqual({ state: "unknown" });
    const wrongPath = '{"code":"RESOURCE_NOT_EXISTS"}';
    expect((await asked(query, wrongPath, { status: 404 })).result).toMatch(/HTTP 404 RESOURCE_NOT_EXISTS;/);
  });

  test("an answer with a wrong, foreign, old or missing signature is not believed", async () => {
    const body = JSON.stringify(trade);
    const cases: [string, Record<string, string>][] = [
      ["signature", signedHeaders(`${body} `)],
      ["signature", signedHeaders(body, shop)],
      ["signature", {}],
      ["key", { ...signedHeaders(body), "wechatpay-serial": "PUB_KEY_ID_02" }],
      ["stale", signedHeaders(body, wechat, String(now() - 400))],
    ];
    for (const [fault, headers] of cases)
      expect((await asked(query, body, { headers })).result).toBe(
        `channel main (wechatPay): WeChat Pay's answer is not to be trusted (${fault}); compare platformPublicKeyId and platformPublicKey with the merchant platform, and the clock with the time`,
      );
  });

  test("a signed answer about another order, or without amount, is an error", async () => {
    for (const change of [
      { out_trade_no: "b".repeat(32) },
      { trade_state: "NEW" },
      { trade_state: "toString" },
    ])
      expect((await asked(query, JSON.stringify({ ...trade, ...change }))).result).toMatch(
        /another or no trade/,
      );
    expect((await asked(query, JSON.stringify({ ...trade, amount: {} }))).result).toMatch(
      /without the amount/,
    );
  });
});
