import { createPublicKey, randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { GatewayControl } from "./client";
import { newPrivateKey, newSecret, registrationOf } from "./merchants";
import { startGateways, type Gateways, type GatewaysOptions } from "./server";
import type { Kind } from "./types";

/** What a shop was called with. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What a shop answers: a status and a body. */
export type ShopAnswer = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

/** What a merchant knows: what its channel is configured with, by the fields' names. */
export interface Material {
  readonly kind: Kind;
  /** appId, mchid or pid: the gateway's name for it. */
  readonly merchant: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What a new merchant can be: epay has one kind for each version of its interface. */
export type MerchantType = "alipay" | "wechatPay" | "epayV1" | "epayV2";

/** For tests: gateways in this process, and a shop that takes down what it is called with. */
export interface TestBed {
  readonly url: string;
  readonly control: GatewayControl;
  readonly home: string;
  readonly calls: Call[];
  /** Registers a merchant with keys of its own. */
  newMerchant(type: MerchantType): Promise<Material>;
  /** Below the shop's own: "http://127.0.0.1:41234/pay/x/notify". */
  notifyUrl(channel: string): string;
  /** What the shop says from now on. */
  reply(answer: (call: Call) => ShopAnswer): void;
  /** Ends the gateways and starts them anew in the same folder. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

const controlToken = "a-token-for-tests-0123456789-0123456789-0123";

export async function testBed(options: Partial<GatewaysOptions> = {}): Promise<TestBed> {
  const home = await mkdtemp(path.join(tmpdir(), "substation-gateways-"));
  const calls: Call[] = [];
  let answer: (call: Call) => ShopAnswer = () => [200, "success"];
  const shop = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const call = { method, url, headers, body: Buffer.concat(chunks).toString() };
      calls.push(call);
      const [status, body, more] = answer(call);
      response.writeHead(status, more).end(body);
    });
  });
  shop.listen(0, "127.0.0.1");
  await once(shop, "listening");
  const shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;

  const platformPrivateKey = newPrivateKey();
  const start = (port: number) =>
    startGateways({
      home,
      port,
      controlToken,
      platformPrivateKey,
      reach: { edgeSubnet: "10.87.0.0/20" },
      speed: 10_000,
      // A failure of the gateways' own is a failure of the test that met it.
      onError: (error) => {
        throw error;
      },
      ...options,
    });
  let gateways: Gateways = await start(0);
  const url = `http://127.0.0.1:${gateways.port}`;
  const control = new GatewayControl(url, controlToken);
  const publicKey = createPublicKey(platformPrivateKey).export({ type: "spki", format: "pem" }).toString();
  return {
    url,
    control,
    newMerchant: async (type) => {
      const material = newMaterial(type, publicKey);
      await control.register(registrationOf(material.kind, material.fields, material.secrets));
      return material;
    },
    home,
    calls,
    notifyUrl: (channel) => `${shopUrl}/pay/${channel}/notify`,
    reply: (next) => (answer = next),
    restart: async () => {
      await gateways.close();
      gateways = await start(gateways.port);
    },
    end: async () => {
      await gateways.close();
      const closed = once(shop, "close");
      shop.close();
      shop.closeAllConnections();
      await closed;
      await rm(home, { recursive: true });
    },
  };
}

function newMaterial(type: MerchantType, platformPublicKey: string): Material {
  const own = { privateKey: newSecret({ type: "privateKey" }) };
  const shared = newSecret({ type: "text" });
  switch (type) {
    case "alipay": {
      const appId = `2021${digits(12)}`;
      const fields = { appId, alipayPublicKey: platformPublicKey };
      return { kind: "alipay", merchant: appId, fields, secrets: own };
    }
    case "wechatPay": {
      const merchantId = `16${digits(8)}`;
      const fields = {
        appId: `wx${randomBytes(8).toString("hex")}`,
        merchantId,
        certificateSerial: randomBytes(20).toString("hex").toUpperCase(),
        platformPublicKeyId: `PUB_KEY_ID_0${merchantId}${digits(21)}`,
        platformPublicKey,
      };
      return { kind: "wechatPay", merchant: merchantId, fields, secrets: { ...own, apiV3Key: shared } };
    }
    case "epayV1":
    case "epayV2": {
      const merchantId = digits(8);
      const common = { merchantId, type: "alipay" };
      return {
        kind: "epay",
        merchant: merchantId,
        fields:
          type === "epayV1" ? { ...common, version: "v1" } : { ...common, version: "v2", platformPublicKey },
        secrets: type === "epayV1" ? { key: shared } : own,
      };
    }
  }
}

/** Random digits, the first of them not 0. */
const digits = (count: number): string =>
  Array.from({ length: count }, (_, at) => randomInt(at === 0 ? 1 : 0, 10)).join("");
