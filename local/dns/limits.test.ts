import { once } from "node:events";
import { createServer } from "node:net";
import Cloudflare from "cloudflare";
import { UserError } from "../../config/error";
import { startDnsEmulator } from "./emulator";
import { testBed, testTokens, type TestBed } from "./testing";

let bed: TestBed | undefined;
afterEach(async () => {
  await bed?.end();
  bed = undefined;
});

const get = (b: TestBed, token: string = testTokens.all) =>
  fetch(`${b.emulator.apiUrl}/zones`, { headers: { authorization: `Bearer ${token}` } });

test("request 1,201 within five minutes is blocked, and so is that token for five minutes, and no other", async () => {
  let now = Date.UTC(2026, 0, 1);
  bed = await testBed({ now: () => now });
  const b = bed;
  for (let i = 0; i < 1200; i += 50)
    expect((await Promise.all(Array.from({ length: 50 }, () => get(b)))).every((r) => r.status === 200)).toBe(
      true,
    );
  now += 200_000;
  const blocked = await get(b);
  expect([blocked.status, blocked.headers.get("retry-after"), await blocked.json()]).toEqual([
    429,
    "300",
    {
      result: null,
      success: false,
      errors: [{ code: 971, message: "Please wait and consider throttling your request speed" }],
      messages: [],
    },
  ]);
  expect(blocked.headers.get("ratelimit")).toBe('"default";r=0;t=300');
  expect(blocked.headers.get("ratelimit-policy")).toBe('"default";q=1200;w=300');
  expect((await get(b, testTokens.read)).status).toBe(200);
  now += 299_500;
  expect((await get(b)).headers.get("retry-after")).toBe("1");
  now += 500;
  const again = await get(b);
  expect([again.status, again.headers.get("ratelimit")]).toEqual([200, '"default";r=1199;t=300']);
});

test("the official client waits as Retry-After says, and meets the error class of a 429 when it gives up", async () => {
  bed = await testBed({ rateLimit: { requests: 1, windowSeconds: 1 } });
  const patient = new Cloudflare({ apiToken: testTokens.all, baseURL: bed.emulator.apiUrl, maxRetries: 2 });
  await patient.zones.list();
  const began = Date.now();
  await patient.zones.list();
  expect(Date.now() - began).toBeGreaterThan(700); // the client takes up to a quarter off
  await expect(bed.cloudflare.zones.list()).rejects.toBeInstanceOf(Cloudflare.RateLimitError);
});

test("faults hit the requests they were meant for, as often as they were meant to", async () => {
  bed = await testBed();
  const { records } = bed.cloudflare.dns;
  const record = {
    zone_id: bed.zoneId,
    type: "A" as const,
    name: "x",
    content: "127.0.0.1",
    ttl: 1 as const,
  };
  const undo = bed.emulator.inject({ path: /dns_records/, effect: { kind: "status", status: 503 } });
  await expect(records.list({ zone_id: bed.zoneId })).rejects.toBeInstanceOf(Cloudflare.InternalServerError);
  await bed.cloudflare.zones.list();
  undo();

  bed.emulator.inject({ method: "POST", times: 1, effect: { kind: "drop" } });
  await expect(records.create(record)).rejects.toBeInstanceOf(Cloudflare.APIConnectionError);
  expect((await records.list({ zone_id: bed.zoneId })).result).toHaveLength(1); // it had been carried out
  await expect(records.create(record)).rejects.toMatchObject({ status: 400, errors: [{ code: 81058 }] });

  bed.emulator.inject({ times: 1, effect: { kind: "status", status: 429, retryAfterSeconds: 7 } });
  await expect(records.list({ zone_id: bed.zoneId })).rejects.toMatchObject({
    status: 429,
    errors: [{ code: 971 }],
  });
  bed.emulator.inject({ times: 1, effect: { kind: "delay", milliseconds: 200 } });
  const began = Date.now();
  await records.list({ zone_id: bed.zoneId });
  expect(Date.now() - began).toBeGreaterThanOrEqual(195);
});

test("faults are ordered from outside, for a while, by who may edit; and what was asked when can be read", async () => {
  let now = Date.UTC(2026, 0, 1);
  bed = await testBed({ now: () => now });
  const b = bed;
  const root = b.emulator.apiUrl.replace("/client/v4", "");
  const order = (body: unknown, token: string = testTokens.edit) =>
    fetch(`${root}/faults`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const refused = {
    path: "/zones$",
    seconds: 20,
    effect: { kind: "status", status: 429, retryAfterSeconds: 5 },
  };
  expect((await order([refused], testTokens.read)).status).toBe(403);
  expect((await order([{ effect: { kind: "melt" } }])).status).toBe(400);
  expect((await get(b)).status).toBe(200);
  expect((await order([refused])).status).toBe(200);
  now += 19_000;
  const hit = await get(b);
  expect([hit.status, hit.headers.get("retry-after")]).toEqual([429, "5"]);
  now += 1_000;
  expect((await get(b)).status).toBe(200);
  expect((await order([refused])).status).toBe(200);
  expect((await order([])).status).toBe(200);
  expect((await get(b)).status).toBe(200);
  const named = { name: "^no\\.", effect: { kind: "status", status: 400 } };
  expect((await order([named])).status).toBe(200);
  expect((await get(b)).status).toBe(200); // it names no record
  const seen = await fetch(`${root}/requests`, { headers: { authorization: `Bearer ${testTokens.edit}` } });
  const { result } = (await seen.json()) as { result: readonly { at: number; path: string }[] };
  expect(result.map(({ at, path }) => [at - Date.UTC(2026, 0, 1), path])).toEqual(
    [0, 19_000, 20_000, 20_000, 20_000].map((at) => [at, "/client/v4/zones"]),
  );
});

test("a folder or a port that is in use is said in one sentence, and nothing stays behind", async () => {
  bed = await testBed();
  const { home, emulator } = bed;
  const options = { home, zones: [], tokens: [] };
  await expect(startDnsEmulator(options)).rejects.toThrow(UserError);
  await expect(startDnsEmulator(options)).rejects.toThrow("Another DNS emulator already runs on");
  const other = { ...options, home: `${home}/other` };
  const message = `Port ${emulator.dnsPort} of 127.0.0.1 is in use by another program.`;
  await expect(startDnsEmulator({ ...other, dnsPort: emulator.dnsPort })).rejects.toThrow(message);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  await expect(startDnsEmulator({ ...other, apiPort: port })).rejects.toThrow(`Port ${port} of 127.0.0.1`);
  taken.close();
  await (await startDnsEmulator(other)).close();
});
