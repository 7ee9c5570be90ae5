import { isDeepStrictEqual } from "node:util";
import type { Client } from "pg";
import { databaseName, labels, mark, userId, type Owner } from "../../config/names";
import type { Platform } from "../../config/platform";
import { inspect, shopFile, type Lab } from "../e2e/lab";
import { asSuperuser } from "../e2e/observe";
import { psql, zoneApi } from "./servers";

/** One thing that was made in two ways, and came out different. Without this check a ratio would mean nothing. */
export interface Difference {
  readonly where: string;
  readonly program: unknown;
  readonly other: unknown;
}

/** What Pulumi made for one substation against what a baseline made for another. */
export function differences(program: Facts, other: Facts): Difference[] {
  return [...new Set([...Object.keys(program), ...Object.keys(other)])]
    .filter((where) => !isDeepStrictEqual(program[where], other[where]))
    .map((where) => ({ where, program: program[where], other: other[where] }));
}

export type Facts = Readonly<Record<string, unknown>>;

/** All that was made for a substation: containers, the shop's file, what the migration loaded, roles and rights, the record. What follows from its id and group alone is left out. */
export async function describe(lab: Lab, platform: Platform, owner: Owner): Promise<Facts> {
  const database = databaseName(owner.platform, owner.id);
  const user = String(userId(owner.platform, owner.id));
  const found = {
    shop: await container(owner, "shop"),
    file: await file(owner),
    loaded: await asSuperuser(lab, loaded, database),
    migrate: await container(owner, "migrate"),
    database: JSON.parse(await psql(platform.database, databaseFacts(database))) as unknown,
    record: await record(platform, owner),
  };
  // What follows from id and group alone differs, and must.
  const names: readonly (readonly [RegExp, string])[] = [
    [new RegExp(`${owner.id}-[a-z2-7]{10}`, "g"), "<route>"],
    [new RegExp(owner.id, "g"), "<id>"],
    [new RegExp(`(?<=[/"])${owner.group}(?=[/"])`, "g"), "<group>"],
    [new RegExp(database, "g"), "<database>"],
    [new RegExp(user, "g"), "<user>"],
  ];
  return flatten(
    JSON.parse(names.reduce((text, [name, as]) => text.replaceAll(name, as), JSON.stringify(found))),
  );
}

interface Container {
  readonly Config: Facts & { readonly Labels: Facts };
  readonly HostConfig: Facts;
  readonly Mounts: readonly { readonly Destination: string; readonly RW: boolean }[];
  readonly NetworkSettings: { readonly Networks: Facts };
}

interface Ulimit {
  readonly Name: string;
}

/** Their order means nothing, and the provider's follows from the values. */
const byName = (ulimits: readonly Ulimit[] | null): readonly Ulimit[] =>
  [...(ulimits ?? [])].sort((a, b) => a.Name.localeCompare(b.Name));

/** How it was created, without what the engine gave it: addresses, ids, paths. */
async function container(owner: Owner, role: string): Promise<unknown> {
  const [one] = (await inspect(mark(owner), role)) as unknown as readonly Container[];
  if (!one) throw new Error(`substation ${owner.id} has no container with ${labels.role}=${role}`);
  const { Config, HostConfig, Mounts, NetworkSettings } = one;
  const config = Object.entries(Config).filter(([key]) => !ownSay.has(key));
  const mounts = Mounts.map(({ Destination, RW }) => `${Destination} ${RW ? "rw" : "ro"}`);
  return {
    config: Object.fromEntries(config),
    host: { ...HostConfig, Ulimits: byName(HostConfig["Ulimits"] as readonly Ulimit[] | null) },
    mounts,
    networks: Object.keys(NetworkSettings.Networks),
  };
}

/** substation.json as the shop has it; of secrets, only that they are there. */
async function file(owner: Owner): Promise<unknown> {
  const [one] = await inspect(mark(owner), "shop");
  const { secrets, database, ...plain } = await shopFile(one!);
  return { ...plain, database: { ...database, password: "<secret>" }, secrets: Object.keys(secrets).sort() };
}

/** What the migration loaded into a new shop. */
const loaded = async (client: Client): Promise<unknown> =>
  (await client.query("SELECT kind, key FROM shop.initial_item ORDER BY 1, 2")).rows;

/** Left to the engine, or about where the output of a command goes. */
const ownSay: ReadonlySet<string> = new Set(["Hostname", "AttachStdout", "AttachStderr"]);

async function record(platform: Platform, owner: Owner): Promise<unknown> {
  const all = await zoneApi<readonly Facts[]>(platform.dns, "GET", "/dns_records?per_page=5000");
  const one = all.find(({ comment }) => comment === mark(owner));
  if (!one) throw new Error(`substation ${owner.id} has no DNS record`);
  const { name, type, content, ttl, proxied, comment } = one;
  return { name, type, content, ttl, proxied, comment };
}

const databaseFacts = (name: string): string => `
  SELECT json_build_object(
    'database', (SELECT json_build_object('acl', datacl::text, 'limit', datconnlimit, 'open', datallowconn, 'encoding', encoding,
        'owner', pg_get_userbyid(datdba), 'comment', shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = '${name}'),
    'roles', (SELECT json_object_agg(rolname, json_build_object('login', rolcanlogin, 'limit', rolconnlimit, 'settings', array_to_json(ARRAY(
        SELECT unnest(rolconfig) ORDER BY 1)), 'super', rolsuper, 'createdb', rolcreatedb, 'createrole', rolcreaterole, 'inherit', rolinherit,
        'comment', shobj_description(oid, 'pg_authid'), 'memberOf', array_to_json(ARRAY(
          SELECT pg_get_userbyid(roleid) FROM pg_auth_members WHERE member = r.oid ORDER BY 1))))
      FROM pg_roles r WHERE rolname ~ '^${name}(_|$)'));`;

/** Leaves by their path. An empty list, an empty object, null and false all say "nothing of that": clients differ in which they send. */
function flatten(value: unknown, at = ""): Facts {
  if (value === null || value === false || value === undefined || value === "") return {};
  if (typeof value !== "object") return { [at]: value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, part]) => flatten(part, at ? `${at}.${key}` : key)),
  ) as Facts;
}
