import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { GatewayControl } from "./client";
import { startGateways, type Gateways, type GatewaysOptions } from "./server";

/** What a shop was called with. */
export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What a shop answers: a status and a body. */
export type ShopAnswer = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

/** For tests: gateways in this process, and a shop that takes down what it is called with. */
export interface TestBed {
  readonly url: string;
  readonly control: GatewayControl;
  readonly home: string;
  readonly calls: Call[];
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

  const start = (port: number) =>
    startGateways({
      home,
      port,
      controlToken,
      merchants: [],
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
  return {
    url,
    control: new GatewayControl(url, controlToken),
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
