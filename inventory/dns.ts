import { setTimeout as sleep } from "node:timers/promises";
import { backoff } from "../config/backoff";
import type { Zone } from "../config/platform";

export interface LiveRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly comment: string | null;
}

/** With what only an audit asks for. */
export interface FullRecord extends LiveRecord {
  readonly proxied: boolean;
  /** Seconds; 1 is "automatic". */
  readonly ttl: number;
}

interface Answer<T> {
  readonly success: boolean;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
  readonly result: T | null;
  readonly result_info?: { readonly total_pages?: number };
}

/** All records of a zone: one request for every 5,000. */
export async function liveRecords(zone: Zone): Promise<readonly FullRecord[]> {
  const records: FullRecord[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const path = `/zones/${zone.id}/dns_records?per_page=5000&page=${page}`;
    const { result, result_info } = await ask<readonly FullRecord[]>(zone, path, "listing its records");
    records.push(...(result ?? []));
    pages = result_info?.total_pages ?? 1;
  }
  return records;
}

/** How many records a zone has, and how many it may have; no quota where the API does not say. */
export async function zoneUsage(zone: Zone): Promise<{ records: number; quota: number | undefined }> {
  const { result } = await ask<{ record_quota: number | null; record_usage: number }>(
    zone,
    `/zones/${zone.id}/dns_records/usage`,
    "asking for its quota",
  );
  return { records: result?.record_usage ?? 0, quota: result?.record_quota ?? undefined };
}

export interface TokenStatus {
  /** "active", "disabled", "expired" */
  readonly status: string;
  /** ISO 8601; absent where it never expires. */
  readonly expires_on?: string;
}

/** What the API says of the token that the zone is edited with. */
export async function tokenStatus(zone: Zone): Promise<TokenStatus> {
  const { result } = await ask<TokenStatus>(zone, "/user/tokens/verify", "verifying its token");
  return result ?? { status: "unknown" };
}

export async function deleteRecord(zone: Zone, id: string): Promise<void> {
  await ask(zone, `/zones/${zone.id}/dns_records/${id}`, `deleting its record ${id}`, "DELETE");
}

/** Milliseconds; seconds or an HTTP date are written there (RFC 9110, 10.2.3). */
export function retryAfter(written: string | null, now = Date.now()): number {
  if (written === null) return 0;
  const wait = /^\d+$/.test(written.trim()) ? Number(written) * 1000 : Date.parse(written) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/** Milliseconds: an API that refuses for longer is told, and not waited for. */
const patience = 60_000;

async function ask<T>(zone: Zone, path: string, what: string, method = "GET"): Promise<Answer<T>> {
  const end = performance.now() + patience;
  let response: Response;
  for (let tries = 1; ; tries++) {
    response = await fetch(`${zone.api ?? "https://api.cloudflare.com/client/v4"}${path}`, {
      method,
      headers: { authorization: `Bearer ${zone.token}` },
      signal: AbortSignal.timeout(15_000),
    });
    if (response.status !== 429 && response.status < 500) break;
    const wait = Math.max(retryAfter(response.headers.get("retry-after")), backoff(tries));
    if (performance.now() + wait > end) break;
    await response.body?.cancel();
    await sleep(wait);
  }
  const body = (await response.json()) as Answer<T>;
  if (!response.ok || !body.success) {
    const said = body.errors.map((e) => `${e.code} ${e.message}`).join("; ");
    throw new Error(`DNS zone ${zone.name}: ${what} was answered ${response.status}: ${said}`);
  }
  return body;
}
