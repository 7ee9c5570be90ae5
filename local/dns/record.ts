import { randomBytes } from "node:crypto";
import { isProxiable, normalizeContent } from "./content";
import { refuse } from "./errors";
import { recordName } from "./names";
import { recordTypes, type DnsRecord, type PlanLimits, type RecordType } from "./types";

/** A request's body, not yet checked. */
export type Body = Readonly<Record<string, unknown>>;

export interface RecordContext {
  /** Name of the zone. */
  readonly zone: string;
  readonly limits: PlanLimits;
  /** ISO 8601, for `created_on` and its like. */
  readonly now: string;
}

/** Types that Cloudflare has and the emulator has not: said apart from those that nobody has. */
const notCovered = /^(CERT|DNSKEY|DS|HTTPS|LOC|NAPTR|OPENPGPKEY|SMIMEA|SSHFP|SVCB|TLSA|URI)$/;

/** The record that a POST makes, or, with `old`, the one that a PUT leaves: what the body does not say takes its default. */
export function recordFrom(body: Body, context: RecordContext, old?: DnsRecord): DnsRecord {
  const type = recordType(body["type"]);
  if (body["name"] === undefined) throw refuse.required("name");
  const name = typeof body["name"] === "string" ? recordName(body["name"], context.zone) : undefined;
  if (!name) throw refuse.name();
  const content = normalizeContent(type, body);
  if (type === "CNAME" && content.content === name) throw refuse.selfReference();

  const proxiable = isProxiable(type, content.content);
  const proxied = optional(body, "proxied", "boolean") ?? false;
  if (proxied && !proxiable)
    throw ["A", "AAAA"].includes(type) ? refuse.target(content.content) : refuse.notProxiable();
  const comment = commentOf(body, context.limits);
  const tags = tagsOf(body, context.limits);
  const { now } = context;
  const commentedOn = comment === (old?.comment ?? null) ? old?.comment_modified_on : now;
  const taggedOn = tags.join("\n") === (old?.tags ?? []).join("\n") ? old?.tags_modified_on : now;

  return {
    id: old?.id ?? randomBytes(16).toString("hex"),
    name,
    type,
    ...content,
    proxiable,
    proxied,
    ttl: proxied ? 1 : ttlOf(body),
    settings: settingsOf(body),
    meta: {},
    comment,
    tags,
    created_on: old?.created_on ?? now,
    modified_on: now,
    ...(commentedOn === undefined ? {} : { comment_modified_on: commentedOn }),
    ...(taggedOn === undefined ? {} : { tags_modified_on: taggedOn }),
  };
}

/** The record that a PATCH leaves: what the body does not say stays as it is. */
export function patchedRecord(old: DnsRecord, body: Body, context: RecordContext): DnsRecord {
  const kept: Record<string, unknown> = { ...old };
  // Content and data say the same thing in two ways: the one that is given replaces both.
  if (body["content"] !== undefined && body["data"] === undefined) delete kept["data"];
  if (body["data"] !== undefined && body["content"] === undefined) delete kept["content"];
  return recordFrom({ ...kept, ...body }, context, old);
}

function recordType(value: unknown): RecordType {
  if (value === undefined) throw refuse.required("type");
  const type = typeof value === "string" ? value.toUpperCase() : "";
  if (notCovered.test(type)) throw refuse.typeNotCovered(type);
  const known = recordTypes.find((t) => t === type);
  if (!known) throw refuse.type();
  return known;
}

function ttlOf(body: Body): number {
  const ttl = optional(body, "ttl", "number") ?? 1;
  if (!Number.isInteger(ttl) || (ttl !== 1 && (ttl < 60 || ttl > 86400))) throw refuse.ttl();
  return ttl;
}

function commentOf(body: Body, limits: PlanLimits): string | null {
  const comment = optional(body, "comment", "string") ?? "";
  if (/[\r\n]/.test(comment)) throw refuse.body("comment must be one line");
  if ([...comment].length > limits.comment) throw refuse.comment(limits.comment);
  return comment === "" ? null : comment;
}

function tagsOf(body: Body, limits: PlanLimits): readonly string[] {
  const tags = body["tags"] ?? [];
  if (
    !Array.isArray(tags) ||
    !tags.every(
      (t): t is string => typeof t === "string" && /^[A-Za-z0-9_-]{1,32}(:[^\r\n]{0,100})?$/.test(t),
    )
  )
    throw refuse.body('tags must be a list of "name:value"');
  if (tags.length > limits.tags) throw refuse.tags(tags.length, limits.tags);
  return tags;
}

function settingsOf(body: Body): Record<string, boolean> {
  const settings = body["settings"] ?? {};
  if (typeof settings !== "object" || Array.isArray(settings))
    throw refuse.body("settings must be an object");
  const set = Object.entries(settings).filter(([, value]) => value !== null);
  for (const [key, value] of set)
    if (typeof value !== "boolean") throw refuse.body(`settings.${key} must be true or false`);
  return Object.fromEntries(set);
}

interface Kinds {
  boolean: boolean;
  number: number;
  string: string;
}
function optional<K extends keyof Kinds>(body: Body, field: string, kind: K): Kinds[K] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== kind) throw refuse.body(`${field} must be a ${kind}`);
  return value as Kinds[K];
}
