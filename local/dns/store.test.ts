import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import Cloudflare from "cloudflare";
import { UserError } from "../../config/error";
import { zoneIdOf } from "./names";
import { Store } from "./store";
import { testTokens } from "./testing";
import type { DnsRecord } from "./types";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "substation-dns-"));
});
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL"); // those that a failed test left running
  await rm(home, { recursive: true, force: true });
});

const zone = {
  id: zoneIdOf("substation.test"),
  name: "substation.test",
  created_on: "2026-01-01T00:00:00.000000Z",
};
const record = (id: string) =>
  ({
    id,
    name: `${id}.substation.test`,
    type: "A",
    content: "127.0.0.1",
    ttl: 1,
    tags: [],
    comment: null,
  }) as unknown as DnsRecord;
const put = (store: Store, id: string) => store.change(zone.id, (draft) => draft.put(record(id)));
const ids = (store: Store) => [...(store.get(zone.id)?.records() ?? [])].map((r) => r.id).sort();
const openStore = (foldAfter?: number) =>
  Store.open(home, {
    ...(foldAfter === undefined ? {} : { foldAfter }),
    onError: (error) => {
      throw error;
    },
  });
const journal = () => path.join(home, "journal.jsonl");

test("changes at once are all kept, in order, and the serial rises with each", async () => {
  const store = await openStore(7);
  await store.openZone(zone);
  await Promise.all(Array.from({ length: 50 }, (_, i) => put(store, `r${i}`)));
  expect((await readFile(journal(), "utf8")).split("\n").length).toBeLessThanOrEqual(7); // folded on the way
  const serial = store.get(zone.id)?.serial;
  await store.close();
  await expect(put(store, "late")).rejects.toThrow("takes no more changes");
  const again = await openStore();
  expect([ids(again).length, again.get(zone.id)?.serial]).toEqual([50, serial]);
  expect((await stat(journal())).size).toBe(0); // folded into the snapshot
  await again.close();
});

test("half a last line was never acknowledged and is forgotten; the next change goes behind whole lines", async () => {
  const store = await openStore();
  await store.openZone(zone);
  await put(store, "a");
  await store.close();
  await appendFile(journal(), '{"seq":3,"zone":"');
  const second = await openStore();
  await put(second, "b");
  await second.close();
  const third = await openStore();
  expect(ids(third)).toEqual(["a", "b"]);
  await third.close();
});

test("a crash between the new snapshot and the emptied journal counts nothing twice", async () => {
  const store = await openStore();
  await store.openZone(zone);
  await put(store, "a");
  await store.change(zone.id, (draft) => draft.delete("a"));
  await put(store, "b");
  await store.close();
  const before = await readFile(journal());
  await (await openStore()).close();
  await writeFile(journal(), before);
  const again = await openStore();
  expect(ids(again)).toEqual(["b"]);
  await again.close();
});

test("what cannot be read is never taken for an empty zone", async () => {
  const store = await openStore();
  await store.openZone(zone);
  await put(store, "a");
  await store.close();
  const whole = await readFile(journal(), "utf8");
  await writeFile(journal(), whole.replace('"seq":2', '"seq":3'));
  await expect(openStore()).rejects.toThrow(/journal\.jsonl:2: .*entry 2 is missing/);
  await writeFile(journal(), whole.replace("{", "<"));
  await expect(openStore()).rejects.toThrow(UserError);
  await writeFile(journal(), "");
  await writeFile(path.join(home, "zones.json"), '{"version":1,');
  await expect(openStore()).rejects.toThrow(/zones\.json: the DNS zones cannot be read/);
});

/** The emulator as a process of its own, once it is ready. */
async function start(): Promise<{ child: ChildProcess; client: Cloudflare; dnsPort: number }> {
  const main = path.join(__dirname, "main.ts");
  const child = spawn(
    process.execPath,
    ["--require", path.resolve("scripts/typescript.cjs"), main, "--home", home],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), "line", {
    signal: AbortSignal.timeout(30_000),
  })) as [string];
  const ready = JSON.parse(line) as { apiUrl: string; dnsPort: number };
  const client = new Cloudflare({ apiToken: testTokens.all, baseURL: ready.apiUrl, maxRetries: 0 });
  return { child, client, dnsPort: ready.dnsPort };
}

async function configure(mode = 0o600, more: object = {}): Promise<void> {
  const config = {
    apiPort: 0,
    dnsPort: 0,
    zones: [{ name: "substation.test" }],
    tokens: [{ value: testTokens.all, zones: "all", access: "edit" }],
    rateLimit: { requests: 1_000_000, windowSeconds: 300 },
    ...more,
  };
  await writeFile(path.join(home, "config.json"), JSON.stringify(config));
  await chmod(path.join(home, "config.json"), mode);
}

test("killed at any moment, the process has every acknowledged change when it starts again", async () => {
  await configure();
  const expected = new Set<string>();
  const unknown = new Set<string>();
  for (let round = 0; round < 6; round++) {
    const { child, client } = await start();
    const listed = await client.dns.records.list({ zone_id: zone.id, per_page: 5_000_000 });
    const found = new Set(listed.result.map((r) => r.name.split(".")[0] ?? ""));
    for (const name of expected) expect([name, found.has(name)]).toEqual([name, true]);
    for (const name of found) expect([name, expected.has(name) || unknown.has(name)]).toEqual([name, true]);
    for (const name of found) expected.add(name);
    unknown.clear();
    if (round === 5) {
      child.kill("SIGTERM");
      expect(await once(child, "exit")).toEqual([0, null]);
      break;
    }
    const exited = once(child, "exit");
    setTimeout(() => child.kill("SIGKILL"), 60 + round * 70);
    const write = async (name: string) => {
      unknown.add(name);
      const made = await client.dns.records.create({
        zone_id: zone.id,
        type: "A",
        name,
        content: "127.0.0.1",
        ttl: 1,
      });
      unknown.delete(name);
      expected.add(name);
      return made;
    };
    let dead = false;
    void exited.then(() => (dead = true));
    for (let i = 0; !dead; i++) {
      const names = Array.from({ length: 8 }, (_, k) => `r${round}-${i}-${k}`);
      await Promise.allSettled(names.map(write)); // those under way when it dies fail: neither kept nor lost is wrong
    }
    await exited;
  }
  expect(expected.size).toBeGreaterThan(20);
}, 90_000);

test("dig asks the process and gets what the API was told, over UDP and TCP", async () => {
  try {
    execFileSync("dig", ["-v"], { stdio: "ignore" });
  } catch {
    return; // a machine without dig: dns.test.ts asks the same questions through other resolvers
  }
  await configure();
  const { child, client, dnsPort } = await start();
  await client.dns.records.create({
    zone_id: zone.id,
    type: "A",
    name: "mengxiang",
    content: "127.0.0.7",
    ttl: 1,
  });
  const dig = (...more: string[]) =>
    execFileSync(
      "dig",
      ["@127.0.0.1", "-p", String(dnsPort), "mengxiang.substation.test", "+tries=1", ...more],
      { encoding: "utf8" },
    );
  expect(dig("+short")).toBe("127.0.0.7\n");
  expect(dig("+tcp", "+short")).toBe("127.0.0.7\n");
  expect(dig("+nocookie", "+comments")).toMatch(/status: NOERROR[^]*flags: qr aa rd/);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
}, 30_000);

test("a wrong configuration is said in a sentence that shows no token", async () => {
  const fail = () => {
    try {
      execFileSync(
        process.execPath,
        [
          "--require",
          path.resolve("scripts/typescript.cjs"),
          path.join(__dirname, "main.ts"),
          "--home",
          home,
        ],
        {
          encoding: "utf8",
          stdio: "pipe",
        },
      );
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
    throw new Error("it started");
  };
  expect(fail()).toContain("config.json is missing");
  await configure(0o644);
  expect(fail()).toMatch(/others may read it. Run: chmod 600/);
  await configure(0o600, {
    tokens: [{ value: "short-secret", zones: "all", access: "edit" }],
    dnsPort: 70_000,
  });
  const text = fail();
  expect(text).toContain("dnsPort: ");
  expect(text).toContain("tokens.0.value: must be 40 or more letters");
  expect(text).not.toContain("short-secret");
  expect(text).not.toContain("    at ");
}, 30_000);
