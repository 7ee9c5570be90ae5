import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isObject } from "../fields";
import { type ChannelConfig, ChannelError } from "./types";

const timeout = 5000;
const maxBytes = 65_536;

export interface Asking {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What to do where no answer comes. @default about the gateway's address */
  readonly advice?: string;
}

/** The part of an `Asking` that sends a form, already encoded. */
export const formBody = (body: string): Pick<Asking, "headers" | "body"> => ({
  headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
  body,
});

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/**
 * One request to a gateway: 5 s in all, 64 KiB, no redirect followed, certificate checked. By node:http, since the first use of
 * `fetch` costs a shop 25 MB of memory and this costs 5. The address can hold a key (epay v1), so no error shows more than its host.
 *
 * @throws ChannelError when no answer came
 */
export async function ask(
  channel: ChannelConfig,
  {
    method,
    url,
    headers,
    body,
    advice = "see that the gateway's address is right and reachable from the shop",
  }: Asking,
): Promise<GatewayAnswer> {
  const signal = AbortSignal.timeout(timeout);
  const { protocol, host } = new URL(url);
  try {
    return await new Promise<GatewayAnswer>((resolve, reject) => {
      const send = protocol === "https:" ? requestHttps : requestHttp;
      const options = {
        method,
        headers: { ...headers },
        signal,
        agent: false,
        rejectUnauthorized: true,
      } as const;
      const request = send(url, options, (response) => {
        read(response).then(resolve, reject);
      });
      request.on("error", reject);
      request.end(body);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const seen = signal.aborted ? `no answer within ${timeout / 1000} s` : (code ?? message);
    throw failure(channel, `${host}: ${seen}`, advice);
  }
}

async function read(response: IncomingMessage): Promise<GatewayAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

export const failure = (channel: ChannelConfig, seen: string, advice: string): ChannelError =>
  new ChannelError(`channel ${channel.id} (${channel.kind}): ${seen}; ${advice}`);

/** A gateway's own error code, fit for a message and a log; anything else it may say could hold anything. */
export const codeOf = (value: unknown): string => {
  const code = typeof value === "number" ? String(value) : value;
  return typeof code === "string" && /^[\w.-]{1,64}$/.test(code) ? code : "no code";
};

export type Json = Readonly<Record<string, unknown>>;

/** Undefined for what is not a JSON object in UTF-8. */
export function jsonOf(bytes: Buffer): Json | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return objectOf(value);
  } catch {
    return undefined;
  }
}

export const objectOf = (value: unknown): Json | undefined => (isObject(value) ? value : undefined);

/** A text that is there and not empty. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
