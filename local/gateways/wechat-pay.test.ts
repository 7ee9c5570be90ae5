import { createDecipheriv } from "node:crypto";
import { until } from "../process";
import { opensslSign, opensslVerifies } from "./openssl";
import { seal } from "./signing";
import { testBed, type Material, type TestBed } from "./testing";
import { chinaTimeWithZone } from "./words";

/** Requests are signed, answers and callbacks verified, with the openssl command. It does not prove that WeChat agrees. */
let bed: TestBed;
let merchant: Material;
beforeAll(async () => {
  bed = await testBed();
  merchant = await bed.newMerchant("wechatPay");
});
afterAll(() => bed.end());
beforeEach(() => {
  bed.calls.length = 0;
  bed.reply(() => [204, ""]);
});

interface Forge {
  readonly method?: string;
  readonly body?: string;
  readonly timestamp?: number;
  readonly serial?: string;
  readonly key?: string;
  readonly accept?: string;
}

async function ask(method: string, target: string, body = "", forge: Forge = {}) {
  const timestamp = forge.timestamp ?? Math.floor(Date.now() / 1000);
  const nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
  const key = forge.key ?? merchant.secrets["privateKey"]!;
  const signature = opensslSign(`${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`, key);
  const pairs = {
    mchid: merchant.merchant,
    nonce_str: nonce,
    signature,
    timestamp: String(timestamp),
    serial_no: forge.serial ?? merchant.fields["certificateSerial"]!,
  };
  const sent = forge.body ?? body;
  const answer = await fetch(bed.url + target, {
    method: forge.method ?? method,
    headers: {
      authorization: `WECHATPAY2-SHA256-RSA2048 ${Object.entries(pairs)
        .map(([name, value]) => `${name}="${value}"`)
        .join(",")}`,
      accept: forge.accept ?? "application/json",
      "content-type": "application/json",
    },
    ...(sent === "" ? {} : { body: sent }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    json: JSON.parse(text) as Record<string, unknown>,
    fits: fits((name) => answer.headers.get(name), text),
  };
}

/** Whether openssl verifies what a message's headers say of its body. */
function fits(header: (name: string) => string | null | undefined, body: string): boolean {
  const [timestamp, nonce, signature, serial] = ["timestamp", "nonce", "signature", "serial"].map((name) =>
    header(`wechatpay-${name}`),
  );
  if (!signature) return false;
  expect(serial).toBe(merchant.fields["platformPublicKeyId"]);
  return opensslVerifies(
    `${timestamp}\n${nonce}\n${body}\n`,
    signature,
    merchant.fields["platformPublicKey"]!,
  );
}

const native = "/wechatPay/v3/pay/transactions/native";
const order = (outTradeNo: string, more: object = {}) =>
  JSON.stringify({
    appid: merchant.fields["appId"],
    mchid: merchant.merchant,
    description: "话费充值 50 元",
    out_trade_no: outTradeNo,
    notify_url: bed.notifyUrl("wechat"),
    amount: { total: 5000, currency: "CNY" },
    ...more,
  });
const query = (outTradeNo: string) =>
  ask("GET", `/wechatPay/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${merchant.merchant}`);
const which = (outTradeNo: string) => ({
  kind: "wechatPay" as const,
  merchant: merchant.merchant,
  outTradeNo,
});

interface Notice {
  readonly event_type: string;
  readonly resource: { ciphertext: string; nonce: string; associated_data: string; algorithm: string };
}

function unsealed(body: string): Record<string, unknown> {
  const { resource, event_type } = JSON.parse(body) as Notice;
  expect([event_type, resource.algorithm]).toEqual(["TRANSACTION.SUCCESS", "AEAD_AES_256_GCM"]);
  const bytes = Buffer.from(resource.ciphertext, "base64");
  const key = Buffer.from(merchant.secrets["apiV3Key"]!);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(resource.nonce));
  decipher.setAAD(Buffer.from(resource.associated_data));
  decipher.setAuthTag(bytes.subarray(-16));
  return JSON.parse(
    decipher.update(bytes.subarray(0, -16), undefined, "utf8") + decipher.final("utf8"),
  ) as Record<string, unknown>;
}

async function paid(outTradeNo: string, how: object = {}) {
  await ask("POST", native, order(outTradeNo));
  await bed.control.misbehave(which(outTradeNo), how);
  await bed.control.pay(which(outTradeNo));
  await until(async () => (await bed.control.orders(which(outTradeNo)))[0]?.due === false, 10_000);
  return bed.calls[0]!;
}

test("a code_url is scanned and paid: a sealed callback that openssl verifies, and the query says so", async () => {
  const opened = await ask("POST", native, order("native-1"));
  expect(opened).toEqual({
    status: 200,
    json: { code_url: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=[0-9a-f]{32}$/) as string },
    fits: true,
  });
  const notPaid = await query("native-1");
  expect([notPaid.fits, notPaid.json]).toEqual([true, expect.objectContaining({ trade_state: "NOTPAY" })]);

  const scanned = await fetch(
    `${bed.url}/wechatPay/scan?code_url=${encodeURIComponent(String(opened.json["code_url"]))}`,
  );
  expect(await scanned.text()).toContain("50.00 元");
  await fetch(scanned.url, { method: "POST" });
  await until(() => bed.calls.length > 0, 10_000);
  const { method, headers, body } = bed.calls[0]!;
  expect(method).toBe("POST");
  expect(fits((name) => headers[name] as string, body)).toBe(true);
  const transaction = unsealed(body);
  expect(transaction).toMatchObject({
    appid: merchant.fields["appId"],
    mchid: merchant.merchant,
    out_trade_no: "native-1",
    trade_state: "SUCCESS",
    trade_type: "NATIVE",
    amount: { total: 5000, payer_total: 5000, currency: "CNY", payer_currency: "CNY" },
  });
  expect((await query("native-1")).json).toMatchObject({
    trade_state: "SUCCESS",
    transaction_id: transaction["transaction_id"],
  });
  const byId = `/wechatPay/v3/pay/transactions/id/${String(transaction["transaction_id"])}`;
  expect((await ask("GET", `${byId}?mchid=${merchant.merchant}`)).json).toMatchObject({
    out_trade_no: "native-1",
  });
});

test("each altered or foreign request is refused with WeChat's code, and opens nothing", async () => {
  const other = await bed.newMerchant("wechatPay");
  const now = Math.floor(Date.now() / 1000);
  const body = order("forged-1");
  const refusals: [string, Awaited<ReturnType<typeof ask>>][] = [
    ["SIGN_ERROR", await ask("POST", native, body, { body: body.replace("5000", "1") })],
    ["SIGN_ERROR", await ask("POST", native, body, { key: other.secrets["privateKey"]! })],
    ["SIGN_ERROR", await ask("POST", native, body, { serial: other.fields["certificateSerial"]! })],
    ["SIGN_ERROR", await ask("POST", native, body, { timestamp: now - 301 })],
    ["SIGN_ERROR", await ask("POST", native, order("forged-1", { mchid: other.merchant }))],
    ["PARAM_ERROR", await ask("POST", native, body, { accept: "text/html" })],
    ["APPID_MCHID_NOT_MATCH", await ask("POST", native, order("forged-1", { appid: other.fields["appId"] }))],
    ["PARAM_ERROR", await ask("POST", native, order("forged-1", { amount: { total: 0.5 } }))],
    [
      "PARAM_ERROR",
      await ask("POST", native, order("forged-1", { notify_url: `${bed.notifyUrl("x")}?a=1` })),
    ],
    ["PARAM_ERROR", await ask("POST", native, order("short"))],
    ["ORDER_NOT_EXIST", await query("forged-1")],
    ["RESOURCE_NOT_EXISTS", await ask("GET", "/wechatPay/v3/certificates")],
  ];
  expect(refusals.map(([, { json, status }]) => [json["code"], status >= 400])).toEqual(
    refusals.map(([code]) => [code, true]),
  );
});

test("one number is one payment", async () => {
  const first = await ask("POST", native, order("once-1"));
  expect((await ask("POST", native, order("once-1"))).json).toEqual(first.json);
  expect((await ask("POST", native, order("once-1", { amount: { total: 1 } }))).json).toMatchObject({
    code: "OUT_TRADE_NO_USED",
  });
  await bed.control.pay(which("once-1"));
  expect((await ask("POST", native, order("once-1"))).json).toMatchObject({ code: "ORDERPAID" });
});

test("time_expire closes it", async () => {
  await ask("POST", native, order("closed-1", { time_expire: chinaTimeWithZone(Date.now() - 1_000) }));
  expect((await query("closed-1")).json).toMatchObject({ trade_state: "CLOSED" });
  await expect(bed.control.pay(which("closed-1"))).rejects.toThrow("expired");
});

test("on order the callback's amount or merchant is wrong, under a right signature", async () => {
  const cheap = await paid("cheap-1", { wrong: ["amount"] });
  expect(fits((name) => cheap.headers[name] as string, cheap.body)).toBe(true);
  expect(unsealed(cheap.body)).toMatchObject({ amount: { total: 1 }, mchid: merchant.merchant });
  bed.calls.length = 0;
  const foreign = await paid("foreign-1", { wrong: ["merchant"] });
  expect(fits((name) => foreign.headers[name] as string, foreign.body)).toBe(true);
  expect(unsealed(foreign.body)).toMatchObject({ amount: { total: 5000 }, mchid: "1699999999" });
});

test("on order the signature is one of WeChat's probes, and the method GET", async () => {
  const probe = await paid("probe-1", { wrong: ["signature"] });
  expect(probe.headers["wechatpay-signature"]).toMatch(/^WECHATPAY\/SIGNTEST\/[A-Za-z0-9+/]{342}==$/);
  expect(fits((name) => probe.headers[name] as string, probe.body)).toBe(false);
  bed.calls.length = 0;
  expect(await paid("by-get-1", { wrong: ["method"] })).toMatchObject({ method: "GET", body: "" });
});

test("what is sealed is what another implementation seals", () => {
  // From Python: AESGCM(key).encrypt(nonce, b"{}", b"transaction"), of the package "cryptography".
  expect(seal("{}", "0123456789abcdef0123456789abcdef", "transaction", "0123456789ab")).toEqual({
    nonce: "0123456789ab",
    ciphertext: "4tQzio0hi4UQ51klCMiyh4k6",
  });
});
