import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openReportSchema, type OpenReport } from "../../config/open-report";
import type { OpenEvent } from "../../fleet/open/events";
import { runCli } from "../../cli/testing";
import type { FaultOrder } from "../../local/dns/control";
import { emulator } from "../e2e/dns-faults";
import { Lab } from "../e2e/lab";
import { asSuperuser } from "../e2e/observe";
import { failures } from "../e2e/poisons";
import { FarEngine } from "./far-engine";

/** Everything is far away: Docker and DNS take 2 s for what they are asked, PostgreSQL 1 s for each connection; DNS fails for a while, and for one name for ever; and Docker is cut off for a while. */
jest.setTimeout(1_800_000);

let lab: Lab;
let docker: FarEngine;
const groups = { east: ["jia", "yi", "bing"], west: ["ding", "wu", "unnamed"] };

beforeAll(async () => {
  lab = await Lab.open({ prefix: "far" });
  docker = await FarEngine.start(path.join(lab.home, "far.sock"), 1000);
  for (const [group, ids] of Object.entries(groups)) {
    await lab.ensureStack(group);
    for (const id of ids) lab.write(group, id);
  }
});

afterAll(async () => {
  docker?.heal();
  await docker?.stop();
  await lab?.close();
});

const orderFaults = (...faults: FaultOrder[]) => emulator(lab, "PUT", "/faults", faults);

/** Seconds before each connection is looked at by the server. */
const databaseDelay = (seconds: number) =>
  asSuperuser(lab, async (client) => {
    await client.query(`ALTER SYSTEM SET pre_auth_delay = ${seconds}`);
    await client.query("SELECT pg_reload_conf()");
  });

interface Opened {
  readonly events: readonly OpenEvent[];
  readonly report: OpenReport;
}

/** By the command, with Docker over the long way. */
async function open(...args: readonly string[]): Promise<Opened> {
  const env = { ...lab.workspace.env, ...docker.env, NO_COLOR: "1" };
  const { stdout, stderr } = await runCli(["open", ...args, "--no-prove", "--json"], { cwd: lab.root, env });
  lab.output.push(stdout, stderr);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OpenEvent | { report: unknown });
  const last = lines.pop();
  if (!last || !("report" in last)) throw new Error(`there is no report: ${stderr}`);
  return { events: lines as OpenEvent[], report: openReportSchema.parse(last.report) };
}

/** Milliseconds of the longest time in which nothing was told. */
function longestSilence(events: readonly OpenEvent[]): number {
  const times = events.map(({ at }) => Date.parse(at));
  return Math.max(...times.slice(1).map((time, at) => time - times[at]!));
}

test("F38, F21: with seconds in front of everything a batch comes to its end, and tells how it goes; what DNS refuses for a while is tried again, what it refuses for ever fails alone", async () => {
  await databaseDelay(1);
  await orderFaults(
    { effect: { kind: "delay", milliseconds: 2000 } },
    { method: "POST", path: "/dns_records$", seconds: 60, effect: { kind: "status", status: 502 } },
    { method: "POST", path: "/dns_records$", name: "^unnamed\\.", effect: { kind: "status", status: 503 } },
  );
  const { events, report } = await open("--all");
  await orderFaults();
  await databaseDelay(0);
  process.stderr.write(
    `far away: ${report.members.length} in ${report.seconds.toFixed(0)} s, ${events.length} events, at most ${(longestSilence(events) / 1000).toFixed(0)} s without one\n`,
  );
  expect(failures(report)).toEqual({
    unnamed: { step: "name", cause: expect.stringContaining("503") as string },
  });
  // Each part of each member is told of as it begins.
  expect(events.filter(({ event }) => event === "step").length).toBeGreaterThanOrEqual(6 * 4);
  const again = await open("--all");
  expect(again.report.counts).toMatchObject({ open: 1, unchanged: 5, failed: 0 });
});

test("F39: Docker is cut off in mid-opening and comes back after a minute and a half: nothing is lost, and the next run finds nothing to do", async () => {
  lab.write("east", "geng");
  const cut = async () => {
    const journal = path.join(lab.root, ".substation/journal/east/geng.jsonl");
    while (!fs.existsSync(journal) || !fs.readFileSync(journal, "utf8").includes('"step":"container"'))
      await sleep(50);
    docker.cut();
    await sleep(90_000);
    docker.heal();
  };
  const [{ events, report }] = await Promise.all([open("geng"), cut()]);
  const said = events.flatMap((event) =>
    "what" in event && event.event === "group" ? (event.what ?? []) : [],
  );
  process.stderr.write(`cut off for 90 s: ${JSON.stringify([report.counts, failures(report), said])}\n`);
  // Its program asks Docker too, and gives up after a minute.
  if (report.counts.failed > 0)
    expect(failures(report)["geng"]).toMatchObject({
      step: "container",
      cause: expect.stringMatching(/no answer within 60 s/) as string,
    });
  if (report.counts.failed > 0) expect((await open("geng")).report.counts).toMatchObject({ open: 1 });
  const again = await open("--all");
  expect(again.report.counts).toMatchObject({ unchanged: 7, failed: 0, open: 0 });
  expect((await lab.pulumi(["preview", "-s", "east", "--expect-no-changes"])).code).toBe(0);
});
