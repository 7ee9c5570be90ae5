import { execFileSync } from "node:child_process";
import { createHash, createVerify } from "node:crypto";
import fc from "fast-check";
import { openEpay } from "./epay";
import { bodyOf, configOf, get, listening, newPair, outTradeNo, payment, post, signAs } from "./testing";
import type { Channel, NotifyReading } from "./types";

const [shop, epay] = [newPair(), newPair()];
const key = "89unJUB8HZ54Hj7x4nUj56HN4nUzUJ8i";
const common = { merchantId: "1001", type: "alipay" };

const openV1 = (gateway = "https://epay.test/"): Channel =>
  openEpay(configOf("epay", gateway, { ...common, version: "v1" }, { key }));

const openV2 = (gateway = "https://epay.test"): Channel =>
  openEpay(
    configOf(
      "epay",
      gateway,
      { ...common, version: "v2", platformPublicKey: epay.publicBase64 },
      { privateKey: shop.privateBase64 },
    ),
  );

const signedText = (fields: Record<string, string>): string =>
  Object.keys(fields)
    .filter((name) => !["sign", "sign_type"].includes(name) && fields[name] !== "")
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join("&");

const md5 = (fields: Record<string, string>, secret = key): string =>
  createHash("md5")
    .update(signedText(fields) + secret)
    .digest("hex");
const rsa = (fields: Record<string, string>, by = epay): string => signAs(signedText(fields), by);

const now = (): string => String(Math.floor(Date.now() / 1000));

const notify: Record<string, string> = {
  pid: "1001",
  trade_no: "2026112309101100001",
  out_trade_no: outTradeNo,
  type: "alipay",
  name: "Steam 充值卡 50 元",
  money: "12.34",
  trade_status: "TRADE_SUCCESS",
  param: "",
};

const paidReading = {
  ok: true,
  outTradeNo,
  amountFen: 1234,
  merchant: "1001",
  tradeNo: "2026112309101100001",
  paid: true,
  answer: { status: 200, type: "text/plain; charset=utf-8", body: "success" },
  failure: { status: 500, type: "text/plain; charset=utf-8", body: "fail" },
};
const refused = (reason: string): NotifyReading => ({
  ok: false,
  reason: reason as "signature",
  answer: { status: 400, type: "text/plain; charset=utf-8", body: "fail" },
});

const formOf = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

describe.each([
  {
    version: "v1",
    open: openV1,
    sealed: (f: Record<string, string>) => ({ ...f, sign: md5(f), sign_type: "MD5" }),
  },
  {
    version: "v2",
    open: openV2,
    sealed: (fields: Record<string, string>) => {
      const f = { timestamp: now(), ...fields };
      return { ...f, sign: rsa(f), sign_type: "RSA" };
    },
  },
])("notify of $version", ({ open, sealed }) => {
  test("is read from the query of a GET, and from a form", async () => {
    expect(await open().readNotify(get(formOf(sealed(notify))))).toEqual(paidReading);
    expect(await open().readNotify(post(formOf(sealed(notify))))).toEqual(paidReading);
  });

  test("another amount and merchant, truly signed, are told as they are; only TRADE_SUCCESS is paid", async () => {
    const change = sealed({ ...notify, money: "0.01", pid: "1002" });
    expect(await open().readNotify(get(formOf(change)))).toEqual({
      ...paidReading,
      amountFen: 1,
      merchant: "1002",
    });
    for (const trade_status of ["TRADE_FINISHED", "WAIT_BUYER_PAY", "1", "success", ""])
      expect(await open().readNotify(get(formOf(sealed({ ...notify, trade_status }))))).toEqual({
        ...paidReading,
        paid: false,
      });
  });

  test("each field that is altered, dropped or added makes the signature wrong", async () => {
    const whole: Record<string, string> = sealed(notify);
    for (const name of Object.keys(whole).filter((n) => n !== "sign" && n !== "sign_type" && n !== "param")) {
      const { [name]: value, ...rest } = whole;
      for (const fields of [{ ...whole, [name]: `${value}0` }, rest])
        expect(await open().readNotify(get(formOf(fields)))).toEqual(refused("signature"));
    }
    expect(await open().readNotify(get(formOf({ ...whole, param: "1" })))).toEqual(refused("signature"));
  });

  test("a missing, empty, cut or foreign signature is refused", async () => {
    const { sign = "", ...bare }: Record<string, string> = sealed(notify);
    const foreign = [md5(bare, "another-key-of-32-characters-abc"), rsa(bare, shop), "0".repeat(32)];
    for (const fields of [
      bare,
      ...["", sign.slice(1), `${sign}0`, ...foreign].map((s) => ({ ...bare, sign: s })),
    ])
      expect(await open().readNotify(get(formOf(fields)))).toEqual(refused("signature"));
  });

  test("what no epay sends is malformed", async () => {
    const form = formOf(sealed(notify));
    for (const request of [
      get(""),
      post(""),
      get(`${form}&money=0.01`),
      get(`${form}&x=%B3%E4`),
      post(Buffer.from([0xb3, 0xe4])),
      post(`${form}&a=${"x".repeat(65_536)}`),
      { ...get(form), method: "PUT" },
    ])
      expect(await open().readNotify(request)).toEqual(refused("malformed"));
    const unreadable: Record<string, string>[] = [
      { money: "12.345" },
      { money: "1e3" },
      { pid: "" },
      { trade_no: "" },
      { out_trade_no: "" },
    ];
    for (const change of unreadable)
      expect(await open().readNotify(get(formOf(sealed({ ...notify, ...change }))))).toEqual(
        refused("malformed"),
      );
  });

  test("whatever a stranger sends is refused without an exception", () => {
    const channel = open();
    const names = fc.constantFrom(
      "pid",
      "money",
      "sign",
      "sign_type",
      "timestamp",
      "trade_status",
      "__proto__",
    );
    return fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(names, fc.string())), async (pairs) => {
        const query = new URLSearchParams(pairs);
        const readings = [{ ...get(""), query }, post(query.toString())].map((r) => channel.readNotify(r));
        return (await Promise.all(readings)).every(({ ok }) => !ok);
      }),
    );
  });
});

test("version 1's signature is what md5sum makes of the document's rule, in either case", async () => {
  const input = `money=12.34&name=Steam 充值卡 50 元&out_trade_no=${outTradeNo}&pid=1001&trade_no=2026112309101100001&trade_status=TRADE_SUCCESS&type=alipay${key}`;
  const sign = execFileSync("md5sum", { input }).toString().slice(0, 32);
  for (const spelled of [sign, sign.toUpperCase()])
    expect(await openV1().readNotify(get(formOf({ ...notify, sign: spelled, sign_type: "MD5" })))).toEqual(
      paidReading,
    );
});

test("no version takes the other's signature, whatever sign_type says", async () => {
  const fields = { ...notify, timestamp: now() };
  expect(await openV2().readNotify(get(formOf({ ...fields, sign: md5(fields), sign_type: "MD5" })))).toEqual(
    refused("signature"),
  );
  expect(await openV1().readNotify(get(formOf({ ...fields, sign: rsa(fields), sign_type: "RSA" })))).toEqual(
    refused("signature"),
  );
});

test("version 2's notify is stale after five minutes, and without its time", async () => {
  const at = (timestamp: string): Promise<NotifyReading> => {
    const fields = { ...notify, timestamp };
    return openV2().readNotify(get(formOf({ ...fields, sign: rsa(fields), sign_type: "RSA" })));
  };
  expect(await at(String(Number(now()) - 290))).toEqual(paidReading);
  for (const time of [String(Number(now()) - 301), String(Number(now()) + 310), ""])
    expect(await at(time)).toEqual(refused("stale"));
});

test("version 1 sends the payer with a signed order", async () => {
  const start = await openV1().start(payment);
  const url = new URL(start.url);
  expect([start.kind, url.origin + url.pathname]).toEqual(["redirect", "https://epay.test/submit.php"]);
  const { sign, sign_type, ...fields } = Object.fromEntries(url.searchParams);
  expect(fields).toEqual({
    pid: "1001",
    type: "alipay",
    out_trade_no: outTradeNo,
    notify_url: payment.notifyUrl,
    return_url: payment.returnUrl,
    name: "Steam 充值卡 50 元",
    money: "12.34",
  });
  expect([sign, sign_type]).toEqual([md5(fields), "MD5"]);
});

interface Asked {
  readonly result: unknown;
  readonly line: string;
  readonly form: Record<string, string>;
}

async function asked(act: (gateway: string) => Promise<unknown>, body: string, status = 200): Promise<Asked> {
  let seen = { line: "", form: {} };
  const gateway = await listening((req, res) => {
    void bodyOf(req).then((form) => {
      seen = { line: `${req.method} ${req.url}`, form: Object.fromEntries(new URLSearchParams(form)) };
      res.writeHead(status).end(body);
    });
  });
  try {
    return { result: await act(gateway.url).catch((error: Error) => error.message), ...seen };
  } finally {
    await gateway.close();
  }
}

describe("query of version 1", () => {
  const query = (gateway: string): Promise<unknown> => openV1(gateway).query(outTradeNo);
  const order = {
    code: 1,
    msg: "查询订单号成功！",
    trade_no: "77",
    out_trade_no: outTradeNo,
    pid: 1001,
    money: "12.34",
  };

  test.each([
    [
      { status: 1, endtime: "2026-11-23 09:10:11" },
      {
        state: "paid",
        amountFen: 1234,
        merchant: "1001",
        tradeNo: "77",
        paidAt: new Date("2026-11-23T01:10:11Z"),
      },
    ],
    [
      { status: "1", code: "1", pid: "1002", money: 12.34 },
      { state: "paid", amountFen: 1234, merchant: "1002", tradeNo: "77" },
    ],
    [{ status: 0 }, { state: "pending" }],
    [{ status: 2 }, { state: "closed" }],
  ])("%j is %j", async (change, state) => {
    const { result, line } = await asked(query, JSON.stringify({ ...order, ...change }));
    expect(result).toEqual(state);
    expect(line).toBe(`GET /api.php?act=order&pid=1001&key=${key}&out_trade_no=${outTradeNo}`);
  });

  test("an order that the epay does not know is unknown", async () =>
    expect((await asked(query, '{"code":-1,"msg":"订单号不存在"}')).result).toEqual({ state: "unknown" }));

  test("a refusal, another order and nonsense are errors that do not show the key", async () => {
    const [refusal, another] = [
      /^channel main \(epay\): the epay answered HTTP 200, code (-3|none); compare version, merchantId/,
      /^channel main \(epay\): the epay answered a query about another order or with status/,
    ];
    for (const [body, message] of [
      ['{"code":-3,"msg":"商户密钥错误"}', refusal],
      [`<b>${key}</b>`, refusal],
      [JSON.stringify({ code: key, msg: key }), /HTTP 200, code none;/],
      [JSON.stringify({ ...order, status: 1, out_trade_no: "b" }), another],
      [JSON.stringify({ ...order, status: "toString" }), another],
      [JSON.stringify({ ...order }), another],
      [JSON.stringify({ ...order, status: 1, money: "12.345" }), /without money or trade_no/],
    ] as const)
      expect((await asked(query, body)).result).toMatch(message);
  });
});

describe("version 2", () => {
  const answer = (fields: object, by = epay): string => {
    const all: Record<string, unknown> = { code: 0, msg: "", timestamp: now(), ...fields };
    const plain = Object.entries(all).filter(([, v]) => typeof v !== "object");
    const texts = Object.fromEntries(plain.map(([name, v]) => [name, String(v)]));
    return JSON.stringify({ ...all, sign: rsa(texts, by), sign_type: "RSA" });
  };
  const start = (gateway: string): Promise<unknown> => openV2(gateway).start(payment);
  const query = (gateway: string): Promise<unknown> => openV2(gateway).query(outTradeNo);

  function expectSigned({ form }: Asked): void {
    const signed = createVerify("sha256").update(signedText(form));
    expect(signed.verify(shop.publicKey, form["sign"]!, "base64")).toBe(true);
    expect(Math.abs(Number(form["timestamp"]) - Number(now()))).toBeLessThan(10);
    expect(form["sign_type"]).toBe("RSA");
  }

  test("posts a signed order and sends the payer where the epay says", async () => {
    const seen = await asked(
      start,
      answer({ trade_no: "77", pay_type: "jump", pay_info: "https://epay.test/p/77" }),
    );
    expect(seen.result).toEqual({ kind: "redirect", url: "https://epay.test/p/77" });
    expect(seen.line).toBe("POST /api/pay/create");
    expectSigned(seen);
    expect(seen.form).toMatchObject({
      pid: "1001",
      method: "jump",
      type: "alipay",
      out_trade_no: outTradeNo,
      money: "12.34",
      clientip: "203.0.113.7",
      notify_url: payment.notifyUrl,
      return_url: payment.returnUrl,
    });
    const chinese = await asked(start, answer({ pay_type: "jump", pay_info: "https://epay.test/支付?a=1" }));
    expect(chinese.result).toEqual({ kind: "redirect", url: "https://epay.test/%E6%94%AF%E4%BB%98?a=1" });
    const code = await asked(
      start,
      answer({ pay_type: "qrcode", pay_info: "weixin://wxpay/bizpayurl?pr=1" }),
    );
    expect(code.result).toEqual({ kind: "code", url: "weixin://wxpay/bizpayurl?pr=1" });
  });

  test("an address that no browser should open is an error", async () => {
    for (const fields of [
      { pay_type: "html", pay_info: "<form>" },
      { pay_type: "jump", pay_info: "javascript:alert(1)" },
      { pay_type: "jump", pay_info: "https://[" },
      { pay_type: "jsapi", pay_info: { appId: "1" } },
      {},
    ])
      expect((await asked(start, answer(fields))).result).toMatch(
        /^channel main \(epay\): the epay answered an order with pay_type/,
      );
  });

  test("asks for a signed order's state", async () => {
    const order = {
      trade_no: "77",
      out_trade_no: outTradeNo,
      pid: 1001,
      money: "12.34",
      status: 1,
      buyer: "",
    };
    const seen = await asked(query, answer(order));
    expect(seen.result).toEqual({ state: "paid", amountFen: 1234, merchant: "1001", tradeNo: "77" });
    expect(seen.line).toBe("POST /api/pay/query");
    expectSigned(seen);
    for (const [status, state] of [
      [0, "pending"],
      [2, "closed"],
      [3, "pending"],
      [4, "pending"],
    ] as const)
      expect((await asked(query, answer({ ...order, status }))).result).toEqual({ state });
    expect((await asked(query, '{"code":-1,"msg":"订单号不存在"}')).result).toEqual({ state: "unknown" });
  });

  test("an answer that is altered, foreign, old or unsigned is not believed", async () => {
    const order = { trade_no: "77", out_trade_no: outTradeNo, pid: 1001, money: "12.34", status: 1 };
    for (const body of [
      answer(order).replace("12.34", "12.35"),
      answer(order, shop),
      answer({ ...order, timestamp: String(Number(now()) - 400) }),
      JSON.stringify({ code: 0, ...order, timestamp: now() }),
    ])
      expect((await asked(query, body)).result).toBe(
        "channel main (epay): the epay's answer is not signed by its key, or not now; compare platformPublicKey with the epay's console, and the clock with the time",
      );
  });
});
