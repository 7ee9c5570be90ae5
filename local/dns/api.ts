import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { RateLimiter, Tokens } from "./access";
import { ApiError, refuse } from "./errors";
import type { Control } from "./control";
import type { Fault, Faults } from "./faults";
import type { Body } from "./record";
import type { Answer, Request } from "./routes";

const base = "/client/v4";
const largestBody = 8 * 1024 * 1024;

export interface ApiOptions {
  readonly tokens: Tokens;
  readonly limiter: RateLimiter;
  readonly faults: Faults;
  readonly control: Control;
  readonly route: (request: Request) => Promise<Answer>;
  /** Hears of failures that are the emulator's own; clients are answered with 500. */
  readonly onError: (error: Error) => void;
}

type Refusal = Extract<Fault["effect"], { readonly kind: "status" }>;

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
  if (url.pathname === "/faults" || url.pathname === "/requests")
    return await ordered(incoming, response, method, url.pathname, options);
  options.control.saw(method, url.pathname);
  /** @param wrong what is told where the status says that the request is */
  const refuseAs = ({ status, retryAfterSeconds: retry }: Refusal, wrong = refuse.internal()): void => {
    const known =
      status === 429 ? refuse.tooManyRequests(retry ?? 1) : status < 500 ? wrong : refuse.internal();
    const headers: Record<string, string> = retry === undefined ? {} : { "retry-after": String(retry) };
    send(response, status, { failure: known.problem }, headers);
  };
  let drop = false;
  for (const effect of options.faults.hitting(method, url.pathname)) {
    if (effect.kind === "drop") drop = true;
    else if (effect.kind === "delay") await sleep(effect.milliseconds);
    else return refuseAs(effect);
  }

  let headers: Record<string, string> = {};
  try {
    const token = authenticate(incoming, url.pathname, options.tokens);
    headers = options.limiter.take(token.id);
    if (!url.pathname.startsWith(`${base}/`)) throw refuse.noRoute(url.pathname);
    const body = ["POST", "PUT", "PATCH"].includes(method) ? await readBody(incoming) : {};
    const named =
      typeof body["name"] === "string" ? options.faults.hitting(method, url.pathname, body["name"]) : [];
    for (const effect of named) if (effect.kind === "status") return refuseAs(effect, refuse.name());
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

/** What tests ask of the emulator itself. */
async function ordered(
  incoming: IncomingMessage,
  response: ServerResponse,
  method: string,
  path: string,
  { tokens, control }: ApiOptions,
): Promise<void> {
  try {
    if (tokens.authenticate(incoming.headers.authorization).access !== "edit") throw refuse.unknownToken();
    if (path === "/requests" && method === "GET") return send(response, 200, { result: control.seen });
    if (path !== "/faults" || method !== "PUT") throw refuse.noRoute(path);
    control.order(await readJson(incoming));
    send(response, 200, { result: null });
  } catch (error) {
    if (error instanceof ApiError) return send(response, error.status, { failure: error.problem });
    send(response, 400, { failure: { code: 1000, message: (error as Error).message } });
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
  headers: Readonly<Record<string, string>> = {},
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
  const body = await readJson(incoming);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw refuse.body();
  return body as Body;
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const type = incoming.headers["content-type"];
  if (type !== undefined && !/^application\/json\b/i.test(type)) throw refuse.contentType();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw refuse.tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw refuse.body();
  }
}
