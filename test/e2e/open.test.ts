import * as fs from "node:fs";
import * as path from "node:path";
import { databaseName, mark } from "../../config/names";
import { Run } from "../../fleet/journal";
import { stateFolder } from "../../fleet/state-files";
import { until } from "../../local/process";
import { Lab } from "./lab";
import { asSuperuser } from "./observe";
import { expectExplained, failures, open, outcomesOf, PoisonedBatch } from "./poisons";

// A batch in three groups, by the command, on the real engine: some of its members are poisoned, and the others do not mind. A shop that never becomes healthy takes a minute to
// be given up, so that one is in test/long/batch.test.ts.

jest.setTimeout(400_000);

let lab: Lab;
let batch: PoisonedBatch;
const east = ["chun", "no-image", "over-tier"];

beforeAll(async () => {
  lab = await Lab.open();
  batch = new PoisonedBatch(
    lab,
    { east, north: ["dong", "full", "taken"], west: ["xia", "unset", "refused"] },
    new Map([
      ["no-image", "bad image"],
      ["over-tier", "over tier"],
      ["full", "database full"],
      ["taken", "name taken by a stranger"],
      ["unset", "secret missing"],
      ["refused", "DNS refusing"],
    ]),
  );
  await batch.prepare();
});
afterAll(async () => {
  await batch?.mend();
  await lab?.close();
});

/** The lock of a group's run, beside the state. */
const lockOf = (group: string): string =>
  path.join(
    stateFolder(lab.workspace.env["PULUMI_BACKEND_URL"]!)!,
    ".substation/locks/substation",
    `${group}.json`,
  );

let first: Readonly<Record<string, string>>;

test("six poisoned members are explained, each at its step, and the others of their groups are open and proved", async () => {
  const file = path.join(lab.home, "report.json");
  const running = open(lab, "--all", "--report", file);
  await until(() => fs.existsSync(lockOf("east")), 60_000);
  // Another run does not wait where it was told so, and says who is at work.
  const second = await open(lab, "chun", "--no-wait");
  const [busy] = second.report.groups;
  expect([second.code, busy?.outcome]).toEqual([2, "busy"]);
  expect(busy?.why).toMatch(
    /^process \d+ on \S+ \(\S+, open, since \S+\) works on the group: run this again/,
  );

  const { code, report } = await running;
  expectExplained(report, batch, "open");
  expect(code).toBe(1);
  expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual(report);
  expect(report.groups.map(({ outcome }) => outcome)).toEqual(["done", "done", "done"]);
  expect(report.members.find(({ id }) => id === "over-tier")).toMatchObject({
    code: "terms/share",
    place: "stacks/east/over-tier.yaml:5:15",
  });
  first = await batch.containers(batch.good);
});

test("mended, the next run opens those six and leaves the others as they are; the one after that changes nothing", async () => {
  await batch.mend();
  const { code, report } = await open(lab, "--all");
  expect(failures(report)).toEqual({});
  expect(outcomesOf(report)).toEqual(
    Object.fromEntries(batch.ids.map((id) => [id, batch.poisoned.has(id) ? "open" : "unchanged"])),
  );
  expect(code).toBe(0);
  expect(await batch.containers(batch.good)).toEqual(first);
  const again = await open(lab, "--all");
  expect([again.code, again.report.counts]).toEqual([
    0,
    { open: 0, unchanged: 9, failed: 0, "not-tried": 0 },
  ]);
});

test("a member whose file is broken stays as it stands, whatever else is opened, and whatever a failed run has left", async () => {
  const before = await batch.containers(east);
  // What the state does not know of is asked of the program, which lays out nothing while a file is broken.
  const owner = { platform: lab.name, group: "east", id: "no-image" };
  await asSuperuser(lab, async (client) => {
    await client.query("CREATE ROLE left_behind");
    await client.query(`COMMENT ON ROLE left_behind IS '${mark(owner)}'`);
  });
  new Run(lab.root).begin("open", owner).end("failed", "its answer was lost");
  fs.writeFileSync(lab.file("east", "chun"), "title: [\n");
  batch.write("no-image", { title: "改名" });
  const { code, report } = await open(lab, "--all");
  expect(code).toBe(1);
  const unchanged = batch.ids.map((id) => [id, "unchanged"]);
  expect(outcomesOf(report)).toEqual({
    ...Object.fromEntries(unchanged),
    chun: "failed",
    "no-image": "open",
  });
  expect(report.groups.find(({ group }) => group === "east")?.repaired).toEqual([
    "left chun for later, since its file has problems",
  ]);
  await asSuperuser(lab, (client) => client.query("DROP ROLE left_behind"));
  const after = await batch.containers(east);
  expect(after).toEqual({ ...before, "no-image": after["no-image"] });
  expect(after["no-image"]).not.toBe(before["no-image"]);
});

test("a database that is gone from its server is not made anew, empty; the others of its group do not mind", async () => {
  batch.write("chun");
  await asSuperuser(lab, (client) =>
    client.query(`DROP DATABASE ${databaseName(lab.name, "dong")} WITH (FORCE)`),
  );
  const { code, report } = await open(lab, "dong", "taken");
  expect([code, outcomesOf(report)]).toEqual([1, { dong: "failed", taken: "unchanged" }]);
  expect(failures(report)["dong"]).toMatchObject({ step: "plan" });
  expect(failures(report)["dong"]?.cause).toMatch(/is gone from its server, and its data with it/);
});
