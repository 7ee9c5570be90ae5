// Adapter for 河马付 (Hema Pay), by docs/channel-adapter.md, contract 1. Nothing but Node.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const channel = JSON.parse(readFileSync("/run/secrets/channel.json", "utf8"));
const { merchantId, server } = channel.fields;
if (channel.contract !== 1) throw new Error(`contract ${channel.contract} is not 1`);
if (!channel.sandbox && !server.startsWith("https://")) throw new Error(`${server} is no https address`);

/** HMAC-SHA256 over all fields by name, `a=1&b=2`, without the empty ones and the signature itself. */
function signatureOf(fields) {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== "sign" && value !== "" && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return createHmac("sha256", channel.secrets.key).update(text).digest();
}

const signed = (fields) => ({ ...fields, sign: signatureOf(fields).toString("hex") });

function isSigned(fields) {
  const { sign } = fields;
  // Buffer.from takes what stands before the first character that is not hexadecimal.
  if (typeof sign !== "string" || !/^[0-9a-f]{64}$/.test(sign)) return false;
  return timingSafeEqual(Buffer.from(sign, "hex"), signatureOf(fields));
}

/** Four seconds: the shop waits five. */
async function ask(path, fields) {
  const response = await fetch(server + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(signed(fields)),
    redirect: "error",
    signal: AbortSignal.timeout(4000),
  });
  if (response.status !== 200) throw new Error(`Hema Pay answered ${path} with status ${response.status}`);
  const answer = await response.json();
  if (!isSigned(answer)) throw new Error(`${path}: the answer is not signed by Hema Pay`);
  return answer;
}

const text = (status, body) => ({ status, type: "text/plain; charset=utf-8", body });
const refuse = (reason) => ({ ok: false, reason, answer: text(400, "fail") });

const answers = {
  async "/start"({ outTradeNo, amountFen, subject, notifyUrl, returnUrl, expiresAt }) {
    const { code, payUrl } = await ask("/orders", {
      merchant: merchantId,
      orderNo: outTradeNo,
      amount: amountFen,
      title: subject,
      notify: notifyUrl,
      back: returnUrl,
      expires: expiresAt,
    });
    if (code !== 0) throw new Error(`Hema Pay refused an order with code ${code}`);
    return { kind: "redirect", url: payUrl };
  },

  async "/notify"({ method, body }) {
    let said;
    try {
      said = JSON.parse(Buffer.from(body, "base64").toString("utf8"));
    } catch {
      return refuse("malformed");
    }
    if (method !== "POST" || typeof said !== "object" || said === null) return refuse("malformed");
    if (!isSigned(said)) return refuse("signature");
    if (!(Math.abs(Date.now() - Date.parse(said.time)) < 300_000)) return refuse("stale");
    return {
      ok: true,
      outTradeNo: said.orderNo,
      amountFen: said.amount,
      merchant: said.merchant,
      tradeNo: said.serial,
      paid: said.status === "PAID",
      ...(said.paidAt ? { paidAt: said.paidAt } : {}),
      answer: text(200, "OK"),
      failure: text(500, "fail"),
    };
  },

  async "/query"({ outTradeNo }) {
    const said = await ask("/status", { merchant: merchantId, orderNo: outTradeNo });
    const state = { WAIT: "pending", CLOSED: "closed", PAID: "paid" }[said.status];
    if (state === undefined) return { state: "unknown" };
    if (said.orderNo !== outTradeNo) throw new Error("/status: the answer is about another order");
    if (state !== "paid") return { state };
    const { amount: amountFen, merchant, serial: tradeNo, paidAt } = said;
    return { state, amountFen, merchant, tradeNo, paidAt };
  },
};

let asked = Date.now();

const reply = (response, status, body) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

createServer(async (request, response) => {
  try {
    if (request.method === "GET" && request.url === "/health") {
      asked = Date.now();
      return reply(response, 200, { contract: 1 });
    }
    const answer = request.method === "POST" ? answers[request.url] : undefined;
    if (!answer) return reply(response, 404, {});
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    reply(response, 200, await answer(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
  } catch (error) {
    console.log(`${request.url}: ${error.message}`); // never a field or a secret
    reply(response, 500, {});
  }
}).listen(channel.port, "127.0.0.1", () => console.log(`adapter of ${channel.id} listens`));

// A shop that was started anew has another network namespace: this process would be alone in the old one. Ended, it is started in the new one.
setInterval(() => {
  if (Date.now() - asked > 60_000) process.exit(1);
}, 5000);
