import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { RateLimiter, Tokens } from "./access";
import { ApiError, refuse } from "./errors";
import type { Faults } from "./faults";
import type { Body } from "./record";
import type { Answer, Request } from "./routes";

const base = "/client/v4";
const largestBody = 8 * 1024 * 1024;

export interface ApiOptions {
  readonly tokens: Tokens;
  readonly limiter: RateLimiter;
  readonly faults: Faults;
  readonly route: (request: Request) => Promise<Answer>;
  /** Hears of failures that are the emulator's own; clients are answered with 500. */
  readonly onError: (error: Error) => void;
}

/** The HTTP side: envelope, authentication, rate limit, faults. */
export function createApi(options: ApiOptions): Server {
  const server = createServer((request, response) => {
    handle(request, response, options).catch((error: unknown) => {
      options.onError(error as Error);
      response.destroy();
    });
  });
  // Clients keep connections for later; one that closed sooner than they expect would cost them a request.
  server.keepAliveTimeout = 75_000;
  return server;
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: ApiOptions,
): Promise<void> {
  const method = incoming.method ?? "GET";
  const url = new URL(incoming.url ?? "/", "http://emulator.invalid");
  let drop = false;
  for (const effect of options.faults.hitting(method, url.pathname)) {
    if (effect.kind === "drop") drop = true;
    else if (effect.kind === "delay") await sleep(effect.milliseconds);
    else {
      const retry = effect.retryAfterSeconds;
      const known = effect.status === 429 ? refuse.tooManyRequests(retry ?? 1) : refuse.internal();
      return send(
        response,
        effect.status,
        { failure: known.problem },
        retry === undefined ? {} : { "retry-after": String(retry) },
      );
    }
  }

  let headers: Record<string, string> = {};
  try {
    const token = authenticate(incoming, url.pathname, options.tokens);
    headers = options.limiter.take(token.id);
    if (!url.pathname.startsWith(`${base}/`)) throw refuse.noRoute(url.pathname);
    const body = ["POST", "PUT", "PATCH"].includes(method) ? await readBody(incoming) : {};
    const path = url.pathname.slice(base.length).replace(/\/$/, "");
    const answer = await options.route({ method, path, query: url.searchParams, body, token });
    if (drop) return void response.destroy();
    send(response, 200, answer, headers);
  } catch (error) {
    if (drop) return void response.destroy();
    const refusal = error instanceof ApiError ? error : refuse.internal();
    if (refusal !== error) options.onError(error as Error);
    send(response, refusal.status, { failure: refusal.problem }, { ...headers, ...refusal.headers });
  }
}

function authenticate(incoming: IncomingMessage, path: string, tokens: Tokens) {
  try {
    return tokens.authenticate(incoming.headers.authorization);
  } catch (error) {
    // The one route that speaks of the token itself has a refusal of its own.
    const unknown = error instanceof ApiError && error.status === 403;
    throw unknown && path === `${base}/user/tokens/verify` ? refuse.unverifiedToken() : error;
  }
}

function send(
  response: ServerResponse,
  status: number,
  answer: Answer | { readonly failure: unknown },
  headers: Readonly<Record<string, string>>,
): void {
  const envelope =
    "failure" in answer
      ? { result: null, success: false, errors: [answer.failure], messages: [] }
      : { success: true, errors: [], messages: [], ...answer };
  const text = JSON.stringify(envelope);
  // Refused before it was read: what is left of the request cannot be told from the next one.
  const close = status === 413 ? { connection: "close" } : {};
  response.writeHead(status, {
    ...headers,
    ...close,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

async function readBody(incoming: IncomingMessage): Promise<Body> {
  const type = incoming.headers["content-type"];
  if (type !== undefined && !/^application\/json\b/i.test(type)) throw refuse.contentType();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw refuse.tooLarge();
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw refuse.body();
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw refuse.body();
  return body as Body;
}
