import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { setConfig } from "../../fleet/stack-settings";
import type { Lab } from "./lab";

/** What a proxy answers in place of the DNS API; undefined where the request goes on to it. */
export type Refusal = { readonly status: number; readonly body: object } | undefined;

/** A request as it came; `body` is what was sent as JSON. */
export interface DnsRequest {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly name?: string; readonly type?: string };
}

/** The DNS API of a lab's platform with a test in front of it, which may refuse single requests as Cloudflare would. */
export class DnsProxy {
  private constructor(
    private readonly server: http.Server,
    readonly requests: DnsRequest[],
  ) {}

  /** From the platform's next update on, and for all that reads its outputs after that. */
  static async before(lab: Lab, refuse: (request: DnsRequest) => Refusal): Promise<DnsProxy> {
    const { dns } = await lab.platform();
    const behind = new URL(dns.api!);
    const requests: DnsRequest[] = [];
    const server = http.createServer((asked, answer) => {
      const chunks: Buffer[] = [];
      asked.on("data", (chunk: Buffer) => chunks.push(chunk));
      asked.on("end", () => {
        const sent = Buffer.concat(chunks);
        const body = (sent.length === 0 ? {} : JSON.parse(sent.toString())) as DnsRequest["body"];
        const request = { method: asked.method ?? "", path: asked.url ?? "", body };
        requests.push(request);
        const refusal = refuse(request);
        if (refusal) {
          answer.writeHead(refusal.status, { "content-type": "application/json" });
          answer.end(JSON.stringify(refusal.body));
          return;
        }
        const options = { host: behind.hostname, port: behind.port, method: asked.method, path: asked.url };
        const on = http.request(
          { ...options, headers: { ...asked.headers, host: behind.host } },
          (response) => {
            answer.writeHead(response.statusCode ?? 502, response.headers);
            response.pipe(answer);
          },
        );
        on.on("error", (error) => answer.destroy(error));
        on.end(sent);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${behind.pathname}`;
    await setConfig(lab.workspace, "platform", "dnsApi", url, false);
    await lab.up("platform");
    return new DnsProxy(server, requests);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** As Cloudflare refuses a name that may not be used: by the form of its errors, with a code of its own. */
export const cloudflareError = (status: number, code: number, message: string): Refusal => ({
  status,
  body: { success: false, errors: [{ code, message }], messages: [], result: null },
});
