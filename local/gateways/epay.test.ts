import { until } from "../process";
import { opensslMd5, opensslSign, opensslVerifies } from "./openssl";
import { testBed, type Material, type TestBed } from "./testing";

/** Both versions of the interface; MD5 and RSA by the openssl command. There are many epays: this is the interface that most of them document. */
let bed: TestBed;
let v1: Material;
let v2: Material;
beforeAll(async () => {
  bed = await testBed();
  v1 = await bed.newMerchant("epayV1");
  v2 = await bed.newMerchant("epayV2");
});
afterAll(() => bed.end());
beforeEach(() => {
  bed.calls.length = 0;
  bed.reply(() => [200, "success"]);
});

type Params = Record<string, string>;

const joined = (params: Params) =>
  Object.keys(params)
    .filter((name) => params[name] !== "" && !["sign", "sign_type"].includes(name))
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join("&");

const payment = (merchant: Material, outTradeNo: string): Params => ({
  pid: merchant.merchant,
  type: "wxpay",
  out_trade_no: outTradeNo,
  notify_url: bed.notifyUrl("epay"),
  return_url: "http://127.0.0.1:1/back",
  name: "VIP 会员",
  money: "1.00",
  param: "",
});
const md5 = (params: Params): Params => ({
  ...params,
  sign: opensslMd5(joined(params) + v1.secrets["key"]!),
  sign_type: "MD5",
});
function rsa(params: Params, seconds = 0): Params {
  const timed = { ...params, timestamp: String(Math.floor(Date.now() / 1000) + seconds) };
  return { ...timed, sign: opensslSign(joined(timed), v2.secrets["privateKey"]!), sign_type: "RSA" };
}
const get = (path: string, params: Params) =>
  fetch(`${bed.url}/epay${path}?${new URLSearchParams(params).toString()}`, { redirect: "manual" });
async function post(path: string, params: Params) {
  const answer = await fetch(`${bed.url}/epay${path}`, { method: "POST", body: new URLSearchParams(params) });
  return (await answer.json()) as Record<string, string | number>;
}
const which = (merchant: Material, outTradeNo: string) => ({
  kind: "epay" as const,
  merchant: merchant.merchant,
  outTradeNo,
});
async function called(merchant: Material, outTradeNo: string): Promise<Params> {
  await until(async () => (await bed.control.orders(which(merchant, outTradeNo)))[0]?.due === false, 10_000);
  const { method, url } = bed.calls[0]!;
  expect(method).toBe("GET");
  return Object.fromEntries(new URL(url, bed.url).searchParams);
}
const fitsV2 = (params: Record<string, unknown>) =>
  opensslVerifies(
    joined(Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))),
    String(params["sign"]),
    v2.fields["platformPublicKey"]!,
  );

test("version 1: a page, a callback by GET with the right MD5, a query", async () => {
  const opened = await get("/submit.php", md5(payment(v1, "one")));
  expect(opened.status).toBe(303);
  const page = new URL(opened.headers.get("location")!, bed.url).href;
  const byApi = await post("/mapi.php", md5(payment(v1, "one")));
  expect(byApi).toMatchObject({ code: 1, payurl: page });
  const asked = { act: "order", pid: v1.merchant, key: v1.secrets["key"]! };
  const query = { ...asked, out_trade_no: "one" };
  expect(await (await get("/api.php", query)).json()).toMatchObject({ code: 1, status: 0, money: "1.00" });

  const paid = await fetch(page, { method: "POST", redirect: "manual" });
  const params = await called(v1, "one");
  const back: Params = Object.fromEntries(new URL(paid.headers.get("location")!).searchParams);
  for (const told of [params, back]) {
    expect(told).toMatchObject({
      pid: v1.merchant,
      out_trade_no: "one",
      money: "1.00",
      trade_status: "TRADE_SUCCESS",
      type: "wxpay",
      sign: opensslMd5(joined(told) + v1.secrets["key"]!),
    });
  }
  expect(await (await get("/api.php", query)).json()).toMatchObject({
    code: 1,
    status: 1,
    trade_no: params["trade_no"],
  });
  const byTradeNo = { ...asked, trade_no: params["trade_no"]! };
  expect(await (await get("/api.php", byTradeNo)).json()).toMatchObject({ code: 1, out_trade_no: "one" });
});

test("version 2: every answer and the callback are signed with the platform's key", async () => {
  const created = await post(
    "/api/pay/create",
    rsa({ ...payment(v2, "two"), method: "web", clientip: "203.0.113.7" }),
  );
  expect(created).toMatchObject({ code: 0, pay_type: "jump" });
  expect(fitsV2(created)).toBe(true);
  const submitted = await get("/api/pay/submit", rsa(payment(v2, "two")));
  expect(new URL(submitted.headers.get("location")!, bed.url).href).toBe(created["pay_info"]);
  const asked = { pid: v2.merchant, out_trade_no: "two" };
  const before = await post("/api/pay/query", rsa(asked));
  expect([before["status"], fitsV2(before)]).toEqual(["0", true]);

  await bed.control.pay(which(v2, "two"));
  const params = await called(v2, "two");
  expect(fitsV2(params)).toBe(true);
  expect(params).toMatchObject({
    pid: v2.merchant,
    money: "1.00",
    trade_status: "TRADE_SUCCESS",
    sign_type: "RSA",
  });
  const after = await post("/api/pay/query", rsa(asked));
  expect(after).toMatchObject({ code: 0, status: "1", money: "1.00", trade_no: params["trade_no"] });
  expect(fitsV2(after)).toBe(true);
});

test("forged, altered, stale and foreign requests are refused and open nothing", async () => {
  const good = md5(payment(v1, "forged"));
  for (const [said, params] of [
    ["签名校验失败", { ...good, money: "0.01" }],
    ["签名校验失败", { ...good, sign: "" }],
    ["签名校验失败", { ...good, sign_type: "RSA" }],
    ["商户ID(pid)不存在", { ...good, pid: "1" }],
    ["商户ID(pid)不存在", { ...good, pid: v2.merchant }], // one of version 2 does not come in by MD5
    ["商品金额(money)不合法", md5({ ...payment(v1, "forged"), money: "1.001" })],
    ["通知地址(notify_url)", md5({ ...payment(v1, "forged"), notify_url: "javascript:alert(1)" })],
  ] as const) {
    expect(await post("/mapi.php", params)).toEqual({
      code: -1,
      msg: expect.stringContaining(said) as string,
    });
    expect((await get("/submit.php", params)).status).toBe(400);
  }
  expect(await post("/api/pay/create", { ...rsa(payment(v2, "forged")), money: "0.01" })).toMatchObject({
    code: -1,
  });
  expect(await post("/api/pay/create", rsa(payment(v2, "forged"), -301))).toMatchObject({
    msg: "时间戳(timestamp)已过期",
  });
  const query = { act: "order", pid: v1.merchant, key: "wrong", out_trade_no: "forged" };
  expect(await (await get("/api.php", query)).json()).toEqual({ code: -1, msg: "商户密钥错误" });
  for (const merchant of [v1, v2]) expect(await bed.control.orders(which(merchant, "forged"))).toEqual([]);
});

test.each(["amount", "merchant", "signature"] as const)(
  "on order the %s of a callback is wrong, in both versions",
  async (wrong) => {
    const told = { money: wrong === "amount" ? "0.01" : "1.00" };
    const number = `wrong-${wrong}`;
    await get("/submit.php", md5(payment(v1, number)));
    await get("/api/pay/submit", rsa(payment(v2, number)));
    for (const merchant of [v1, v2]) {
      bed.calls.length = 0;
      await bed.control.misbehave(which(merchant, number), { wrong: [wrong] });
      await bed.control.pay(which(merchant, number));
      const params = await called(merchant, number);
      expect(params).toMatchObject({ ...told, pid: wrong === "merchant" ? "9999999999" : merchant.merchant });
      const fits =
        merchant === v1 ? params["sign"] === opensslMd5(joined(params) + v1.secrets["key"]!) : fitsV2(params);
      expect(fits).toBe(wrong !== "signature");
    }
  },
);

test("on order the callback comes by POST", async () => {
  await get("/submit.php", md5(payment(v1, "by-post")));
  await bed.control.misbehave(which(v1, "by-post"), { wrong: ["method"] });
  await bed.control.pay(which(v1, "by-post"));
  await until(() => bed.calls.length > 0, 10_000);
  const { method, url, body } = bed.calls[0]!;
  expect([method, url]).toEqual(["POST", "/pay/epay/notify"]);
  expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
    out_trade_no: "by-post",
    money: "1.00",
  });
});
