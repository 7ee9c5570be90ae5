import { refuse } from "./errors";
import type { DnsRecord } from "./types";
import type { Zone } from "./zone";

/** One page of a list, as the API answers it. */
export interface Page<T> {
  readonly result: readonly T[];
  readonly result_info: {
    readonly page: number;
    readonly per_page: number;
    readonly count: number;
    readonly total_count: number;
    readonly total_pages: number;
  };
}

/** Cuts the page out that `page` and `per_page` ask for. */
export function paginate<T>(
  items: readonly T[],
  query: URLSearchParams,
  sizes: { readonly least: number; readonly most: number; readonly usual: number },
): Page<T> {
  const page = whole(query, "page", 1, Number.MAX_SAFE_INTEGER, 1);
  const perPage = whole(query, "per_page", sizes.least, sizes.most, sizes.usual);
  const result = items.slice((page - 1) * perPage, page * perPage);
  return {
    result,
    result_info: {
      page,
      per_page: perPage,
      count: result.length,
      total_count: items.length,
      total_pages: Math.ceil(items.length / perPage),
    },
  };
}

type Test = (record: DnsRecord) => boolean;

/** "List, search, sort, and filter a zone's DNS records": GET /zones/{zone_id}/dns_records. */
export function listRecords(zone: Zone, query: URLSearchParams): Page<DnsRecord> {
  const filters = [...textFilters(query), ...plainFilters(query), ...tagFilters(query)];
  const every = choice(query, "match", ["all", "any"] as const, "all") === "all";
  const term = query.get("search")?.toLowerCase();
  const matches: Test = (r) =>
    (filters.length === 0 || (every ? filters.every((f) => f(r)) : filters.some((f) => f(r)))) &&
    (term === undefined ||
      [r.name, r.type, r.content, r.comment ?? "", ...r.tags].some((t) => t.toLowerCase().includes(term)));

  // One name asked for exactly is what providers do before every write: the index answers it.
  const name = (query.get("name.exact") ?? query.get("name"))?.toLowerCase();
  const found = [...(every && name !== undefined ? (zone.at(name) ?? []) : zone.records())].filter(matches);
  const order = choice(query, "order", ["type", "name", "content", "ttl", "proxied"] as const, "type");
  const sign = choice(query, "direction", ["asc", "desc"] as const, "asc") === "asc" ? 1 : -1;
  found.sort((a, b) => sign * compare(a[order], b[order]) || compare(a.name, b.name) || compare(a.id, b.id));
  return paginate(found, query, { least: 5, most: 5_000_000, usual: 100 });
}

type Predicate = "exact" | "contains" | "startswith" | "endswith";
const predicates: Record<Predicate, (text: string, wanted: string) => boolean> = {
  exact: (text, wanted) => text === wanted,
  contains: (text, wanted) => text.includes(wanted),
  startswith: (text, wanted) => text.startsWith(wanted),
  endswith: (text, wanted) => text.endsWith(wanted),
};
const predicateNames = Object.keys(predicates) as Predicate[];

/** `name`, `content` and `comment`, alone (exact) or with a predicate; case-insensitive, as documented. */
function* textFilters(query: URLSearchParams): Generator<Test> {
  for (const field of ["name", "content", "comment"] as const) {
    const text = (r: DnsRecord) => r[field]?.toLowerCase();
    for (const predicate of predicateNames)
      for (const key of predicate === "exact" ? [field, `${field}.exact`] : [`${field}.${predicate}`]) {
        const wanted = query.get(key)?.toLowerCase();
        if (wanted === undefined) continue;
        yield (r) => {
          const value = text(r);
          return value !== undefined && predicates[predicate](value, wanted);
        };
      }
  }
}

function* plainFilters(query: URLSearchParams): Generator<Test> {
  const type = query.get("type")?.toUpperCase();
  if (type !== undefined) yield (r) => r.type === type;
  const proxied = query.get("proxied");
  if (proxied !== null) {
    if (proxied !== "true" && proxied !== "false") throw refuse.query("proxied must be true or false");
    yield (r) => r.proxied === (proxied === "true");
  }
  if (query.has("comment.present")) yield (r) => r.comment !== null;
  if (query.has("comment.absent")) yield (r) => r.comment === null;
}

/** `tag` filters join by `tag_match` into one condition beside the others. */
function tagFilters(query: URLSearchParams): Test[] {
  const tests: Test[] = [];
  const named =
    (wanted: string): Test =>
    (r) =>
      r.tags.some((t) => t.split(":")[0]?.toLowerCase() === wanted);
  const valued = (wanted: string, predicate: Predicate): Test => {
    const [name, ...rest] = wanted.split(":");
    return (r) =>
      r.tags.some((t) => {
        const [tag, ...value] = t.toLowerCase().split(":");
        return tag === name && predicates[predicate](value.join(":"), rest.join(":"));
      });
  };
  const get = (key: string) => query.get(key)?.toLowerCase();
  const short = get("tag");
  if (short !== undefined) tests.push(short.includes(":") ? valued(short, "exact") : named(short));
  for (const predicate of predicateNames) {
    const wanted = get(`tag.${predicate}`);
    if (wanted !== undefined) tests.push(valued(wanted, predicate));
  }
  const present = get("tag.present");
  if (present !== undefined) tests.push(named(present));
  const absent = get("tag.absent");
  if (absent !== undefined) tests.push((r) => !named(absent)(r));
  if (tests.length === 0) return [];
  const every = choice(query, "tag_match", ["all", "any"] as const, "all") === "all";
  return [(r) => (every ? tests.every((t) => t(r)) : tests.some((t) => t(r)))];
}

function compare(a: string | number | boolean, b: string | number | boolean): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function choice<T extends string>(
  query: URLSearchParams,
  key: string,
  allowed: readonly T[],
  usual: T,
): T {
  const value = query.get(key);
  if (value === null) return usual;
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw refuse.query(`${key} must be one of ${allowed.join(", ")}`);
  return found;
}

function whole(query: URLSearchParams, key: string, least: number, most: number, usual: number): number {
  const text = query.get(key);
  if (text === null) return usual;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw refuse.query(`${key} must be a whole number from ${least} to ${most}`);
  return value;
}
