import type { Zone } from "../config/platform";

export interface LiveRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly comment: string | null;
}

interface Page {
  readonly success: boolean;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
  readonly result: readonly LiveRecord[] | null;
  readonly result_info?: { readonly total_pages?: number };
}

/** All records of a zone: one request for every 5,000. */
export async function liveRecords(zone: Zone): Promise<readonly LiveRecord[]> {
  const base = zone.api ?? "https://api.cloudflare.com/client/v4";
  const records: LiveRecord[] = [];
  for (let page = 1, pages = 1; page <= pages; page++) {
    const url = `${base}/zones/${zone.id}/dns_records?per_page=5000&page=${page}`;
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${zone.token}` },
      signal: AbortSignal.timeout(15_000),
    });
    const body = (await response.json()) as Page;
    if (!response.ok || !body.success) {
      const said = body.errors.map((e) => `${e.code} ${e.message}`).join("; ");
      throw new Error(`DNS zone ${zone.name}: listing its records was answered ${response.status}: ${said}`);
    }
    records.push(...(body.result ?? []));
    pages = body.result_info?.total_pages ?? 1;
  }
  return records;
}
