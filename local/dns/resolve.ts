import { characterStrings } from "./content";
import { nameServers } from "./routes";
import type { DnsRecord } from "./types";
import { parent, type Zone } from "./zone";

/** A resource record of an answer. `data` is what dns-packet encodes for `type`. */
export interface ResourceRecord {
  /** Undefined: the name that was asked for, as it was asked. */
  readonly name: string | undefined;
  readonly type: DnsRecord["type"] | "SOA" | "HINFO";
  /** Seconds. */
  readonly ttl: number;
  readonly data: unknown;
}

export interface Resolution {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "REFUSED";
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Seconds that "automatic" means for a record that is not proxied (developers.cloudflare.com, "Time to live"). */
const automaticTtl = 300;
/** Seconds for which "there is none" may be remembered: short, since a shop that opens must be found at once. */
const negativeTtl = 60;
const longestChain = 16;

/** Answers a question about `name` (lower case, without a dot at the end) from the zones. */
export function resolve(zones: readonly Zone[], name: string, type: string): Resolution {
  const answers: ResourceRecord[] = [];
  const seen = new Set<string>();
  let at = name;
  for (;;) {
    const zone = enclosing(zones, at);
    if (!zone)
      return {
        ...nothing,
        rcode: answers.length ? "NOERROR" : "REFUSED",
        authoritative: answers.length > 0,
        answers,
      };
    const owner = answers.length === 0 ? undefined : at;
    seen.add(at);

    const cut = delegation(zone, at);
    if (cut) return { ...referral(zone, cut), authoritative: answers.length > 0, answers };
    const found = lookUp(zone, at);
    if (!found)
      return {
        ...nothing,
        rcode: "NXDOMAIN",
        answers,
        authorities: [soa(zone, zone.info.name, negativeTtl)],
      };
    const set = recordsOf(zone, at, found, owner, type);
    answers.push(...set);
    if (set.length > 0) return { ...nothing, answers };

    const alias = found.find((r) => r.type === "CNAME");
    const apexOnly = at === zone.info.name && (type === "SOA" || type === "NS");
    if (!alias || apexOnly)
      return { ...nothing, answers, authorities: [soa(zone, zone.info.name, negativeTtl)] };
    answers.push({ name: owner, type: "CNAME", ttl: ttlOf([alias]), data: alias.content });
    at = alias.content;
    if (seen.has(at) || seen.size >= longestChain) return { ...nothing, answers };
  }
}

const nothing: Resolution = {
  rcode: "NOERROR",
  authoritative: true,
  answers: [],
  authorities: [],
  additionals: [],
};

/** The zone with the longest name that the name is in. */
function enclosing(zones: readonly Zone[], name: string): Zone | undefined {
  return zones
    .filter((z) => name === z.info.name || name.endsWith(`.${z.info.name}`))
    .reduce<Zone | undefined>(
      (best, z) => (best && best.info.name.length > z.info.name.length ? best : z),
      undefined,
    );
}

/** The highest name above or at `name`, below the zone itself, that NS records hand to other servers. */
function delegation(zone: Zone, name: string): string | undefined {
  let cut: string | undefined;
  for (let at = name; at !== zone.info.name; at = parent(at))
    if (zone.at(at)?.some((r) => r.type === "NS")) cut = at;
  return cut;
}

function referral(zone: Zone, cut: string): Resolution {
  const servers = (zone.at(cut) ?? []).filter((r) => r.type === "NS");
  const glue = servers.flatMap((s) =>
    (zone.at(s.content) ?? []).filter((r) => r.type === "A" || r.type === "AAAA"),
  );
  return {
    ...nothing,
    authoritative: false,
    authorities: servers.map((r) => ({ name: cut, type: "NS", ttl: ttlOf(servers), data: r.content })),
    additionals: glue.map((r) => ({ name: r.name, type: r.type, ttl: ttlOf([r]), data: r.content })),
  };
}

/** The records of a name, or of the wildcard that stands for it (RFC 4592); undefined where the name does not exist. */
function lookUp(zone: Zone, name: string): readonly DnsRecord[] | undefined {
  const own = zone.at(name);
  if (own) return own;
  let encloser = parent(name);
  while (zone.at(encloser) === undefined) encloser = parent(encloser);
  return zone.at(`*.${encloser}`);
}

function recordsOf(
  zone: Zone,
  at: string,
  found: readonly DnsRecord[],
  owner: string | undefined,
  type: string,
): ResourceRecord[] {
  // RFC 8482: who asks for everything is told that this is not how to ask.
  if (type === "ANY") return [{ name: owner, type: "HINFO", ttl: 3600, data: { cpu: "RFC8482", os: "" } }];
  const apex = at === zone.info.name;
  if (type === "SOA" && apex) return [soa(zone, owner, 1800)];
  const set = found.filter((r) => r.type === type);
  if (type === "NS" && apex && set.length === 0)
    return nameServers.map((data) => ({ name: owner, type: "NS", ttl: 86_400, data }));
  const ttl = ttlOf(set);
  return set.map((r) => ({ name: owner, type: r.type, ttl, data: dataOf(r) }));
}

function dataOf(record: DnsRecord): unknown {
  switch (record.type) {
    case "MX":
      return { preference: record.priority, exchange: record.content };
    case "TXT":
      return characterStrings(record.content);
    case "CAA":
      return {
        ...record.data,
        flags: record.data?.["flags"],
        issuerCritical: Number(record.data?.["flags"]) >= 128,
      };
    case "SRV":
      return record.data;
    case "A":
    case "AAAA":
    case "CNAME":
    case "NS":
    case "PTR":
      return record.content;
  }
}

/** Records of one name and type are remembered as long as the shortest-lived of them (RFC 2181, 5.2). */
function ttlOf(records: readonly DnsRecord[]): number {
  return Math.min(...records.map((r) => (r.ttl === 1 ? automaticTtl : r.ttl)), 86_400);
}

const soa = (zone: Zone, name: string | undefined, ttl: number): ResourceRecord => ({
  name,
  type: "SOA",
  ttl,
  data: {
    mname: nameServers[0],
    rname: "dns.substation.invalid",
    serial: zone.serial,
    refresh: 10_000,
    retry: 2_400,
    expire: 604_800,
    minimum: negativeTtl,
  },
});
