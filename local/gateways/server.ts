import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { control } from "./control";
import { House, protocols, type HouseOptions } from "./house";
import { cashierPage, errorPage, scanPage } from "./pages";
import { cashierPath, json, seeOther, type Protocol, type Reply } from "./protocol";
import { kinds, type Incoming, type Kind, type Order, type Outgoing } from "./types";
import { codeUrl } from "./wechat-pay";

export interface GatewaysOptions extends HouseOptions {
  /** Address beside 127.0.0.1 at which containers reach the gateways; without the control interface. @default none */
  readonly address?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly controlToken: string;
}

export interface Gateways {
  readonly port: number;
  /** Ends once the callbacks under way have come back. */
  close(): Promise<void>;
}

const mostBody = 65_536;

/** Starts the sandbox gateways in this process. */
export async function startGateways(options: GatewaysOptions): Promise<Gateways> {
  const house = new House(options);
  const servers: http.Server[] = [];
  const close = async () => {
    await Promise.all(servers.map(closeServer));
    await house.close();
  };
  try {
    let { port } = options;
    // The control interface last: who asks there whether the gateways are ready is told so when all of them are.
    for (const [host, controlToken] of [
      [options.address, undefined],
      ["127.0.0.1", options.controlToken],
    ]) {
      if (host === undefined) continue;
      const server = await listen(host, port, (request) => answer(request, house, controlToken));
      servers.push(server);
      ({ port } = server.address() as AddressInfo);
    }
    house.resume();
    return { port, close };
  } catch (error) {
    await close();
    throw error;
  }

  async function listen(
    host: string,
    port: number,
    respond: (request: Incoming) => Promise<Outgoing>,
  ): Promise<http.Server> {
    const server = http.createServer((request, response) => {
      serve(request, response, respond).catch((error: unknown) => {
        response.writeHead(500).end();
        options.onError(error as Error);
      });
    });
    server.maxConnections = 256;
    server.requestTimeout = 10_000;
    server.listen(port, host);
    await once(server, "listening");
    server.on("error", options.onError);
    return server;
  }
}

/** @param controlToken absent where the control interface is not to be had */
async function answer(request: Incoming, house: House, controlToken: string | undefined): Promise<Outgoing> {
  const [, room = "", path = ""] = /^\/([^/]*)(.*)$/.exec(request.path) ?? [];
  if (room === "control" && controlToken !== undefined)
    return await control({ ...request, path }, house, controlToken);
  const kind = kinds.find((one) => one === room);
  if (kind === undefined) return room === "" ? json({ gateways: kinds }) : notFound;
  if (path.startsWith("/cashier/"))
    return cashier(kind, path.slice("/cashier/".length), request.method, house);
  if (kind === "wechatPay" && path === "/scan") return scan(request, house);
  return await misbehaved(kind, await ask(kind, { ...request, path }, house), house);
}

const ask = <K extends Kind>(kind: K, request: Incoming, house: House): Promise<Reply> => {
  const protocol: Protocol<K> = protocols[kind];
  return protocol.answer(request, house.counter(kind));
};

/** Slow, or broken: after all has been done that was asked for, as it is worst for the shop. */
async function misbehaved(kind: Kind, { about, ...reply }: Reply, house: House): Promise<Outgoing> {
  const how = about ? house.behaviourOf({ kind, ...about }) : {};
  // An answer that is still to come keeps nobody from ending.
  if (how.answerDelaySeconds) await sleep(how.answerDelaySeconds * 1000, undefined, { ref: false });
  return how.answerStatus === undefined ? reply : { status: how.answerStatus, headers: {}, body: "" };
}

/** The payer's page: shows the order, and takes the "money" on POST. */
function cashier(kind: Kind, token: string, method: string, house: House): Outgoing {
  const order = house.orders.byToken(kind, token);
  if (!order || !["GET", "POST"].includes(method)) return notFound;
  if (method === "GET") return cashierPage(order, Date.now());
  const paid = house.pay(order);
  if (paid === "expired") return errorPage("收银台", "订单已关闭", 409);
  // Pressed twice is paid once, and leads to the same place.
  return seeOther(returnUrl(kind, typeof paid === "string" ? order : paid, house) ?? cashierPath(order));
}

function returnUrl<K extends Kind>(kind: K, order: Order, house: House): string | undefined {
  const protocol: Protocol<K> = protocols[kind];
  return protocol.returnUrl(order, house.merchant(kind, order.merchant)!, Date.now());
}

function scan({ query }: Incoming, house: House): Outgoing {
  const scanned = query.get("code_url");
  if (scanned === null) return scanPage();
  const order = house.orders.all().find((one) => one.kind === "wechatPay" && codeUrl(one) === scanned);
  return order ? seeOther(cashierPath(order)) : errorPage("微信支付", "二维码无效", 404);
}

const notFound: Outgoing = { status: 404, headers: { "content-type": "text/plain" }, body: "not found\n" };

async function serve(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  respond: (request: Incoming) => Promise<Outgoing>,
): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBody) return void response.writeHead(413, { connection: "close" }).end();
    chunks.push(chunk);
  }
  const { method = "", url: target = "/", headers, socket } = request;
  const origin = originOf(socket);
  const url = URL.parse(target, origin);
  if (!url) return void response.writeHead(400).end();
  const incoming: Incoming = {
    method,
    target,
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
    ),
    body: Buffer.concat(chunks).toString("utf8"),
    origin,
  };
  const outgoing = await respond(incoming);
  response.writeHead(outgoing.status, outgoing.headers).end(outgoing.body);
}

const originOf = ({ localAddress = "127.0.0.1", localPort = 80 }: Socket): string =>
  `http://${localAddress}:${localPort}`;

async function closeServer(server: http.Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
