import { opensslSign, opensslVerifies } from "./openssl";
import { testBed, type Material, type TestBed } from "./testing";
import { chinaTime } from "./words";
import { until } from "../process";

/** Requests are signed, and callbacks verified, with the openssl command. This proves the sandbox against the documents, not against Alipay. */
let bed: TestBed;
let merchant: Material;
let notifyUrl: string;
beforeAll(async () => {
  bed = await testBed();
  merchant = await bed.newMerchant("alipay");
  notifyUrl = bed.notifyUrl("alipay");
});
afterAll(() => bed.end());
beforeEach(() => {
  bed.calls.length = 0;
  bed.reply(() => [200, "success"]);
});

type Params = Record<string, string>;

const joined = (params: Params) =>
  Object.keys(params)
    .sort()
    .filter((name) => params[name] !== "")
    .map((name) => `${name}=${params[name]}`)
    .join("&");

/** The call as a query, signed by openssl; `forge` changes it after that. */
function call(method: string, content: object, more: Params = {}, forge: Params = {}): string {
  const params: Params = {
    app_id: merchant.merchant,
    method,
    format: "JSON",
    charset: "utf-8",
    sign_type: "RSA2",
    timestamp: chinaTime(Date.now()),
    version: "1.0",
    biz_content: JSON.stringify(content),
    ...more,
  };
  const sign = opensslSign(joined(params), merchant.secrets["privateKey"]!);
  return new URLSearchParams({ ...params, sign, ...forge }).toString();
}

const goods = (outTradeNo: string, total_amount = "12.34", more: object = {}) => ({
  out_trade_no: outTradeNo,
  product_code: "FAST_INSTANT_TRADE_PAY",
  total_amount,
  subject: "点卡 & 充值=100%",
  ...more,
});

const open = (content: object, forge: Params = {}, more: Params = {}) =>
  fetch(
    `${bed.url}/alipay/gateway.do?${call("alipay.trade.page.pay", content, { notify_url: notifyUrl, return_url: "http://127.0.0.1:1/back?order=7", ...more }, forge)}`,
    { redirect: "manual" },
  );

async function query(numbers: object) {
  const answer = await fetch(`${bed.url}/alipay`, {
    method: "POST",
    body: new URLSearchParams(call("alipay.trade.query", numbers)),
  });
  const text = await answer.text();
  const { sign } = JSON.parse(text) as { sign: string };
  const node = /^\{"alipay_trade_query_response":(.*),"sign":"[^"]*"\}$/.exec(text)![1]!;
  expect(opensslVerifies(node, sign, merchant.fields["alipayPublicKey"]!)).toBe(true);
  return JSON.parse(node) as Record<string, string>;
}

const which = (outTradeNo: string) => ({ kind: "alipay" as const, merchant: merchant.merchant, outTradeNo });
const heard = (outTradeNo: string) =>
  until(async () => (await bed.control.orders(which(outTradeNo)))[0]?.due === false, 10_000);

/** What the shop was called with, and what openssl says of its signature. */
function verified(body: string): [Params, boolean] {
  const params: Params = Object.fromEntries(new URLSearchParams(body));
  const { sign = "", sign_type, ...signed } = params;
  expect(sign_type).toBe("RSA2");
  return [signed, opensslVerifies(joined(signed), sign, merchant.fields["alipayPublicKey"]!)];
}

test("a payer pays on the page: one callback that openssl verifies, the way back signed, the query says so", async () => {
  const opened = await open(goods("one"));
  expect(opened.status).toBe(303);
  const page = new URL(opened.headers.get("location")!, bed.url).href;
  expect(page).toMatch(/\/alipay\/cashier\/[0-9a-f]{32}$/);
  const shown = await (await fetch(page)).text();
  expect(shown).toContain("12.34 元");
  expect(shown).toContain("点卡 &#38; 充值=100%");
  expect(shown).toContain("<button>支付</button>");
  expect(await query({ out_trade_no: "one" })).toMatchObject({
    code: "10000",
    trade_status: "WAIT_BUYER_PAY",
  });
  expect(bed.calls).toEqual([]);

  const paid = await fetch(page, { method: "POST", redirect: "manual" });
  const back = new URL(paid.headers.get("location")!);
  expect(back.searchParams.get("order")).toBe("7");
  back.searchParams.delete("order");
  expect(verified(back.search)).toEqual([
    expect.objectContaining({
      method: "alipay.trade.page.pay.return",
      out_trade_no: "one",
      total_amount: "12.34",
    }),
    true,
  ]);
  await heard("one");
  expect(bed.calls).toHaveLength(1);
  const [{ method, url, headers, body } = bed.calls[0]!] = bed.calls;
  expect([method, url, headers["content-type"]]).toEqual([
    "POST",
    "/pay/alipay/notify",
    "application/x-www-form-urlencoded; charset=utf-8",
  ]);
  const [params, fits] = verified(body);
  expect(fits).toBe(true);
  expect(params).toMatchObject({
    app_id: merchant.merchant,
    out_trade_no: "one",
    total_amount: "12.34",
    trade_status: "TRADE_SUCCESS",
    notify_type: "trade_status_sync",
    subject: "点卡 & 充值=100%",
  });
  expect(await query({ out_trade_no: "one" })).toMatchObject({
    trade_status: "TRADE_SUCCESS",
    total_amount: "12.34",
    trade_no: params["trade_no"],
  });
  // Pressed again: paid once, no second callback, and none that is owed.
  const before = await bed.control.orders(which("one"));
  await fetch(page, { method: "POST", redirect: "manual" });
  expect(await bed.control.orders(which("one"))).toEqual(before);
  expect(bed.calls).toHaveLength(1);
});

test("what is not signed by the merchant, or is altered, is refused, and no order is opened", async () => {
  const refusals: [string, Promise<Response>][] = [
    ["isv.invalid-signature", open(goods("forged"), { notify_url: "http://127.0.0.1:1/elsewhere" })],
    ["isv.invalid-signature", open(goods("forged"), { sign: Buffer.alloc(256).toString("base64") })],
    ["isv.invalid-app-id", open(goods("forged"), { app_id: "2021000000000000" })],
    ["isv.missing-sign", open(goods("forged"), { sign: "" })],
    ["isv.invalid-timestamp", open(goods("forged"), {}, { timestamp: "2020-01-01 00:00:00" })],
    ["isv.invalid-signature-type", open(goods("forged"), {}, { sign_type: "RSA" })],
    ["ACQ.TOTAL_FEE_EXCEED", open(goods("forged", "0"))],
    ["ACQ.TOTAL_FEE_EXCEED", open(goods("forged", "1.234"))],
    ["ACQ.INVALID_PARAMETER: 参数无效：product_code", open({ ...goods("forged"), product_code: "X" })],
    ["ACQ.INVALID_PARAMETER: 参数无效：notify_url", open(goods("forged"), {}, { notify_url: "file:///etc" })],
    [
      "isv.suspected-attack",
      fetch(
        `${bed.url}/alipay?${call("alipay.trade.page.pay", goods("forged"))}&app_id=${merchant.merchant}`,
      ),
    ],
  ];
  for (const [said, answer] of refusals) {
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(said)]);
  }
  expect(await query({ out_trade_no: "forged" })).toMatchObject({
    code: "40004",
    sub_code: "ACQ.TRADE_NOT_EXIST",
  });
});

test("one number is one payment: the same words find it, others are refused, also after it is paid", async () => {
  const first = await open(goods("same"));
  const second = await open(goods("same"));
  expect(second.headers.get("location")).toBe(first.headers.get("location"));
  expect(await (await open(goods("same", "99.00"))).text()).toContain("ACQ.CONTEXT_INCONSISTENT");
  await bed.control.pay(which("same"));
  expect(await (await open(goods("same"))).text()).toContain("ACQ.TRADE_HAS_SUCCESS");
});

test("an order is asked for by Alipay's number too, which counts where both are there", async () => {
  const numbers: string[] = [];
  for (const number of ["first", "second"]) {
    await open(goods(number));
    const [{ tradeNo } = { tradeNo: "" }] = await bed.control.orders(which(number));
    expect(await query({ trade_no: tradeNo })).toMatchObject({ out_trade_no: number, trade_no: tradeNo });
    numbers.push(tradeNo);
  }
  const both = { trade_no: numbers[0], out_trade_no: "second" };
  expect(await query(both)).toMatchObject({ out_trade_no: "first" });
  expect(await query({ ...both, trade_no: "1" })).toMatchObject({ sub_code: "ACQ.TRADE_NOT_EXIST" });
  expect(await query({})).toMatchObject({ sub_code: "ACQ.INVALID_PARAMETER" });
});

test("after time_expire no money is taken, unless that is the misbehaviour that was asked for", async () => {
  const late = goods("late", "1.00", { time_expire: chinaTime(Date.now() - 60_000) });
  const opened = await open(late);
  const page = new URL(opened.headers.get("location")!, bed.url).href;
  expect((await fetch(page, { method: "POST", redirect: "manual" })).status).toBe(409);
  expect(await query({ out_trade_no: "late" })).toMatchObject({ trade_status: "TRADE_CLOSED" });
  await expect(bed.control.pay(which("late"))).rejects.toThrow("HTTP 409");
  expect(bed.calls).toEqual([]);
  await bed.control.misbehave(which("late"), { takesExpired: true });
  await bed.control.pay(which("late"));
  await heard("late");
  expect(verified(bed.calls[0]!.body)[0]).toMatchObject({
    out_trade_no: "late",
    trade_status: "TRADE_SUCCESS",
  });
});

test.each([
  ["amount", { total_amount: "0.01" }, true],
  ["merchant", { app_id: "2021999999999999", total_amount: "12.34" }, true],
  ["signature", { total_amount: "12.34" }, false],
] as const)("on order the callback's %s is wrong, and nothing else", async (wrong, told, fits) => {
  const number = `wrong_${wrong}`;
  await open(goods(number));
  await bed.control.misbehave(which(number), { wrong: [wrong] });
  await bed.control.pay(which(number));
  await heard(number);
  expect(verified(bed.calls[0]!.body)).toEqual([
    expect.objectContaining({ ...told, out_trade_no: number }),
    fits,
  ]);
});

test("on order the callback comes by GET", async () => {
  await open(goods("by_get"));
  await bed.control.misbehave(which("by_get"), { wrong: ["method"] });
  await bed.control.pay(which("by_get"));
  await heard("by_get");
  const { method, url, body } = bed.calls[0]!;
  expect([method, body]).toEqual(["GET", ""]);
  expect(verified(url.split("?")[1]!)[1]).toBe(true);
});

test("the callback of 0.01 that is to have a wrong amount has 0.02", async () => {
  await open(goods("least", "0.01"));
  await bed.control.misbehave(which("least"), { wrong: ["amount"] });
  await bed.control.pay(which("least"));
  await heard("least");
  expect(verified(bed.calls[0]!.body)[0]).toMatchObject({ total_amount: "0.02" });
});
