import { reaches, type Token } from "./access";
import { refuse } from "./errors";
import { choice, listRecords, paginate, type Page } from "./list";
import { hostName, zoneIdOf } from "./names";
import { patchedRecord, recordFrom, type Body, type RecordContext } from "./record";
import type { Store } from "./store";
import type { DnsRecord, PlanLimits, ZoneInfo } from "./types";
import type { Draft, Zone } from "./zone";

export interface Request {
  readonly method: string;
  /** Without `/client/v4`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly token: Token;
}

export type Answer = { readonly result: unknown; readonly messages?: readonly unknown[] } | Page<unknown>;

export interface RouteContext {
  readonly store: Store;
  readonly limits: PlanLimits;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What a registrar would be told; nothing asks them, so they are names that cannot exist (RFC 2606). */
export const nameServers = ["ns1.substation.invalid", "ns2.substation.invalid"] as const;
const accountId = zoneIdOf("account");

type Handler = (request: Request, parts: readonly string[]) => Answer | Promise<Answer>;

/** The routes of the API that the emulator has, and who may use them. */
export function routes(context: RouteContext): (request: Request) => Promise<Answer> {
  const { store, limits } = context;
  const now = () => new Date(context.now()).toISOString().replace("Z", "000Z");
  const recordContext = (info: ZoneInfo): RecordContext => ({ zone: info.name, limits, now: now() });

  /** The zone of a path, if the token reaches it; a zone that does not exist is answered like one that is not one's own. */
  const zoneOf = (request: Request, id: string | undefined, refusal = refuse.notAllowed): Zone => {
    const zone = id === undefined ? undefined : store.get(id);
    if (!zone || !reaches(request.token, zone.info.id)) throw refusal();
    return zone;
  };
  const mayEdit = (request: Request) => {
    if (request.token.access !== "edit") throw refuse.notAllowed();
  };
  const write = (work: (draft: Draft, request: Request, recordId: string) => unknown): Handler => {
    return async (request, [zoneId, recordId = ""]) => {
      const zone = zoneOf(request, zoneId);
      mayEdit(request);
      return { result: await store.change(zone.info.id, (draft) => work(draft, request, recordId)) };
    };
  };
  const overAll = (request: Request) => {
    mayEdit(request);
    if (request.token.zones !== "all") throw refuse.notAllowed();
  };

  const table: readonly [method: string, path: RegExp, Handler][] = [
    [
      "GET",
      /^\/user\/tokens\/verify$/,
      ({ token }) => ({
        result: { id: token.id, status: "active" },
        messages: [{ code: 10000, message: "This API Token is valid and active", type: null }],
      }),
    ],
    ["GET", /^\/zones$/, (request) => listZones(store, request)],
    [
      "POST",
      /^\/zones$/,
      async (request) => {
        overAll(request);
        const name = typeof request.body["name"] === "string" ? hostName(request.body["name"]) : undefined;
        if (!name?.includes(".")) throw refuse.zoneName(String(request.body["name"]));
        return { result: zoneView(await store.openZone({ id: zoneIdOf(name), name, created_on: now() })) };
      },
    ],
    [
      "GET",
      /^\/zones\/([0-9a-f]{32})$/,
      (r, [id]) => ({ result: zoneView(zoneOf(r, id, refuse.zoneNotAllowed)) }),
    ],
    [
      "DELETE",
      /^\/zones\/([0-9a-f]{32})$/,
      async (request, [id]) => {
        const zone = zoneOf(request, id, refuse.zoneNotAllowed);
        overAll(request);
        await store.closeZone(zone.info.id);
        return { result: { id: zone.info.id } };
      },
    ],
    ["GET", /^\/zones\/([0-9a-f]{32})\/dns_records$/, (r, [id]) => listRecords(zoneOf(r, id), r.query)],
    [
      "POST",
      /^\/zones\/([0-9a-f]{32})\/dns_records$/,
      write((draft, { body }) => draft.put(recordFrom(body, recordContext(draft.info)))),
    ],
    [
      "GET",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/usage$/,
      (r, [id]) => {
        const zone = zoneOf(r, id);
        return { result: { record_quota: zone.info.recordQuota ?? null, record_usage: zone.size } };
      },
    ],
    [
      "POST",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/batch$/,
      write((draft, { body }) => batch(draft, body, recordContext(draft.info))),
    ],
    [
      "GET",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/([0-9a-f]{32})$/,
      (r, [zoneId, id = ""]) => {
        const record = zoneOf(r, zoneId).get(id);
        if (!record) throw refuse.recordMissing();
        return { result: record };
      },
    ],
    [
      "PUT",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/([0-9a-f]{32})$/,
      write((draft, { body }, id) => draft.put(recordFrom(body, recordContext(draft.info), draft.get(id)))),
    ],
    [
      "PATCH",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/([0-9a-f]{32})$/,
      write((draft, { body }, id) =>
        draft.put(patchedRecord(draft.get(id), body, recordContext(draft.info))),
      ),
    ],
    [
      "DELETE",
      /^\/zones\/([0-9a-f]{32})\/dns_records\/([0-9a-f]{32})$/,
      write((draft, _request, id) => ({ id: draft.delete(id).id })),
    ],
  ];

  return async (request) => {
    const fitting = table.filter(([, path]) => path.test(request.path));
    if (fitting.length === 0) throw refuse.noRoute(`/client/v4${request.path}`);
    const found = fitting.find(([method]) => method === request.method);
    if (!found) throw refuse.noMethod(request.method);
    return found[2](request, found[1].exec(request.path)?.slice(1) ?? []);
  };
}

/** "Always executed in the following order: deletes, patches, puts, posts"; the first that fails undoes all. */
function batch(draft: Draft, body: Body, context: RecordContext): Record<string, DnsRecord[]> {
  const lists = ["deletes", "patches", "puts", "posts"].map((key) => items(body, key));
  if (lists.reduce((sum, list) => sum + list.length, 0) > context.limits.batch)
    throw refuse.batchSize(context.limits.batch);
  const [deletes = [], patches = [], puts = [], posts = []] = lists;
  const id = (item: Body) => (typeof item["id"] === "string" ? item["id"] : "");
  return {
    deletes: deletes.map((item) => draft.delete(id(item))),
    patches: patches.map((item) => draft.put(patchedRecord(draft.get(id(item)), item, context))),
    puts: puts.map((item) => draft.put(recordFrom(item, context, draft.get(id(item))))),
    posts: posts.map((item) => draft.put(recordFrom(item, context))),
  };
}

function items(body: Body, key: string): readonly Body[] {
  const list = body[key] ?? [];
  if (
    !Array.isArray(list) ||
    !list.every((i): i is Body => typeof i === "object" && i !== null && !Array.isArray(i))
  )
    throw refuse.body(`${key} must be a list of objects`);
  return list;
}

function listZones(store: Store, { query, token }: Request): Page<unknown> {
  const name = query.get("name")?.toLowerCase();
  const status = query.get("status");
  choice(query, "match", ["all", "any"], "all");
  const order = choice(query, "order", ["name", "status", "account.id", "account.name", "plan.id"], "name");
  const sign = choice(query, "direction", ["asc", "desc"], "asc") === "desc" && order === "name" ? -1 : 1;
  const zones = store
    .all()
    .filter((z) => reaches(token, z.info.id))
    .filter((z) => (name === undefined || z.info.name === name) && (status === null || status === "active"))
    .sort((a, b) => sign * (a.info.name < b.info.name ? -1 : 1));
  return paginate(zones.map(zoneView), query, { least: 5, most: 50, usual: 20 });
}

function zoneView({ info }: Zone): Record<string, unknown> {
  return {
    id: info.id,
    name: info.name,
    status: "active",
    paused: false,
    type: "full",
    development_mode: 0,
    name_servers: nameServers,
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    modified_on: info.created_on,
    created_on: info.created_on,
    activated_on: info.created_on,
    meta: { step: 4, custom_certificate_quota: 0, page_rule_quota: 3, phishing_detected: false },
    owner: { id: null, type: "user", email: null },
    account: { id: accountId, name: "DNS emulator" },
    tenant: { id: null, name: null },
    tenant_unit: { id: null },
    permissions: ["#dns_records:edit", "#dns_records:read", "#zone:read"],
    plan: { id: zoneIdOf("plan"), name: "DNS emulator", price: 0, currency: "USD", is_subscribed: false },
  };
}
