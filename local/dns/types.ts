/** A DNS record as the API shows it: times are ISO 8601 in UTC, `ttl` is in seconds and 1 means automatic. */
export interface DnsRecord {
  readonly id: string;
  readonly name: string;
  readonly type: RecordType;
  readonly content: string;
  /** Only MX and SRV have one. */
  readonly priority?: number;
  /** Only CAA and SRV have it: their content, in parts. */
  readonly data?: Readonly<Record<string, string | number>>;
  readonly proxiable: boolean;
  readonly proxied: boolean;
  readonly ttl: number;
  readonly settings: Readonly<Record<string, boolean>>;
  readonly meta: Readonly<Record<string, never>>;
  readonly comment: string | null;
  readonly tags: readonly string[];
  readonly created_on: string;
  readonly modified_on: string;
  readonly comment_modified_on?: string;
  readonly tags_modified_on?: string;
}

export const recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"] as const;
export type RecordType = (typeof recordTypes)[number];

/** What is known of a zone besides its records. */
export interface ZoneInfo {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Lower case, in Punycode, without a dot at the end. */
  readonly name: string;
  readonly created_on: string;
  /** Most records that the zone may hold; absent: no limit. */
  readonly recordQuota?: number;
}

/** What a plan allows: characters of a comment, tags of a record, changes of one batch. */
export interface PlanLimits {
  readonly comment: number;
  readonly tags: number;
  readonly batch: number;
}

/** developers.cloudflare.com: "Record attributes" and "Batch record changes". */
export const plans = {
  free: { comment: 100, tags: 0, batch: 200 },
  paid: { comment: 500, tags: 20, batch: 3500 },
} as const satisfies Record<string, PlanLimits>;

/** One step of a change of a zone. */
export type Change = { readonly put: DnsRecord } | { readonly delete: string };
