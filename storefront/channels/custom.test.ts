import type { ServerResponse } from "node:http";
import { askHealth } from "./custom";
import { openChannel } from "./open";
import { bodyOf, configOf, get, listening, outTradeNo, payment, post, type TestGateway } from "./testing";
import type { ChannelConfig } from "./types";

// The adapter here says whatever a test wants. That a real one can be written by the contract alone, test/e2e/custom-channel.test.ts shows.

let adapter: TestGateway;
let seen: { method: string; path: string; body: string }[] = [];
let say: (response: ServerResponse) => void;

beforeAll(async () => {
  adapter = await listening((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push({ method: request.method!, path: request.url!, body });
      say(response);
    });
  });
});
afterAll(() => adapter.close());
beforeEach(() => (seen = []));

const config = (): ChannelConfig => ({
  ...configOf("custom", "", {}, {}),
  adapter: { port: Number(new URL(adapter.url).port), merchant: "1001" },
});
const saying = (body: unknown, status = 200) => {
  say = (response) => response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
};
const fault = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: Error) => `${error.name}: ${error.message}`,
  );
const wrong = (path: string): string =>
  `ChannelError: channel main (custom): its adapter's answer to ${path} is not what contract 1 says; mend the adapter; docs/channel-adapter.md has every answer`;

const success = { status: 200, type: "text/plain", body: "success" };
const failure = { status: 500, type: "text/plain", body: "fail" };
const paid = { amountFen: 1234, merchant: "1001", tradeNo: "H-1" };
const reading = { ok: true, outTradeNo, paid: true, ...paid, answer: success, failure };

test("a payment is started with what the contract says, and leads where the adapter says", async () => {
  saying({ kind: "redirect", url: "https://hema.example/pay?no=1" });
  expect(await openChannel(config()).start(payment)).toEqual({
    kind: "redirect",
    url: "https://hema.example/pay?no=1",
  });
  expect(seen.map(({ method, path, body }) => [method, path, JSON.parse(body) as unknown])).toEqual([
    ["POST", "/start", { ...payment, expiresAt: "2026-11-23T01:30:00.000Z" }],
  ]);
});

test("a notify reaches the adapter byte by byte, and its reading comes back", async () => {
  saying({ ...reading, paidAt: "2026-11-23T01:02:03+08:00" });
  const body = Buffer.from([0xff, 0x00, 0x7b]);
  const channel = openChannel(config());
  expect(await channel.readNotify(post(body, { "x-sign": "abc" }))).toEqual({
    ...reading,
    paidAt: new Date("2026-11-22T17:02:03Z"),
  });
  saying({ ok: false, reason: "signature", answer: failure });
  expect(await channel.readNotify(get("a=1&a=2"))).toEqual({
    ok: false,
    reason: "signature",
    answer: failure,
  });
  expect(seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { method: "POST", query: [], headers: { "x-sign": "abc" }, body: "/wB7" },
    { method: "GET", query: [["a", "1"], ["a", "2"]], headers: {}, body: "" }, // prettier-ignore
  ]);
});

test("a payment is asked after", async () => {
  const channel = openChannel(config());
  expect(channel.merchant).toBe("1001");
  for (const state of ["pending", "closed", "unknown"]) {
    saying({ state });
    expect(await channel.query(outTradeNo)).toEqual({ state });
  }
  saying({ state: "paid", ...paid });
  expect(await channel.query(outTradeNo)).toEqual({ state: "paid", ...paid });
  expect(new Set(seen.map(({ body }) => body))).toEqual(new Set([`{"outTradeNo":"${outTradeNo}"}`]));
});

const asks = {
  start: () => openChannel(config()).start(payment),
  notify: () => openChannel(config()).readNotify(get("a=1")),
  query: () => openChannel(config()).query(outTradeNo),
};
// prettier-ignore
test.each<[fact: string, ask: keyof typeof asks, answer: unknown]>([
  ["a payer sent to a script", "start", { kind: "redirect", url: "javascript:alert(1)" }],
  ["a payer sent elsewhere by a line break", "start", { kind: "redirect", url: "https://a.example/\r\nx: y" }],
  ["a way to pay that there is not", "start", { kind: "form", url: "https://a.example/" }],
  ["an address without end", "start", { kind: "code", url: `weixin://${"a".repeat(5000)}` }],
  ["an amount with a fraction", "notify", { ...reading, amountFen: 12.34 }],
  ["an amount as text", "notify", { ...reading, amountFen: "1234" }],
  ["an amount below nothing", "notify", { ...reading, amountFen: -1 }],
  ["an amount above what there is", "notify", { ...reading, amountFen: 1e12 }],
  ["neither paid nor not", "notify", { ...reading, paid: "yes" }],
  ["neither right nor wrong", "notify", { ...reading, ok: "true" }],
  ["no merchant", "notify", { ...reading, merchant: "" }],
  ["no order", "notify", { ...reading, outTradeNo: "' OR 1=1" }],
  ["a time that is none", "notify", { ...reading, paidAt: "soon" }],
  ["no answer for the gateway", "notify", { ...reading, answer: undefined }],
  ["no failure for the gateway", "notify", { ...reading, failure: undefined }],
  ["a gateway sent elsewhere", "notify", { ...reading, answer: { ...success, status: 302 } }],
  ["an answer that is none", "notify", { ...reading, answer: { ...success, status: 204 } }],
  ["an answer that was not modified", "notify", { ...reading, failure: { ...failure, status: 304 } }],
  ["a header in the media type", "notify", { ...reading, answer: { ...success, type: "text/plain\r\nset-cookie: a=b" } }],
  ["a page for the gateway", "notify", { ...reading, answer: { ...success, body: "a".repeat(5000) } }],
  ["a reason that there is not", "notify", { ok: false, reason: "because", answer: failure }],
  ["paid without an amount", "query", { state: "paid", merchant: "1001", tradeNo: "H-1" }],
  ["a state that there is not", "query", { state: "maybe" }],
])("%s is refused", async (_fact, ask, answer) => {
  saying(answer);
  expect(await fault(asks[ask]())).toBe(wrong(`/${ask}`));
});

test("an adapter that fails, or says what is no JSON or far too much, is an error that says so and shows nothing of it", async () => {
  const channel = openChannel(config());
  const advice = "look at the log of its adapter's container";
  saying("secret words", 500);
  expect(await fault(channel.query(outTradeNo))).toBe(
    `ChannelError: channel main (custom): its adapter answered /query with status 500; ${advice}`,
  );
  saying("<p>secret words</p>");
  expect(await fault(channel.query(outTradeNo))).toBe(
    `ChannelError: channel main (custom): its adapter answered /query what is no JSON object; ${advice}`,
  );
  saying(JSON.stringify({ state: "pending", more: "a".repeat(70_000) }));
  expect(await fault(channel.query(outTradeNo))).toContain("an answer of more than 65536 bytes");
  say = (response) => response.destroy();
  expect(await fault(channel.query(outTradeNo))).toBe(
    `ChannelError: channel main (custom): 127.0.0.1:${config().adapter!.port}: ECONNRESET; ${advice}`,
  );
});

test("health is contract 1", async () => {
  const health = () => fault(askHealth(config()));
  saying({ contract: 1 });
  expect(await health()).toBe("answered undefined");
  saying({ contract: 2 });
  expect(await health()).toBe(
    "ChannelError: channel main (custom): its adapter speaks contract 2, and this shop 1; use an adapter and a storefront that fit",
  );
  saying({ contract: 1 }, 503);
  expect(await health()).toContain("its adapter answered /health with status 503");
});
