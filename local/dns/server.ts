import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket as Connection } from "node:net";
import { answer } from "./message";
import type { Zone } from "./zone";

export interface DnsServerOptions {
  readonly host: string;
  /** 0: any that is free for both UDP and TCP. */
  readonly port: number;
  readonly zones: () => readonly Zone[];
  readonly onError: (error: Error) => void;
  /** Milliseconds after which a silent TCP connection is closed. @default 10000 */
  readonly idle?: number;
}

export interface DnsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Connections at once: more than any client on one machine opens, few enough to cost nothing. */
const mostConnections = 256;
const attempts = 20;

/** Serves DNS over UDP and TCP on one port. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  for (let attempt = 1; ; attempt++) {
    const tcp = await listen(options);
    const { port } = tcp.address() as AddressInfo;
    try {
      const udp = await bind(options, port);
      return { port, close: () => close(tcp, udp) };
    } catch (error) {
      await close(tcp);
      // The port that TCP was given may be taken in UDP: ask for another, unless this one was asked for.
      if (options.port !== 0 || attempt === attempts) throw error;
    }
  }
}

const connections = new WeakMap<Server, Set<Connection>>();

async function listen(options: DnsServerOptions): Promise<Server> {
  const open = new Set<Connection>();
  const server = createServer((connection) => {
    open.add(connection);
    connection.on("close", () => open.delete(connection));
    serve(connection, options);
  });
  server.maxConnections = mostConnections;
  connections.set(server, open);
  server.listen(options.port, options.host);
  await once(server, "listening");
  server.on("error", options.onError);
  return server;
}

async function bind(options: DnsServerOptions, port: number): Promise<Socket> {
  const socket = createSocket(options.host.includes(":") ? "udp6" : "udp4");
  try {
    socket.bind(port, options.host);
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on("error", options.onError);
  socket.on("message", (message, client) => {
    const reply = safely(message, "udp", options);
    // A client that has gone in the meantime is no error of ours.
    if (reply) socket.send(reply, client.port, client.address, () => undefined);
  });
  return socket;
}

/** RFC 7766: messages behind their length, any number of them, a connection kept open for the next. */
function serve(connection: Connection, options: DnsServerOptions): void {
  let pending: Buffer = Buffer.alloc(0);
  connection.setTimeout(options.idle ?? 10_000, () => connection.destroy());
  connection.on("error", () => connection.destroy()); // a client that breaks off
  connection.on("data", (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const replies: Buffer[] = [];
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = safely(pending.subarray(2, end), "tcp", options);
      if (!reply) return void connection.destroy(); // what is no query over TCP never becomes one
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      replies.push(length, reply);
      pending = pending.subarray(end);
    }
    if (replies.length > 0 && !connection.write(Buffer.concat(replies))) {
      connection.pause();
      connection.once("drain", () => connection.resume());
    }
  });
}

/** No message, whatever it holds, may end the server. */
function safely(message: Buffer, transport: "udp" | "tcp", options: DnsServerOptions): Buffer | undefined {
  try {
    return answer(message, options.zones(), transport);
  } catch (error) {
    options.onError(error as Error);
    return undefined;
  }
}

async function close(tcp: Server, udp?: Socket): Promise<void> {
  const closed = [once(tcp, "close"), ...(udp ? [once(udp, "close")] : [])];
  tcp.close();
  udp?.close();
  for (const connection of connections.get(tcp) ?? []) connection.destroy();
  await Promise.all(closed);
}
