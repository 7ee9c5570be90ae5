// 河马付 (Hema Pay) itself, as far as trying the example needs it: signs all that it says, and moves no money.
//   node gateway.mjs <address> <port> <file of keys, {"1001": "key"}> [<address of the shops, where their names are not known here>]
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, request as send } from "node:http";
import { request as sendSafely } from "node:https";

const [address, port, keyFile, shops] = process.argv.slice(2);
const keys = JSON.parse(readFileSync(keyFile, "utf8"));
const orders = new Map();

function signed(fields, key) {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== "sign" && value !== "" && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return { ...fields, sign: createHmac("sha256", key).update(text).digest("hex") };
}

const show = ({ request, status, serial, paidAt }) => ({
  merchant: request.merchant,
  orderNo: request.orderNo,
  amount: request.amount,
  status,
  serial,
  paidAt,
  time: new Date().toISOString(),
});

/** Until the shop says OK, five times at most. */
async function notify(order, key, times = 5) {
  const said = await call(order.request.notify, signed(show(order), key)).catch((error) => error.message);
  if (said !== "OK" && times > 1) setTimeout(() => void notify(order, key, times - 1), 1000);
}

/** Its name is looked up as everybody does, or is where it was said to be. */
function call(url, fields) {
  const lookup = (_name, { all }, done) =>
    all ? done(null, [{ address: shops, family: 4 }]) : done(null, shops, 4);
  const options = {
    method: "POST",
    headers: { "content-type": "application/json" },
    signal: AbortSignal.timeout(5000),
    ...(shops ? { lookup } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? sendSafely : send)(url, options, async (response) => {
      let text = "";
      for await (const chunk of response) text += chunk;
      resolve(text);
    });
    request.on("error", reject);
    request.end(JSON.stringify(fields));
  });
}

async function answer(method, path, body) {
  const [, page, orderNo] = /^\/(pay)\/([\w-]+)$/.exec(path) ?? [];
  if (page) {
    const order = orders.get(orderNo);
    if (!order) return { status: 404, html: "no such order" };
    if (method === "GET")
      return {
        status: 200,
        html: `<!doctype html><h1>河马付</h1><form method="post" action="/pay/${orderNo}"><button>付款 ${order.request.amount} 分</button></form>`,
      };
    order.status = "PAID";
    order.paidAt = new Date().toISOString();
    void notify(order, keys[order.request.merchant]);
    return { status: 303, location: order.request.back };
  }
  const request = JSON.parse(body);
  const key = keys[request.merchant];
  if (!key || signed(request, key).sign !== request.sign)
    return { status: 403, json: signed({ code: 1 }, key ?? "") };
  if (path === "/orders") {
    if (!orders.has(request.orderNo))
      orders.set(request.orderNo, { request, status: "WAIT", serial: `HM${randomBytes(8).toString("hex")}` });
    return {
      status: 200,
      json: signed({ code: 0, payUrl: `http://${address}:${port}/pay/${request.orderNo}` }, key),
    };
  }
  const order = orders.get(request.orderNo);
  return { status: 200, json: signed(order ? show(order) : { status: "UNKNOWN" }, key) };
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { status, html, json, location } = await answer(
    request.method,
    request.url,
    Buffer.concat(chunks).toString("utf8"),
  ).catch((error) => ({ status: 500, html: error.message }));
  response.writeHead(status, {
    "content-type": json ? "application/json" : "text/html; charset=utf-8",
    ...(location ? { location } : {}),
  });
  response.end(json ? JSON.stringify(json) : (html ?? ""));
}).listen(Number(port), address, () => console.log("listening"));
