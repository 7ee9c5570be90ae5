/** The official client of Cloudflare's API, run against the emulator. It does not prove that Cloudflare says the same. */
import type Cloudflare from "cloudflare";
import { APIError } from "cloudflare";
import { testBed, testTokens, type TestBed } from "./testing";

let bed: TestBed;
beforeEach(async () => {
  bed = await testBed();
});
afterEach(() => bed.end());

const a = (name: string, content = "127.0.0.1") => ({
  zone_id: bed.zoneId,
  type: "A" as const,
  name,
  content,
  ttl: 1 as const,
});

/** Status, client class and first error of a refused call. */
async function refusal(call: PromiseLike<unknown>): Promise<[number, string, number, string]> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, constructor, errors } = error as APIError<number>;
    return [status, constructor.name, errors[0]?.code ?? 0, errors[0]?.message ?? ""];
  }
  throw new Error("the call was not refused");
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

test("a zone is found by name, got by id, opened and closed", async () => {
  const { zones } = bed.cloudflare;
  const found = await zones.list({ name: "substation.test", status: "active" });
  expect(found.result.map((z) => [z.id, z.name, z.type])).toEqual([[bed.zoneId, "substation.test", "full"]]);
  expect(found.result_info).toEqual({ page: 1, per_page: 20, count: 1, total_count: 1, total_pages: 1 });
  expect((await zones.get({ zone_id: bed.zoneId })).name).toBe("substation.test");
  expect((await zones.list({ name: "other.test" })).result).toEqual([]);

  const opened = await zones.create({ name: "Other.Test", account: { id: "x" } });
  expect(opened.name).toBe("other.test");
  expect(await refusal(zones.create({ name: "other.test", account: {} }))).toEqual([
    400,
    "BadRequestError",
    1061,
    "other.test already exists.",
  ]);
  expect((await zones.list()).result.map((z) => z.name)).toEqual(["other.test", "substation.test"]);
  expect(await zones.delete({ zone_id: opened.id })).toEqual({ id: opened.id });
  expect(await refusal(zones.get({ zone_id: opened.id }))).toEqual([
    403,
    "PermissionDeniedError",
    9109,
    "Unauthorized to access requested resource",
  ]);
});

test("a record is created, got, overwritten, patched and deleted", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  const made = await records.create({ ...a("MengXiang"), comment: "substation:local/mengxiang" });
  expect(made).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    name: "mengxiang.substation.test",
    type: "A",
    content: "127.0.0.1",
    proxiable: false,
    proxied: false,
    ttl: 1,
    settings: {},
    meta: {},
    comment: "substation:local/mengxiang",
    tags: [],
    created_on: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
    modified_on: expect.any(String) as string,
    comment_modified_on: expect.any(String) as string,
  });
  expect(await records.get(made.id, { zone_id })).toEqual(made);

  const patched = await records.edit(made.id, { ...a("ignored"), name: made.name, ttl: 120 });
  expect(patched).toMatchObject({
    id: made.id,
    ttl: 120,
    comment: made.comment,
    created_on: made.created_on,
  });
  const put = await records.update(made.id, { ...a(made.name, "127.0.0.2") });
  expect(put).toMatchObject({ id: made.id, content: "127.0.0.2", ttl: 1, comment: null });

  expect(await records.delete(made.id, { zone_id })).toEqual({ id: made.id });
  const gone = [404, "NotFoundError", 81044, "Record does not exist."];
  expect(await refusal(records.get(made.id, { zone_id }))).toEqual(gone);
  expect(await refusal(records.delete(made.id, { zone_id }))).toEqual(gone);
  expect(await refusal(records.edit(made.id, a("x")))).toEqual(gone);
});

test("a list is paged, filtered, searched and sorted", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  for (let i = 0; i < 12; i++)
    await records.create({ ...a(`s${i}`, `127.0.0.${i}`), comment: `Owner ${i % 3}` });
  await records.create({ zone_id, type: "TXT", name: "s1", content: '"hello"', ttl: 60 });
  await records.create({
    zone_id,
    type: "CNAME",
    name: "www",
    content: "S1.substation.test",
    ttl: 1,
    proxied: true,
  });

  const first = await records.list({ zone_id, per_page: 5 });
  expect(first.result_info).toEqual({ page: 1, per_page: 5, count: 5, total_count: 14, total_pages: 3 });
  expect((await all(records.list({ zone_id, per_page: 5 }))).length).toBe(14);
  expect((await records.list({ zone_id, page: 9 })).result).toEqual([]);

  const names = async (query: Omit<Cloudflare.DNS.RecordListParams, "zone_id">) =>
    (await records.list({ zone_id, ...query })).result.map((r) => `${r.type} ${r.name.split(".")[0]}`);
  expect(await names({ name: { exact: "S1.SUBSTATION.TEST" } })).toEqual(["A s1", "TXT s1"]);
  expect(await names({ name: { startswith: "s1" }, type: "A" })).toEqual(["A s1", "A s10", "A s11"]);
  expect(await names({ name: { contains: "ww" } })).toEqual(["CNAME www"]);
  expect(await names({ content: { endswith: ".substation.test" } })).toEqual(["CNAME www"]);
  expect(await names({ comment: { exact: "owner 2" }, content: { contains: "7.0.0.1" } })).toEqual(["A s11"]);
  expect(await names({ comment: { absent: "" } })).toEqual(["CNAME www", "TXT s1"]);
  expect(await names({ proxied: true })).toEqual(["CNAME www"]);
  expect(await names({ match: "any", type: "TXT", proxied: true })).toEqual(["CNAME www", "TXT s1"]);
  expect(await names({ search: "hello" })).toEqual(["TXT s1"]);
  expect(await names({ order: "ttl", direction: "desc", per_page: 5 })).toHaveLength(5);
  expect((await names({ order: "name", direction: "desc", type: "A" }))[0]).toBe("A s9");
  for (const bad of [{ per_page: 4 }, { per_page: 5_000_001 }, { page: 0 }])
    expect((await refusal(records.list({ zone_id, ...bad })))[0]).toBe(400);
});

test("a batch runs deletes, patches, puts and posts in this order, all of them or none", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  const [one, two, three] = [
    await records.create(a("one")),
    await records.create(a("two")),
    await records.create(a("three")),
  ];
  const done = await records.batch({
    zone_id,
    posts: [{ ...a("one", "127.0.0.9") }],
    deletes: [{ id: one.id }],
    puts: [{ ...a("three", "127.0.0.3"), id: three.id }],
    patches: [{ ...a("two", "127.0.0.2"), id: two.id }],
  });
  expect(done.deletes?.map((r) => r.id)).toEqual([one.id]);
  const contents = async () => (await records.list({ zone_id, order: "name" })).result.map((r) => r.content);
  expect(await contents()).toEqual(["127.0.0.9", "127.0.0.3", "127.0.0.2"]);
  const failed = records.batch({ zone_id, deletes: [{ id: two.id }], posts: [a("new"), a("new")] });
  expect(await refusal(failed)).toEqual([
    400,
    "BadRequestError",
    81058,
    "An identical record already exists.",
  ]);
  expect(await contents()).toEqual(["127.0.0.9", "127.0.0.3", "127.0.0.2"]);
  expect(
    (await refusal(records.batch({ zone_id, posts: Array.from({ length: 201 }, (_, i) => a(`b${i}`)) })))[0],
  ).toBe(400);
});

test("records that cannot stand beside each other are refused with their codes", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  const cname = (name: string, content = "target.substation.test") => ({
    zone_id,
    type: "CNAME" as const,
    name,
    content,
    ttl: 1 as const,
  });
  const ns = (name: string) => ({
    zone_id,
    type: "NS" as const,
    name,
    content: "ns.other.test",
    ttl: 1 as const,
  });
  await records.create(a("host"));
  await records.create(cname("alias"));
  await records.create(ns("child"));
  const codes = async (...calls: PromiseLike<unknown>[]) =>
    Promise.all(calls.map(async (c) => (await refusal(c))[2]));
  expect(
    await codes(
      records.create(a("host")),
      records.create(cname("host")),
      records.create(cname("alias", "else.substation.test")),
      records.create(a("alias")),
      records.create(a("child")),
      records.create(ns("host")),
      records.create(cname("self", "self.substation.test")),
    ),
  ).toEqual([81058, 81053, 81053, 81054, 81056, 81055, 9039]);
  await records.create(a("host", "127.0.0.2"));
  await records.create({ zone_id, type: "TXT", name: "alias", content: "beside", ttl: 1 });
});

test("records that are wrong in themselves are refused with their codes", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  const cases: [number, Record<string, unknown>][] = [
    [9005, { content: "2001:db8::1" }],
    [9005, { content: "127.0.0.256" }],
    [9006, { type: "AAAA" }],
    [9007, { type: "CNAME", content: "not a host" }],
    [9007, { type: "CNAME", content: "10.0.0.1" }],
    [9000, { name: "two..dots" }],
    [9000, { name: "a b" }],
    [9000, { name: "x".repeat(64) }],
    [9000, { name: "mid.*.star" }],
    [9002, { type: "NONSENSE" }],
    [9002, { type: "HTTPS" }],
    [9003, { proxied: true }],
    [9004, { type: "TXT", content: "x", proxied: true }],
    [9015, { type: "TXT", content: "x".repeat(5000) }],
    [9021, { ttl: 59 }],
    [9021, { ttl: 86_401 }],
    [9207, { ttl: "60" }],
    [9207, { content: undefined }],
    [9300, { tags: ["owner:x"] }],
    [9313, { comment: "点".repeat(101) }],
  ];
  for (const [code, wrong] of cases) {
    const call = records.create({ ...a("wrong"), ...wrong });
    expect([wrong, (await refusal(call))[2]]).toEqual([wrong, code]);
  }
  expect((await records.list({ zone_id })).result).toEqual([]);
  expect((await records.create({ ...a("right"), comment: "点".repeat(100) })).comment).toHaveLength(100);
});

test("a record that is proxied has the automatic TTL, and an address of the internet may be proxied", async () => {
  const made = await bed.cloudflare.dns.records.create({
    ...a("cdn", "93.184.215.14"),
    ttl: 3600,
    proxied: true,
  });
  expect(made).toMatchObject({ proxiable: true, proxied: true, ttl: 1 });
});

test("structured records keep their parts", async () => {
  const { records } = bed.cloudflare.dns;
  const zone_id = bed.zoneId;
  const data = { flags: 0, tag: "issue", value: "letsencrypt.org" };
  expect(await records.create({ zone_id, type: "CAA", name: "@", data, ttl: 1 })).toMatchObject({
    name: "substation.test",
    content: '0 issue "letsencrypt.org"',
    data,
  });
  const srv = { priority: 1, weight: 2, port: 5060, target: "Sip.substation.test" };
  expect(await records.create({ zone_id, type: "SRV", name: "_sip._tcp", data: srv, ttl: 1 })).toMatchObject({
    content: "2 5060 sip.substation.test",
    priority: 1,
  });
  const mx = await records.create({
    zone_id,
    type: "MX",
    name: "@",
    content: "mail.substation.test",
    priority: 10,
    ttl: 1,
  });
  expect(mx).toMatchObject({ content: "mail.substation.test", priority: 10 });
  const missing = records.create({
    zone_id,
    type: "MX",
    name: "@",
    content: "mail2.substation.test",
    ttl: 1,
  });
  expect((await refusal(missing))[3]).toBe("priority is a required field.");
});

test("a token does what it was given and nothing else", async () => {
  const other = await bed.cloudflare.zones.create({ name: "other.test", account: {} });
  const reader = bed.client(testTokens.read);
  const editor = bed.client(testTokens.edit);
  const forbidden = [403, "PermissionDeniedError", 10000, "Authentication error"];
  expect(await refusal(reader.dns.records.create(a("x")))).toEqual(forbidden);
  expect(await refusal(editor.dns.records.create({ ...a("x"), zone_id: other.id }))).toEqual(forbidden);
  expect(await refusal(reader.dns.records.list({ zone_id: other.id }))).toEqual(forbidden);
  expect(await refusal(editor.zones.create({ name: "third.test", account: {} }))).toEqual(forbidden);
  expect((await reader.zones.list()).result.map((z) => z.name)).toEqual(["substation.test"]);
  await editor.dns.records.create(a("x"));
  expect((await reader.dns.records.list({ zone_id: bed.zoneId })).result).toHaveLength(1);

  expect((await reader.user.tokens.verify()).status).toBe("active");
  const stranger = bed.client(testTokens.unknown);
  expect(await refusal(stranger.zones.list())).toEqual([
    403,
    "PermissionDeniedError",
    9109,
    "Invalid access token",
  ]);
  expect(await refusal(stranger.user.tokens.verify())).toEqual([
    401,
    "AuthenticationError",
    1000,
    "Invalid API Token",
  ]);
});

test("a request that is malformed is answered in the documented envelope", async () => {
  const say = async (path: string, init: RequestInit = {}) => {
    const headers = {
      authorization: `Bearer ${testTokens.all}`,
      ...(init.headers as Record<string, string>),
    };
    const response = await fetch(`${bed.emulator.apiUrl}${path}`, { ...init, headers });
    return [response.status, await response.json()] as const;
  };
  const failure = (problem: unknown) => ({ result: null, success: false, errors: [problem], messages: [] });
  expect(await say("/zones/substation.test/dns_records")).toEqual([
    404,
    failure({
      code: 7003,
      message:
        "Could not route to /client/v4/zones/substation.test/dns_records, perhaps your object identifier is invalid?",
    }),
  ]);
  expect(await say("/zones", { headers: { authorization: "Bearer short" } })).toEqual([
    400,
    failure({
      code: 6003,
      message: "Invalid request headers",
      error_chain: [{ code: 6111, message: "Invalid format for Authorization header" }],
    }),
  ]);
  const bare = await fetch(`${bed.emulator.apiUrl}/zones`);
  expect([bare.status, ((await bare.json()) as { errors: { code: number }[] }).errors[0]?.code]).toEqual([
    400, 9106,
  ]);
  const path = `/zones/${bed.zoneId}/dns_records`;
  const json = { "content-type": "application/json" };
  for (const body of ["{", "[]", "null", ""])
    expect([body, (await say(path, { method: "POST", body, headers: json }))[0]]).toEqual([body, 400]);
  expect(
    (await say(path, { method: "POST", body: "a=b", headers: { "content-type": "text/plain" } }))[0],
  ).toBe(400);
  expect((await say(path, { method: "PURGE" }))[0]).toBe(405);
  expect(
    (
      await say(path, { method: "POST", body: `"${"x".repeat(9 << 20)}"`, headers: json }).catch(() => [413])
    )[0],
  ).toBe(413);
  expect(await say("/user/tokens/verify")).toMatchObject([
    200,
    { success: true, messages: [{ code: 10000, message: "This API Token is valid and active" }] },
  ]);
});

test("a zone's quota holds, and usage tells it", async () => {
  await bed.end();
  bed = await testBed({ zones: [{ name: "substation.test", recordQuota: 2 }] });
  const { records, usage } = bed.cloudflare.dns;
  const one = await records.create(a("one"));
  await records.create(a("two"));
  expect(await refusal(records.create(a("three")))).toEqual([
    400,
    "BadRequestError",
    81045,
    "Record quota exceeded.",
  ]);
  expect(await usage.zone.get({ zone_id: bed.zoneId })).toEqual({ record_quota: 2, record_usage: 2 });
  await records.batch({ zone_id: bed.zoneId, deletes: [{ id: one.id }], posts: [a("three")] });
});
