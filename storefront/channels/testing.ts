import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { ChannelConfig, NotifyRequest, PaymentRequest } from "./types";

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** PEM, and the bare base64 of consoles. */
  readonly publicPem: string;
  readonly privatePem: string;
  readonly publicBase64: string;
  readonly privateBase64: string;
}

export function newPair(bits = 2048): Pair {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const [spki, pkcs8] = [{ type: "spki" } as const, { type: "pkcs8" } as const];
  return {
    publicKey,
    privateKey,
    publicPem: publicKey.export({ ...spki, format: "pem" }).toString(),
    privatePem: privateKey.export({ ...pkcs8, format: "pem" }).toString(),
    publicBase64: publicKey.export({ ...spki, format: "der" }).toString("base64"),
    privateBase64: privateKey.export({ ...pkcs8, format: "der" }).toString("base64"),
  };
}

/** The gateway's side signs by another call of Node's than the shop's. */
export const signAs = (text: string | Buffer, { privateKey }: Pair, hash = "sha256"): string =>
  createSign(hash).update(text).sign(privateKey, "base64");

export const configOf = (
  kind: string,
  gateway: string,
  fields: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): ChannelConfig => ({
  id: "main",
  kind,
  title: "支付",
  enabled: true,
  sandbox: true,
  gateway,
  notifyUrl: "http://shop.test/pay/main/notify",
  returnUrl: "http://shop.test/pay/main/return",
  minimum: 1,
  maximum: 100_000,
  dailyCap: undefined,
  feeBasisPoints: 60,
  weight: 1,
  fields,
  secrets,
});

export const outTradeNo = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

export const payment: PaymentRequest = {
  outTradeNo,
  amountFen: 1234,
  subject: "Steam 充值卡 50 元",
  notifyUrl: "http://shop.test/pay/main/notify",
  returnUrl: "http://shop.test/pay/main/return",
  clientIp: "203.0.113.7",
  expiresAt: new Date("2026-11-23T01:30:00Z"),
};

export const get = (query: string): NotifyRequest => ({
  method: "GET",
  query: new URLSearchParams(query),
  headers: {},
  body: Buffer.alloc(0),
});

export const post = (body: string | Buffer, headers: Record<string, string> = {}): NotifyRequest => ({
  method: "POST",
  query: new URLSearchParams(),
  headers,
  body: Buffer.from(body as string),
});

export interface TestGateway {
  readonly url: string;
  close(): Promise<void>;
}

/** A real HTTP server on loopback. */
export async function listening(listener: RequestListener): Promise<TestGateway> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
