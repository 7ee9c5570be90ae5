import * as fs from "node:fs";
import * as path from "node:path";
import type { Client } from "pg";
import { databaseName, migrateRole } from "../../config/names";
import { openReportSchema, type Member, type OpenReport } from "../../config/open-report";
import { setConfig } from "../../fleet/stack-settings";
import { readInstance } from "../../local/home";
import { socketClient } from "../../local/postgres-process";
import { until } from "../../local/process";
import { sandboxChannel } from "./buyer";
import { emulator } from "./dns-faults";
import { Lab, type SubstationFields } from "./lab";
import { asSuperuser, serving } from "./observe";

// A batch in three groups, by the command, on the real engine: some of its members are poisoned, and the others do not mind. A shop that never becomes healthy takes a minute to
// be given up, so that one is in test/long/batch.test.ts.

jest.setTimeout(300_000);

let lab: Lab;
const groups: Readonly<Record<string, readonly string[]>> = {
  east: ["chun", "no-image", "over-tier"],
  north: ["dong", "full", "taken"],
  west: ["xia", "no-secret", "refused"],
};
const good = ["chun", "dong", "xia"];
const poisoned = Object.values(groups)
  .flat()
  .filter((id) => !good.includes(id));
const groupOf = (id: string): string => Object.keys(groups).find((group) => groups[group]!.includes(id))!;
const channels = new Map<string, object>();

function write(id: string, change: Partial<SubstationFields> = {}): void {
  const alipay = channels.get(id) ?? sandboxChannel.alipay();
  channels.set(id, alipay);
  const goods = { modules: { gameCards: { categories: ["steam"] } }, channels: { alipay } };
  lab.write(groupOf(id), id, { ...goods, ...change });
}

beforeAll(async () => {
  lab = await Lab.open();
  // Labs share the machine with each other, and none of them is to be refused for what the others promise.
  for (const key of ["capacityCpus", "capacityMemory"])
    await setConfig(lab.workspace, "platform", key, "1000", false);
  for (const [group, ids] of Object.entries(groups)) {
    for (const id of ids) write(id);
    await lab.ensureStack(group);
  }
  for (const id of [...good, ...poisoned]) if (id !== "no-secret") await lab.sandbox(id);
});
afterAll(() => lab.close());

const saying = (text: string): unknown => expect.stringContaining(text);
const like = (words: RegExp): unknown => expect.stringMatching(words);
const members = (report: OpenReport) => new Map(report.members.map((member) => [member.id, member]));
const outcomes = (report: OpenReport) =>
  Object.fromEntries(report.members.map(({ id, outcome }) => [id, outcome]));
const failure = (member: Member | undefined) =>
  member?.outcome === "failed" ? { step: member.step, cause: member.cause, remedy: member.remedy } : member;
const containers = async (ids: readonly string[]) =>
  Object.fromEntries(
    await Promise.all(ids.map(async (id) => [id, (await serving(lab, groupOf(id), id)).Id] as const)),
  );

async function open(
  ...args: string[]
): Promise<{ code: number; events: readonly { event: string }[]; report: OpenReport }> {
  const { code, stdout, stderr } = await lab.substation("open", ...args, "--json");
  lab.output.push(stdout, stderr);
  const events = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; report?: unknown });
  return { code, events, report: openReportSchema.parse(events.at(-1)?.report) };
}

async function dnsRecord(method: string, at: string, body?: object): Promise<string> {
  const { dns } = await lab.platform();
  const path = new URL(`${dns.api}/zones/${dns.id}/dns_records${at}`).pathname;
  return (await emulator<{ id: string }>(lab, method, path, body)).id;
}

/** Takes every connection of a database as soon as its last grant is made: its migration finds none. */
function flood(id: string, connections: number): { stop(): Promise<void> } {
  const database = databaseName(lab.name, id);
  const held: Client[] = [];
  let stopped = false;
  const isGranted = () =>
    asSuperuser(lab, async (client) => {
      const found = await client.query<{ acl: string | null }>(
        "SELECT datacl::text AS acl FROM pg_database WHERE datname = $1",
        [database],
      );
      return found.rows[0]?.acl?.includes(`${migrateRole(database)}=C`) ?? false;
    });
  const flooding = (async () => {
    await until(async () => stopped || (await isGranted()), 200_000, 10);
    await Promise.all(
      Array.from({ length: stopped ? 0 : connections }, async () => {
        const client = socketClient(readInstance(lab.home)!)(database);
        client.on("error", () => undefined); // the server goes before it
        await client.connect();
        held.push(client);
      }),
    );
  })();
  return {
    async stop() {
      stopped = true;
      await flooding;
      await Promise.all(held.map((client) => client.end()));
    },
  };
}

let first: Readonly<Record<string, string>>;
let taken: string;
let full: { stop(): Promise<void> };

test("six poisoned members are explained, each at its step, and the others of their groups are open and proved", async () => {
  write("no-image", { image: `sha256:${"0".repeat(64)}` });
  write("over-tier", { revenueShare: "99%" });
  taken = await dnsRecord("POST", "", {
    ...{ type: "A", name: "taken.substation.test", content: "192.0.2.7" },
    ...{ ttl: 60, comment: "marketing campaign" },
  });
  const refusal = { method: "POST", name: "^refused\\.", effect: { kind: "status", status: 400 } };
  await emulator(lab, "PUT", "/faults", [refusal]);
  full = flood("full", 12);

  const file = path.join(lab.home, "report.json");
  const running = open("--all", "--report", file);
  await until(() => fs.existsSync(lockOf("east")), 30_000);
  // Another run does not wait where it was told so, and says who is at work.
  const second = await open("chun", "--no-wait");
  expect(second.code).toBe(2);
  expect(second.report.groups).toMatchObject([
    {
      group: "east",
      outcome: "busy",
      why: like(/^process \d+ on .* \(\S+, open, since .*works on the group/),
    },
  ]);

  const { code, report } = await running;
  expect(code).toBe(1);
  expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual(report);
  expect(outcomes(report)).toEqual(
    Object.fromEntries([...good.map((id) => [id, "open"]), ...poisoned.map((id) => [id, "failed"])]),
  );
  expect(report.groups.map(({ outcome }) => outcome)).toEqual(["done", "done", "done"]);
  const found = members(report);
  expect(failure(found.get("over-tier"))).toMatchObject({
    step: "check",
    cause: saying("99%"),
  });
  expect(found.get("over-tier")).toMatchObject({
    code: "terms/share",
    place: "stacks/east/over-tier.yaml:5:15",
  });
  expect(failure(found.get("no-secret"))).toMatchObject({
    step: "check",
    cause: saying("no secret of that name is stored"),
  });
  expect(failure(found.get("taken"))).toMatchObject({
    step: "preflight",
    cause: saying("which belongs to marketing campaign"),
  });
  expect(failure(found.get("no-image"))).toMatchObject({
    step: "migration",
    cause: like(/^Unable to create container with image sha256:0000/),
    remedy: saying("`image`"),
  });
  expect(failure(found.get("full"))).toMatchObject({
    step: "migration",
    cause: saying("too many connections for database"),
  });
  expect(failure(found.get("refused"))).toMatchObject({
    step: "name",
    cause: saying("DNS name is invalid."),
    remedy: saying("The DNS service refused it"),
  });
  first = await containers(good);
});

test("mended, the next run opens those six and leaves the others as they are; the one after that changes nothing", async () => {
  await full.stop();
  await emulator(lab, "PUT", "/faults", []);
  await dnsRecord("DELETE", `/${taken}`);
  for (const id of poisoned) write(id);
  await lab.sandbox("no-secret");
  const { code, report } = await open("--all");
  expect(report.members.filter(({ outcome }) => outcome === "failed" || outcome === "not-tried")).toEqual([]);
  expect(outcomes(report)).toEqual(
    Object.fromEntries([...good.map((id) => [id, "unchanged"]), ...poisoned.map((id) => [id, "open"])]),
  );
  expect(code).toBe(0);
  expect(await containers(good)).toEqual(first);
  const again = await open("--all");
  expect([again.code, again.report.counts]).toEqual([
    0,
    { open: 0, unchanged: 9, failed: 0, "not-tried": 0 },
  ]);
});

test("a member whose file is broken stays as it stands, whatever else of its group is opened", async () => {
  const before = await containers(groups["east"]!);
  fs.writeFileSync(lab.file("east", "chun"), "title: [\n");
  write("no-image", { title: "改名" });
  const { code, report } = await open("--all");
  expect(code).toBe(1);
  expect(outcomes(report)).toMatchObject({ chun: "failed", "no-image": "open", "over-tier": "unchanged" });
  const after = await containers(groups["east"]!);
  expect(after).toEqual({ ...before, "no-image": after["no-image"] });
  expect(after["no-image"]).not.toBe(before["no-image"]);
});

const lockOf = (group: string): string => {
  const backend = lab.workspace.env["PULUMI_BACKEND_URL"]!.replace("file://", "");
  return path.join(backend, ".substation/locks/substation", `${group}.json`);
};
