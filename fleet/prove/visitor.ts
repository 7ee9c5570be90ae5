import * as http from "node:http";
import * as https from "node:https";
import { filled, forms } from "./markup";

/** Milliseconds for one answer, and characters that are read of it. */
const patience = 10_000;
const mostRead = 1_000_000;
const mostRedirects = 8;

export interface Page {
  /** Without what a redirect left behind. */
  readonly url: URL;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Where a host is reached, whatever DNS says of it now: so the address that was proved is the one that is used. */
export interface Route {
  readonly host: string;
  readonly address: string;
}

/** A buyer without a browser: keeps cookies, and follows redirects and forms where it is told to. */
export class Visitor {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** @param route of the shop; every other host goes by the system's own resolver */
  constructor(private readonly route: Route) {}

  /** One request; a redirect is an answer like any other. @throws Error that says what came in place of an answer */
  async ask(method: string, url: URL, form?: URLSearchParams): Promise<Page> {
    const { host } = this.route;
    const jar = this.#cookies.get(url.host) ?? new Map<string, string>();
    const body = form?.toString();
    const options: https.RequestOptions = {
      method,
      host: url.hostname === host ? this.route.address : url.hostname,
      port: url.port,
      path: url.pathname + url.search,
      agent: false,
      signal: AbortSignal.timeout(patience),
      headers: {
        host: url.host,
        "user-agent": "substation-prove",
        ...(jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") } : {}),
        ...(body === undefined
          ? {}
          : {
              "content-type": "application/x-www-form-urlencoded",
              "content-length": Buffer.byteLength(body),
            }),
      },
      ...(url.protocol === "https:" ? { servername: url.hostname } : {}),
    };
    const page = await send(url, options, body);
    for (const cookie of page.headers["set-cookie"] ?? []) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined && value !== undefined) jar.set(name, value);
    }
    this.#cookies.set(url.host, jar);
    return page;
  }

  get(url: URL): Promise<Page> {
    return this.ask("GET", url);
  }

  /** Follows redirects from an answer, each by GET, as browsers do. @param through hears of each address before it is visited */
  async follow(page: Page, through: (url: URL) => void = () => undefined): Promise<Page> {
    let at = page;
    for (let hops = 0; at.headers.location !== undefined && at.status >= 300 && at.status < 400; hops++) {
      if (hops === mostRedirects) throw new Error(`${page.url.host} redirects without end`);
      const next = new URL(at.headers.location, at.url);
      through(next);
      at = await this.get(next);
    }
    return at;
  }

  /** Sends the page's first form by POST, as pressing its button does; undefined where it has none. The answer may be a redirect. */
  async press(page: Page): Promise<Page | undefined> {
    const form = forms(page.body).find(({ method }) => method === "post");
    if (!form) return undefined;
    return await this.ask("POST", new URL(form.action, page.url), filled(form));
  }
}

function send(url: URL, options: https.RequestOptions, body: string | undefined): Promise<Page> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.length > mostRead)
          request.destroy(new Error(`its answer has more than ${mostRead} characters`));
      });
      response.on("end", () =>
        resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
      response.on("error", fail);
    });
    const fail = (error: Error) =>
      reject(new Error(`${url.host} gives no answer: ${why(error)}`, { cause: error }));
    request.on("error", fail);
    request.end(body);
  });
}

function why(error: Error): string {
  if (error.name === "AbortError" || error.name === "TimeoutError")
    return `nothing within ${patience / 1000} s`;
  const { errors } = error as Partial<AggregateError>; // of a name with several addresses
  return error.message || (errors ?? []).map((one: unknown) => (one as Error).message).join("; ");
}
