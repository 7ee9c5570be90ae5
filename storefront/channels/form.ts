import type { NotifyRequest } from "./types";

/** Fields of a notify by name, each there once. */
export type Form = ReadonlyMap<string, string>;

const maxBytes = 65_536;
const maxFields = 100;

/** The query of a GET, the form of a POST; undefined for what no gateway sends: a field twice, bytes that are not UTF-8, far too much. */
export function readForm({ method, query, body }: NotifyRequest): Form | undefined {
  if (method === "GET") return formOf(query);
  if (method !== "POST" || body.length > maxBytes) return undefined;
  try {
    return formOf(new URLSearchParams(new TextDecoder("utf-8", { fatal: true }).decode(body)));
  } catch {
    return undefined;
  }
}

function formOf(params: URLSearchParams): Form | undefined {
  const form = new Map(params);
  // Percent-encoded bytes that are not UTF-8 arrive as U+FFFD, and what was signed is lost.
  const whole = form.size === params.size && form.size > 0 && form.size <= maxFields;
  return whole && ![...form].some((pair) => pair.join("").includes("\ufffd")) ? form : undefined;
}

/** `a=1&b=2`, by name in byte order, values as they are: what Alipay and epay sign. */
export const signText = (fields: Iterable<readonly [string, string]>, without: readonly string[]): string =>
  [...fields]
    .filter(([name]) => !without.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
