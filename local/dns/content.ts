import { isIPv4, isIPv6 } from "node:net";
import { refuse } from "./errors";
import { hostName } from "./names";
import type { DnsRecord, RecordType } from "./types";

type Data = NonNullable<DnsRecord["data"]>;

/** What a request says of a record's content; each type uses what it needs. */
export interface ContentInput {
  readonly content?: unknown;
  readonly priority?: unknown;
  readonly data?: unknown;
}

export interface Content {
  readonly content: string;
  readonly priority?: number;
  readonly data?: Data;
}

/** Octets that the content of a record may take on the wire. */
const longest = 4096;

/** Brings the content of a record into the form in which the API shows it, or throws the API's refusal. */
export function normalizeContent(type: RecordType, input: ContentInput): Content {
  if (type === "SRV") return srv(input);
  if (type === "CAA") return caa(input);
  if (input.content === undefined) throw refuse.required("content");
  if (typeof input.content !== "string") throw refuse.body("content must be a string");
  const text = input.content;
  const host = () => hostName(text) ?? fail(type);
  switch (type) {
    case "A":
      return { content: isIPv4(text) ? text : fail(type) };
    case "AAAA":
      // The URL parser gives an address its canonical form (RFC 5952).
      return {
        content:
          isIPv6(text) && !text.includes("%")
            ? new URL(`http://[${text}]`).hostname.slice(1, -1)
            : fail(type),
      };
    case "TXT":
      if (text === "") fail(type);
      if (characterStrings(text).reduce((sum, part) => sum + part.length + 1, 0) > longest)
        throw refuse.contentLength();
      return { content: text };
    case "MX":
      return { content: text === "." ? text : host(), priority: number("priority", input.priority, 65535) };
    case "CNAME":
    case "NS":
    case "PTR":
      return { content: host() };
  }
}

/** The character strings of a TXT record: each quoted part is one, and text without quotes is cut every 255 octets. */
export function characterStrings(content: string): Buffer[] {
  const quoted = /^\s*"(?:[^"\\]|\\.)*"(?:\s+"(?:[^"\\]|\\.)*")*\s*$/s.test(content);
  const parts = quoted
    ? [...content.matchAll(/"((?:[^"\\]|\\.)*)"/gs)].map((m) => unescape(m[1] ?? ""))
    : [Buffer.from(content)];
  return parts.flatMap((part) => {
    const pieces = [];
    for (let at = 0; at < part.length; at += 255) pieces.push(part.subarray(at, at + 255));
    return pieces.length ? pieces : [part];
  });
}

/** `\"`, `\\` and `\065` of the master file format (RFC 1035, 5.1). */
function unescape(text: string): Buffer {
  const bytes: Buffer[] = [];
  for (const [all, decimal, character] of text.matchAll(/\\(\d{3})|\\(.)|[^\\]+/gs))
    bytes.push(decimal !== undefined ? Buffer.from([Number(decimal) & 255]) : Buffer.from(character ?? all));
  return Buffer.concat(bytes);
}

/** Whether Cloudflare would let the record be proxied: addresses that its network cannot reach are refused. */
export function isProxiable(type: RecordType, content: string): boolean {
  if (type === "CNAME") return true;
  if (type === "A") return !unreachableV4.test(content);
  return type === "AAAA" && !unreachableV6.test(content);
}
const unreachableV4 =
  /^(0|10|127|22[4-9]|23\d|24\d|25[0-5])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^192\.168\./;
const unreachableV6 = /^(::1?$|f[cd]|fe[89ab]|ff|::ffff:)/;

function srv(input: ContentInput): Content {
  const d = object(input.data);
  const priority = number("data.priority", d["priority"] ?? input.priority, 65535);
  const weight = number("data.weight", d["weight"], 65535);
  const port = number("data.port", d["port"], 65535);
  const target =
    d["target"] === "." ? "." : typeof d["target"] === "string" ? hostName(d["target"]) : undefined;
  if (!target) return fail("SRV");
  return { content: `${weight} ${port} ${target}`, priority, data: { port, priority, target, weight } };
}

function caa(input: ContentInput): Content {
  const written =
    typeof input.content === "string" ? /^(\d{1,3}) ([A-Za-z0-9]+) "([^"\\]*)"$/.exec(input.content) : null;
  const d = written ? { flags: Number(written[1]), tag: written[2], value: written[3] } : object(input.data);
  const flags = number("data.flags", d.flags, 255);
  const { tag, value } = d;
  if (typeof tag !== "string" || !/^[a-z0-9]{1,15}$/i.test(tag)) return fail("CAA");
  if (typeof value !== "string" || !/^[\x20-\x7e]{0,1024}$/.test(value)) return fail("CAA");
  return { content: `${flags} ${tag} "${value}"`, data: { flags, tag, value } };
}

function object(value: unknown): Record<string, unknown> {
  if (value === undefined) throw refuse.required("data");
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refuse.body("data must be an object");
  return value as Record<string, unknown>;
}

function number(field: string, value: unknown, most: number): number {
  if (value === undefined) throw refuse.required(field);
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > most)
    throw refuse.body(`${field} must be a whole number from 0 to ${most}`);
  return value;
}

function fail(type: RecordType): never {
  throw refuse.content(type);
}
