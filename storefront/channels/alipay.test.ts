import { createVerify } from "node:crypto";
import fc from "fast-check";
import { openAlipay } from "./alipay";
import { bodyOf, configOf, get, listening, newPair, outTradeNo, payment, post, signAs } from "./testing";
import type { Channel } from "./types";

const [shop, alipay] = [newPair(), newPair()];
const appId = "2021000000000001";

const open = (gateway = "http://gateway.test/alipay", publicKey = alipay.publicBase64): Channel =>
  openAlipay(
    configOf("alipay", gateway, { appId, alipayPublicKey: publicKey }, { privateKey: shop.privateBase64 }),
  );

const notify = {
  app_id: appId,
  buyer_id: "2088000000000001",
  charset: "utf-8",
  fund_bill_list: '[{"amount":"12.34","fundChannel":"ALIPAYACCOUNT"}]',
  gmt_payment: "2026-11-23 09:10:11",
  notify_id: "2026112300222091011001",
  notify_type: "trade_status_sync",
  out_trade_no: outTradeNo,
  seller_id: "2088000000000002",
  subject: "Steam 充值卡 50 元",
  total_amount: "12.34",
  trade_no: "2026112322001400001",
  trade_status: "TRADE_SUCCESS",
  version: "1.0",
};

/** The rule of the document: all but sign and sign_type, by name, decoded. */
const sign = (fields: Record<string, string>, by = alipay, hash = "sha256"): string =>
  signAs(
    Object.keys(fields)
      .sort()
      .map((name) => `${name}=${fields[name]}`)
      .join("&"),
    by,
    hash,
  );

const formOf = (fields: Record<string, string>, signature = sign(fields)): string =>
  new URLSearchParams({ ...fields, sign_type: "RSA2", sign: signature }).toString();

const paidReading = {
  ok: true,
  outTradeNo,
  amountFen: 1234,
  merchant: appId,
  tradeNo: "2026112322001400001",
  paid: true,
  paidAt: new Date("2026-11-23T01:10:11Z"),
  answer: { status: 200, type: "text/plain; charset=utf-8", body: "success" },
  failure: { status: 500, type: "text/plain; charset=utf-8", body: "failure" },
};
const refused = (reason: string): object => ({
  ok: false,
  reason,
  answer: { status: 400, type: "text/plain; charset=utf-8", body: "failure" },
});

test("a payment is an address that Alipay's side verifies with the shop's public key", async () => {
  jest.useFakeTimers({ now: new Date("2026-11-23T01:00:00Z"), doNotFake: ["nextTick", "setImmediate"] });
  const start = await open().start(payment);
  jest.useRealTimers();
  const url = new URL(start.url);
  const { sign: signature, ...fields } = Object.fromEntries(url.searchParams);
  expect([start.kind, url.origin + url.pathname]).toEqual([
    "redirect",
    "http://gateway.test/alipay/gateway.do",
  ]);
  expect({ ...fields, biz_content: JSON.parse(fields["biz_content"]!) as unknown }).toEqual({
    app_id: appId,
    method: "alipay.trade.page.pay",
    format: "JSON",
    charset: "utf-8",
    sign_type: "RSA2",
    timestamp: "2026-11-23 09:00:00",
    version: "1.0",
    notify_url: payment.notifyUrl,
    return_url: payment.returnUrl,
    biz_content: {
      out_trade_no: outTradeNo,
      product_code: "FAST_INSTANT_TRADE_PAY",
      total_amount: "12.34",
      subject: "Steam 充值卡 50 元",
      time_expire: "2026-11-23 09:30:00",
    },
  });
  const signed = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join("&");
  expect(createVerify("sha256").update(signed).verify(shop.publicKey, signature!, "base64")).toBe(true);
});

test("the real gateway's address is taken as it is", async () =>
  expect((await open("https://openapi.alipay.com/gateway.do").start(payment)).url).toMatch(
    /^https:\/\/openapi\.alipay\.com\/gateway\.do\?/,
  ));

test("a notify is read", async () =>
  expect(await open().readNotify(post(formOf(notify)))).toEqual(paidReading));

test.each([
  ["TRADE_FINISHED", {}, true],
  ["WAIT_BUYER_PAY", {}, false],
  ["TRADE_CLOSED", {}, false],
  ["SUCCESS", {}, false],
  ["trade_success", {}, false],
  ["TRADE_SUCCESS", { refund_fee: "1.00", gmt_refund: "2026-11-23 10:00:00.000" }, false],
])("%s with %j: paid %s", async (trade_status, more, paid) => {
  const fields = { ...notify, ...more, trade_status };
  expect(await open().readNotify(post(formOf(fields)))).toEqual({ ...paidReading, paid });
});

test("another amount and merchant, truly signed, are told as they are", async () => {
  const fields = { ...notify, total_amount: "0.01", app_id: "2021000000000002" };
  expect(await open().readNotify(post(formOf(fields)))).toEqual({
    ...paidReading,
    amountFen: 1,
    merchant: "2021000000000002",
  });
});

test("each field that is altered, dropped or added makes the signature wrong", async () => {
  const channel = open();
  const signature = sign(notify);
  for (const name of Object.keys(notify) as (keyof typeof notify)[]) {
    const { [name]: value, ...rest } = notify;
    for (const fields of [{ ...notify, [name]: `${value}0` }, { ...notify, [name]: "" }, rest])
      expect(await channel.readNotify(post(formOf(fields, signature)))).toEqual(refused("signature"));
  }
  const added = formOf({ ...notify, extra: "1" }, signature);
  expect(await channel.readNotify(post(added))).toEqual(refused("signature"));
});

test("a missing, empty or foreign signature is refused, and so is SHA-1 with sign_type RSA", async () => {
  const channel = open();
  const sha1 = new URLSearchParams({ ...notify, sign_type: "RSA", sign: sign(notify, alipay, "sha1") });
  for (const form of [
    new URLSearchParams(notify).toString(),
    formOf(notify, ""),
    formOf(notify, sign(notify, shop)),
    sha1.toString(),
  ])
    expect(await channel.readNotify(post(form))).toEqual(refused("signature"));
});

test("what no gateway sends is malformed: GET, fields twice, bytes that are not UTF-8, too much, nothing", async () => {
  const channel = open();
  const form = formOf(notify);
  const many = new URLSearchParams(Array.from({ length: 101 }, (_, i): [string, string] => [`f${i}`, "1"]));
  for (const request of [
    get(form),
    post(""),
    post(`${form}&total_amount=0.01`),
    post(`total_amount=12.34&${form}`),
    post(Buffer.concat([Buffer.from(`${form}&a=`), Buffer.from([0xb3, 0xe4])])), // 充 in GBK
    post(`${form}&a=%B3%E4`),
    post(`${form}&a=${"x".repeat(65_536)}`),
    post(many.toString()),
  ])
    expect(await channel.readNotify(request)).toEqual(refused("malformed"));
});

test.each([
  { total_amount: "12.345" },
  { total_amount: "-1.00" },
  { out_trade_no: "" },
  { trade_no: "" },
  { app_id: "" },
])("truly signed but unreadable, %j is malformed", async (change) =>
  expect(await open().readNotify(post(formOf({ ...notify, ...change })))).toEqual(refused("malformed")),
);

test("whatever a stranger sends is refused without an exception", () => {
  const channel = open();
  const valid = Buffer.from(formOf(notify));
  const altered = fc
    .tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, bits]) => Buffer.from(valid.map((byte, i) => (i === at ? byte ^ bits : byte))));
  const bytes = fc.uint8Array({ maxLength: 300 }).map((body) => Buffer.from(body));
  return fc.assert(
    fc.asyncProperty(fc.oneof(bytes, altered), async (body) => {
      const reading = await channel.readNotify(post(body));
      // A flipped bit can fall into sign_type, which is not signed.
      return !reading.ok || formTextWithoutType(body) === formTextWithoutType(valid);
    }),
  );
});

const formTextWithoutType = (body: Buffer): string => {
  const form = [...new URLSearchParams(body.toString())].filter(([name]) => name !== "sign_type");
  return JSON.stringify(form.filter(([, value]) => !/^RSA2?$/.test(value)));
};

describe("query", () => {
  const trade = {
    code: "10000",
    msg: "Success",
    out_trade_no: outTradeNo,
    total_amount: "12.34",
    trade_no: "2026112322001400001",
    trade_status: "TRADE_SUCCESS",
    send_pay_date: "2026-11-23 09:10:11",
  };

  /** What Alipay says, as text between its key and the signature. */
  const answering = (content: string, by = alipay): string =>
    `{"alipay_trade_query_response":${content},"sign":"${signAs(content, by)}"}`;

  async function asked(body: string, status = 200): Promise<{ result: unknown; sent: URLSearchParams }> {
    let sent = new URLSearchParams();
    const gateway = await listening((req, res) => {
      void bodyOf(req).then((form) => {
        sent = new URLSearchParams(`${new URL(req.url!, "http://x").search.slice(1)}&${form}`);
        res.writeHead(status).end(body);
      });
    });
    try {
      const result = await open(`${gateway.url}/alipay`)
        .query(outTradeNo)
        .catch((error: Error) => error.message);
      return { result, sent };
    } finally {
      await gateway.close();
    }
  }

  test("asks for the trade with a signature over URL and form, and reads the answer", async () => {
    const { result, sent } = await asked(answering(JSON.stringify(trade)));
    expect(result).toEqual({
      state: "paid",
      amountFen: 1234,
      merchant: appId,
      tradeNo: trade.trade_no,
      paidAt: new Date("2026-11-23T01:10:11Z"),
    });
    const { sign: signature, ...fields } = Object.fromEntries(sent);
    expect(fields).toMatchObject({
      app_id: appId,
      method: "alipay.trade.query",
      biz_content: `{"out_trade_no":"${outTradeNo}"}`,
    });
    const signed = Object.keys(fields)
      .sort()
      .map((name) => `${name}=${fields[name]}`)
      .join("&");
    expect(createVerify("sha256").update(signed).verify(shop.publicKey, signature!, "base64")).toBe(true);
  });

  test.each([
    ["WAIT_BUYER_PAY", "pending"],
    ["TRADE_CLOSED", "closed"],
  ])("%s is %s", async (trade_status, state) =>
    expect((await asked(answering(JSON.stringify({ ...trade, trade_status })))).result).toEqual({ state }),
  );

  test("a trade that Alipay does not know, since the payer never came, is unknown", async () => {
    const content =
      '{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在"}';
    expect((await asked(answering(content))).result).toEqual({ state: "unknown" });
  });

  test("spaces, escapes and the word sign inside the answer do not disturb", async () => {
    const content = `{ "code":"10000", "sign":"x\\"}", "subject":"a\\/b},\\"sign\\":", ${JSON.stringify(trade).slice(1)}`;
    const body = ` {"alipay_trade_query_response" : ${content} , "sign" : "${signAs(content, alipay)}" } `;
    expect((await asked(body)).result).toMatchObject({ state: "paid", amountFen: 1234 });
  });

  test("what was signed is read, not a second answer behind it that JSON's last-one-wins would take", async () => {
    const content = JSON.stringify({ ...trade, trade_status: "WAIT_BUYER_PAY" });
    const body = answering(content).replace(/}$/, `,"alipay_trade_query_response":${JSON.stringify(trade)}}`);
    expect((await asked(body)).result).toEqual({ state: "pending" });
  });

  const distrusted = (seen: string): string =>
    `channel main (alipay): Alipay's answer to a query is not signed by its key (${seen}); compare appId, alipayPublicKey and the public key of privateKey with Alipay's console`;

  test("an altered, foreign or missing signature is an error that says what to compare", async () => {
    const content = JSON.stringify(trade);
    const signature = signAs(content, alipay);
    for (const body of [
      answering(content, shop),
      answering(content).replace("12.34", "12.35"),
      `{"alipay_trade_query_response":${content}}`,
      // A second answer beside the signed one.
      `{"alipay_trade_query_response":${content.replace("TRADE_SUCCESS", "WAIT_BUYER_PAY")},"x":${content},"sign":"${signature}"}`,
      "[]",
      "<html>",
      "",
    ])
      expect((await asked(body)).result).toBe(distrusted("HTTP 200, no code"));
    const unknownApp = '{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}';
    expect((await asked(unknownApp)).result).toBe(distrusted("HTTP 200, isv.invalid-app-id"));
    expect((await asked("busy", 503)).result).toBe(distrusted("HTTP 503, no code"));
  });

  test("a signed answer about another order, or with an error, is an error with its code", async () => {
    const other = JSON.stringify({ ...trade, out_trade_no: "b".repeat(32) });
    expect((await asked(answering(other))).result).toMatch(/answered a query with 10000, TRADE_SUCCESS;/);
    const busy = '{"code":"20000","sub_code":"aop.ACQ.SYSTEM_ERROR"}';
    expect((await asked(answering(busy))).result).toMatch(
      /answered a query with 20000, aop\.ACQ\.SYSTEM_ERROR;/,
    );
  });
});
