import { parseMark } from "../../config/names";
import type { Zone } from "../../config/platform";
import { liveRecords, tokenStatus, type FullRecord, type TokenStatus } from "../../inventory/dns";
import type { Facts, RecordFact } from "../../policies/rules/facts";
import { zoneTokenFact } from "../../policies/rules/token";
import type { Looks } from "./looks";
import { hostFact } from "./host-facts";

/** What the DNS zone shows: all of its records, and whether the token that edits it is good. */
export async function lookAtZone(zone: Zone, looks: Looks): Promise<Pick<Facts, "record" | "host">> {
  const remedy = () => "Is the API reachable from here, and is the platform's dnsToken still good?";
  const [records, token] = await Promise.all([
    looks.at(`the DNS zone ${zone.name}`, ["record"], liveRecords(zone), remedy),
    looks.at(`the token of the DNS zone ${zone.name}`, [], tokenStatus(zone), remedy),
  ]);
  return {
    record: (records ?? []).map(recordFact),
    host: token ? [hostFact(zoneTokenFact, tokenText(token, Date.now()))] : [],
  };
}

/** @param now milliseconds since 1970 */
export function tokenText({ status, expires_on }: TokenStatus, now: number): string {
  if (status !== "active" || expires_on === undefined) return status;
  return `active for ${Math.max(0, Math.floor((Date.parse(expires_on) - now) / 86_400_000))} days`;
}

const recordFact = ({ name, type, content, proxied, ttl, comment }: FullRecord): RecordFact => ({
  name,
  owner: parseMark(comment),
  unknown: [],
  type,
  content,
  proxied,
  ttl,
  comment: comment ?? undefined,
});
