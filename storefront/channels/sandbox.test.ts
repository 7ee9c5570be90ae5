import { type Call, type MerchantType, testBed, type TestBed } from "../../local/gateways/testing";
import type { Callback, Misbehaviour, Wrong } from "../../local/gateways/types";
import { openChannel } from "./open";
import { configOf, outTradeNo, payment } from "./testing";
import type { Channel, NotifyReading } from "./types";

// The sandbox gateways were written from the same public documents by other hands and share no code with the channels. That the two
// agree does not prove that the real gateways do; that they differ proves a mistake.

let bed: TestBed;
beforeAll(async () => (bed = await testBed()));
afterAll(() => bed.end());

interface Trade {
  readonly channel: Channel;
  readonly which: { kind: "alipay" | "wechatPay" | "epay"; merchant: string; outTradeNo: string };
}

/** A merchant of its own, with a payment that was opened the way a shop and a payer's browser do it. */
async function opened(type: MerchantType): Promise<Trade> {
  const { kind, merchant, fields, secrets } = await bed.newMerchant(type);
  const typed = kind === "epay" ? { type: "alipay", ...fields } : fields;
  const channel = openChannel(configOf(kind, `${bed.url}/${kind}`, typed, secrets));
  expect(channel.merchant).toBe(merchant);
  expect(await channel.query(outTradeNo)).toEqual({ state: "unknown" });
  const expiresAt = new Date(Date.now() + 1_800_000);
  const request = { ...payment, expiresAt, notifyUrl: bed.notifyUrl(type) };
  for (const attempt of [1, 2]) {
    const start = await channel.start(request);
    expect([attempt, start.kind]).toEqual([attempt, type === "wechatPay" ? "code" : "redirect"]);
    if (start.kind === "redirect") expect((await fetch(start.url)).status).toBe(200);
  }
  return { channel, which: { kind, merchant, outTradeNo } };
}

const reading = (channel: Channel, { method, url, headers, body }: Call | Callback): Promise<NotifyReading> =>
  channel.readNotify({
    method,
    query: new URL(url, "http://shop.test").searchParams,
    headers: headers as Record<string, string>,
    body: Buffer.from(body),
  });

const types: readonly MerchantType[] = ["alipay", "wechatPay", "epayV1", "epayV2"];

describe.each(types)("%s", (type) => {
  let trade: Trade;
  let paid: NotifyReading;
  beforeAll(async () => (trade = await opened(type)));

  /** One more callback, read as the gateway sent it: not one of those that it repeats meanwhile. */
  async function notified(how: Misbehaviour): Promise<{ reading: NotifyReading; sent: Callback }> {
    const { request: sent } = await bed.control.notify(trade.which, how);
    return { reading: await reading(trade.channel, sent), sent };
  }

  test("is pending, then paid by notify and by query", async () => {
    const { channel, which } = trade;
    // An Alipay trade and an epay order begin when the payer's browser arrives, which it did.
    expect(await channel.query(outTradeNo)).toEqual({ state: "pending" });
    const before = bed.calls.length;
    await bed.control.pay(which);
    while (bed.calls.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
    paid = await reading(channel, bed.calls[before]!);
    expect(paid).toMatchObject({
      ok: true,
      outTradeNo,
      amountFen: 1234,
      merchant: which.merchant,
      paid: true,
    });
    if (!paid.ok) throw new Error("unreachable");
    const status = await channel.query(outTradeNo);
    expect(status).toEqual({
      state: "paid",
      amountFen: 1234,
      merchant: which.merchant,
      tradeNo: paid.tradeNo,
      paidAt: expect.any(Date) as Date,
    });
    const { paidAt } = status as { paidAt: Date };
    expect(Math.abs(paidAt.getTime() - Date.now())).toBeLessThan(60_000); // its clock is ours; the zone is what could be wrong
    if (!type.startsWith("epay")) expect(paid.paidAt).toEqual(paidAt); // an epay's notify does not say when
  });

  test("takes the answers for what they are: heard, not kept, refused", async () => {
    if (!paid.ok) throw new Error("the payment was not read");
    const say = async (answer: { status: number; body: string }): Promise<boolean> => {
      bed.reply(() => [answer.status, answer.body]);
      return (await bed.control.notify(trade.which)).acknowledged;
    };
    const refused = await trade.channel.readNotify({
      method: "PUT",
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
    });
    expect([await say(paid.failure), await say(refused.answer), await say(paid.answer)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test.each<[Wrong, unknown]>([
    ["signature", { ok: false, reason: "signature" }],
    ["amount", { ok: true, amountFen: 1, paid: true }],
    ["merchant", { ok: true, amountFen: 1234, paid: true }],
  ])("tells a wrong %s", async (wrong, expected) => {
    const { reading: read } = await notified({ wrong: [wrong] });
    expect(read).toMatchObject(expected as object);
    if (wrong === "merchant" && read.ok) expect(read.merchant).not.toBe(trade.channel.merchant);
  });

  test("by another method is malformed, but for an epay that posts its form", async () => {
    const { reading: read, sent } = await notified({ wrong: ["method"] });
    const posted = type.startsWith("epay") && sent.method === "POST";
    expect(read).toMatchObject(posted ? { ok: true, paid: true } : { ok: false, reason: "malformed" });
  });
});
