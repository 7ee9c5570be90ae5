import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import * as dnsPacket from "dns-packet";
import fc from "fast-check";
import { answer } from "./message";
import { testBed, type TestBed } from "./testing";

let bed: TestBed;
let resolver: Resolver;
beforeAll(async () => {
  bed = await testBed({ plan: "paid", zones: [{ name: "substation.test" }, { name: "other.test" }] });
  resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${bed.emulator.dnsPort}`]);
  const zones = Object.fromEntries((await bed.cloudflare.zones.list()).result.map((z) => [z.name, z.id]));
  const posts = (zone: string, list: object[]) =>
    bed.cloudflare.dns.records.batch({ zone_id: zones[zone] ?? "", posts: list as [] });
  const alias = (name: string, content: string) => ({ type: "CNAME", name, content });
  await posts("substation.test", [
    { type: "A", name: "mengxiang", content: "127.0.0.1" },
    { type: "A", name: "mengxiang", content: "127.0.0.2", ttl: 60 },
    { type: "AAAA", name: "mengxiang", content: "2001:DB8:0:0::1", ttl: 120 },
    { type: "TXT", name: "mengxiang", content: "你好".repeat(100) },
    { type: "TXT", name: "quoted", content: '"a b" "c"' },
    { type: "MX", name: "@", content: "mail.substation.test", priority: 10 },
    { type: "CAA", name: "@", data: { flags: 0, tag: "issue", value: "letsencrypt.org" } },
    {
      type: "SRV",
      name: "_sip._tcp",
      data: { priority: 1, weight: 2, port: 5060, target: "sip.substation.test" },
    },
    { type: "A", name: "*.wild", content: "127.0.0.3" },
    { type: "A", name: "known.wild", content: "127.0.0.4" },
    { type: "A", name: "a.b.c", content: "127.0.0.5" },
    { type: "NS", name: "child", content: "ns.child.substation.test" },
    { type: "A", name: "cdn", content: "93.184.215.14", proxied: true },
    alias("www", "mengxiang.substation.test"),
    alias("far", "target.other.test"),
    alias("out", "elsewhere.example"),
    alias("dangling", "nothing.substation.test"),
    alias("loop1", "loop2.substation.test"),
    alias("loop2", "loop1.substation.test"),
    ...Array.from({ length: 100 }, (_, i) => ({ type: "A", name: "many", content: `10.0.0.${i}` })),
  ]);
  await posts("other.test", [{ type: "A", name: "target", content: "127.0.1.1" }]);
});
afterAll(() => bed.end());

type Reply = dnsPacket.DecodedPacket & { rcode: string };
const query = (name: string, type: string, more: dnsPacket.Packet = {}) =>
  dnsPacket.encode({
    type: "query",
    id: 7,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type: type as "A" }],
    ...more,
  });

async function udp(message: Buffer): Promise<Buffer> {
  const socket = createSocket("udp4");
  try {
    socket.send(message, bed.emulator.dnsPort, "127.0.0.1");
    const [reply] = (await once(socket, "message", { signal: AbortSignal.timeout(2000) })) as [Buffer];
    return reply;
  } finally {
    socket.close();
  }
}
const ask = async (name: string, type: string, more?: dnsPacket.Packet) =>
  dnsPacket.decode(await udp(query(name, type, more))) as Reply;
const data = (records: dnsPacket.Answer[] | undefined) =>
  records?.map((r) =>
    `${r.name} ${r.type} ${"ttl" in r ? r.ttl : ""} ${"data" in r && typeof r.data === "string" ? r.data : ""}`.trim(),
  );

/** Sends bytes over TCP, in the pieces given, and reads until `count` messages came or the server closed. */
async function tcp(pieces: Buffer[], count: number): Promise<Buffer[]> {
  const socket: Socket = connect(bed.emulator.dnsPort, "127.0.0.1");
  await once(socket, "connect");
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((done) => setTimeout(done, 5));
  }
  let got = Buffer.alloc(0);
  const messages: Buffer[] = [];
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        messages.push(got.subarray(2, 2 + got.readUInt16BE(0)));
        got = got.subarray(2 + got.readUInt16BE(0));
      }
      if (messages.length >= count) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
  }
  socket.destroy();
  return messages;
}
const framed = (message: Buffer) =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

test("the system's resolver gets every type of record", async () => {
  expect((await resolver.resolve4("mengxiang.substation.test")).sort()).toEqual(["127.0.0.1", "127.0.0.2"]);
  expect(await resolver.resolve4("mengxiang.substation.test", { ttl: true })).toContainEqual({
    address: "127.0.0.1",
    ttl: 60,
  });
  expect(await resolver.resolve6("mengxiang.substation.test")).toEqual(["2001:db8::1"]);
  const [text = []] = await resolver.resolveTxt("mengxiang.substation.test"); // Node takes octets for characters
  expect(Buffer.from(text.join(""), "latin1").toString()).toBe("你好".repeat(100));
  expect(await resolver.resolveTxt("quoted.substation.test")).toEqual([["a b", "c"]]);
  expect(await resolver.resolveMx("substation.test")).toMatchObject([
    { exchange: "mail.substation.test", priority: 10 },
  ]);
  expect(await resolver.resolveCaa("substation.test")).toMatchObject([
    { critical: 0, issue: "letsencrypt.org" },
  ]);
  expect(await resolver.resolveSrv("_sip._tcp.substation.test")).toMatchObject([
    { name: "sip.substation.test", port: 5060, priority: 1, weight: 2 },
  ]);
  expect(await resolver.resolveNs("substation.test")).toEqual([
    "ns1.substation.invalid",
    "ns2.substation.invalid",
  ]);
  expect(await resolver.resolveCname("www.substation.test")).toEqual(["mengxiang.substation.test"]);
  expect(await resolver.resolve4("far.substation.test")).toEqual(["127.0.1.1"]);
  expect(await resolver.resolve4("cdn.substation.test")).toEqual(["93.184.215.14"]);
  expect((await resolver.resolve4("many.substation.test")).length).toBe(100); // truncated over UDP, whole over TCP
  await expect(resolver.resolve4("none.substation.test")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(resolver.resolve6("known.wild.substation.test")).rejects.toMatchObject({ code: "ENODATA" });
});

test("none, none of this type, not mine and not so are told apart", async () => {
  const soa = ["substation.test SOA 60"];
  const summary = async (name: string, type: string) => {
    const r = await ask(name, type);
    return [r.rcode, r.flag_aa, data(r.answers), data(r.authorities)];
  };
  expect(await summary("none.substation.test", "A")).toEqual(["NXDOMAIN", true, [], soa]);
  expect(await summary("mengxiang.substation.test", "MX")).toEqual(["NOERROR", true, [], soa]);
  expect(await summary("b.c.substation.test", "A")).toEqual(["NOERROR", true, [], soa]);
  expect(await summary("example.com", "A")).toEqual(["REFUSED", false, [], []]);
  expect(await summary("substation.test", "AXFR")).toEqual(["REFUSED", false, [], []]);
  expect(await summary("notsubstation.test", "A")).toEqual(["REFUSED", false, [], []]);
  expect(await summary("x.child.substation.test", "A")).toEqual([
    "NOERROR",
    false,
    [],
    ["child.substation.test NS 300 ns.child.substation.test"],
  ]);
  expect((await summary("substation.test", "SOA"))[2]).toEqual(["substation.test SOA 1800"]);
  expect((await summary("mengxiang.substation.test", "ANY"))[2]).toEqual([
    "mengxiang.substation.test HINFO 3600",
  ]);
});

test("aliases are followed inside the zones, to their end and no further", async () => {
  const answers = async (name: string, type = "A") => {
    const r = await ask(name, type);
    return [r.rcode, ...(data(r.answers) ?? [])];
  };
  expect(await answers("www.substation.test", "AAAA")).toEqual([
    "NOERROR",
    "www.substation.test CNAME 300 mengxiang.substation.test",
    "mengxiang.substation.test AAAA 120 2001:db8::1",
  ]);
  expect(await answers("out.substation.test")).toEqual([
    "NOERROR",
    "out.substation.test CNAME 300 elsewhere.example",
  ]);
  expect((await answers("dangling.substation.test"))[0]).toBe("NXDOMAIN");
  expect(await answers("loop1.substation.test")).toHaveLength(3);
});

test("a wildcard stands for names that are not there, whatever octets they hold, and for no others", async () => {
  const first = async (name: string) => data((await ask(name, "A")).answers)?.[0];
  expect(await first("x.y.wild.substation.test")).toBe("x.y.wild.substation.test A 300 127.0.0.3");
  expect(await first("known.wild.substation.test")).toBe("known.wild.substation.test A 300 127.0.0.4");
  expect((await ask("below.known.wild.substation.test", "A")).rcode).toBe("NXDOMAIN");
  const odd = query("abc.wild.substation.test", "A");
  odd.set([0xff, 0x2e, 0x00], 13); // the label "abc" becomes three octets that no host name has
  const reply = await udp(odd);
  expect([reply.readUInt16BE(6), reply.subarray(12, 12 + 30).equals(odd.subarray(12, 12 + 30))]).toEqual([
    1,
    true,
  ]);
});

test("the question comes back to the letter, and its case does not matter", async () => {
  const reply = await ask("MengXiang.SubStation.TEST", "AAAA");
  expect(reply.questions?.[0]?.name).toBe("MengXiang.SubStation.TEST");
  expect(data(reply.answers)).toEqual(["MengXiang.SubStation.TEST AAAA 120 2001:db8::1"]);
  expect([reply.id, reply.flag_qr, reply.flag_rd, reply.flag_ra]).toEqual([7, true, true, false]);
});

test("UDP answers fit what the client takes, and say so when they were cut", async () => {
  const opt = (udpPayloadSize: number, ednsVersion = 0): dnsPacket.Packet => ({
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize,
        extendedRcode: 0,
        ednsVersion,
        flags: 0,
        flag_do: false,
        options: [],
      } as unknown as dnsPacket.Answer,
    ],
  });
  const long = await ask("mengxiang.substation.test", "TXT");
  expect([long.flag_tc, long.answers]).toEqual([true, []]); // 600 octets do not go into 512
  const edns = await ask("mengxiang.substation.test", "TXT", opt(4096));
  expect([edns.flag_tc, edns.answers?.length, edns.additionals?.[0]]).toMatchObject([
    false,
    1,
    { type: "OPT", udpPayloadSize: 1232 },
  ]);
  expect((await ask("many.substation.test", "A", opt(65_535))).flag_tc).toBe(true); // 1,600 octets do not go into 1232
  expect((await ask("mengxiang.substation.test", "A", opt(0))).answers).toHaveLength(2);
  const raw = await udp(query("mengxiang.substation.test", "A", opt(1232, 1)));
  expect(raw.readUInt8(raw.length - 6)).toBe(1); // the upper bits of 16, BADVERS
});

test("TCP carries several queries, in any pieces, and answers longer than a datagram", async () => {
  const stream = Buffer.concat([
    framed(query("many.substation.test", "A", { id: 1 })),
    framed(query("mengxiang.substation.test", "A", { id: 2 })),
    framed(query("none.substation.test", "A", { id: 3 })),
  ]);
  const pieces = [
    stream.subarray(0, 1),
    stream.subarray(1, 30),
    stream.subarray(30, 90),
    stream.subarray(90),
  ];
  const replies = (await tcp(pieces, 3)).map((m) => dnsPacket.decode(m));
  expect(replies.map((r) => [r.id, r.answers?.length])).toEqual([
    [1, 100],
    [2, 2],
    [3, 0],
  ]);
});

test("no octets, over UDP or TCP, keep the next query from its answer", async () => {
  const good = query("mengxiang.substation.test", "A");
  const damaged = fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.nat(good.length - 1), fc.nat(good.length))
    .map(([bytes, at, end]) => {
      const copy = Buffer.from(good);
      copy.set(bytes.subarray(0, copy.length - at), at);
      return copy.subarray(0, end || copy.length);
    });
  const noise = fc.uint8Array({ maxLength: 600 }).map((b) => Buffer.from(b));
  const octets = fc.oneof(damaged, noise);
  fc.assert(
    fc.property(octets, (message) => {
      for (const transport of ["udp", "tcp"] as const) {
        const reply = answer(message, [], transport);
        expect(reply === undefined || reply.subarray(0, 2).equals(message.subarray(0, 2))).toBe(true);
      }
    }),
    { numRuns: 10_000 },
  );

  const found = async () => (await ask("mengxiang.substation.test", "A")).answers?.length;
  const socket = createSocket("udp4");
  for (let burst = 0; burst < 50; burst++) {
    for (const message of fc.sample(octets, 20)) socket.send(message, bed.emulator.dnsPort, "127.0.0.1");
    expect(await found()).toBe(2);
  }
  socket.close();
  for (const message of fc.sample(octets, 100)) await tcp([framed(message)], 0);
  expect(await tcp([framed(good)], 1)).toHaveLength(1);
  expect((await ask("mengxiang.substation.test", "A", { questions: [] })).rcode).toBe("FORMERR");
  expect((await ask("mengxiang.substation.test", "A", { flags: 2 << 11 })).rcode).toBe("NOTIMP");
});

test("a thousand records are listed and found quickly", async () => {
  const zone_id = (await bed.cloudflare.zones.create({ name: "big.test", account: {} })).id;
  const posts = Array.from({ length: 1000 }, (_, i) => ({
    type: "A" as const,
    name: `s${i}`,
    content: "127.0.0.1",
    ttl: 1 as const,
  }));
  await bed.cloudflare.dns.records.batch({ zone_id, posts });
  const began = performance.now();
  const list = await bed.cloudflare.dns.records.list({ zone_id, per_page: 5000 });
  expect(list.result).toHaveLength(1000);
  expect(performance.now() - began).toBeLessThan(1000);
  const queried = performance.now();
  for (let i = 0; i < 200; i++) await resolver.resolve4(`s${i}.big.test`);
  expect((performance.now() - queried) / 200).toBeLessThan(10);
});
