import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../../config/error";
import { asProvisioner } from "../../inventory/database";
import { openReportSchema, type OpenReport } from "../../config/open-report";
import type { Hear } from "../../fleet/open/events";
import { openFleet, type OpenOptions } from "../../fleet/open/open";
import { thisProcess } from "../../fleet/owner";
import { stateFolder } from "../../fleet/state-files";
import type { FaultOrder } from "../../local/dns/control";
import { readInstance } from "../../local/home";
import { startLocal } from "../../local/instance";
import { provisioner } from "../../local/postgres-config";
import { runningServer, socketClient } from "../../local/postgres-process";
import { commandOf, until } from "../../local/process";
import { silent } from "../../local/progress";
import { projectRoot } from "../../local/workspace";
import { emulator } from "./dns-faults";
import { Scene } from "./crash";
import { command, Lab } from "./lab";

/**
 * One opening, into which one fault after the other is put: each is told, leaves nothing that the next run cannot go on from, and the last run opens it. A Docker engine that
 * goes away is in test/long/docker-away.test.ts.
 */
jest.setTimeout(300_000);

let lab: Lab;
let scene: Scene;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "flt" });
  scene = await Scene.of(lab, "shops", "haitang");
});

afterAll(async () => {
  await lab?.close();
});

const none = { containers: [], database: [], marks: 0, records: [] };

async function asSuperuser(...statements: string[]): Promise<void> {
  const client = socketClient(readInstance(lab.home)!)("postgres");
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

test("F19: a provisioner whose password has expired stops the update before anything is made", async () => {
  await asSuperuser(`ALTER ROLE ${provisioner} VALID UNTIL '2020-01-01'`);
  try {
    const { kind, output } = await scene.opening("haitang");
    expect(kind).toBe("failed");
    expect(output).toMatch(/password authentication failed for user|28P01/);
  } finally {
    await asSuperuser(`ALTER ROLE ${provisioner} VALID UNTIL 'infinity'`);
  }
  expect(await scene.objects("haitang")).toEqual(none);
  await scene.expectAtRest();
});

test("F18: a database server that takes no writes is told with its words; no database, container or name is made", async () => {
  await asSuperuser(`ALTER ROLE ${provisioner} SET default_transaction_read_only = on`);
  try {
    const { kind, output } = await scene.opening("haitang");
    expect(kind).toBe("failed");
    expect(output).toContain("read-only transaction");
  } finally {
    await asSuperuser(`ALTER ROLE ${provisioner} RESET default_transaction_read_only`);
  }
  const { containers, database, records } = await scene.objects("haitang");
  expect({ containers, database, records }).toEqual({ containers: [], database: [], records: [] });
  await scene.expectAtRest();
});

test("F25: a state that cannot be written stops the update before anything is made", async () => {
  const state = stateFolder(scene.backend)!;
  await command("mount", ["--bind", state, state]);
  try {
    await command("mount", ["-o", "remount,ro,bind", state]);
    const { kind, output } = await scene.opening("haitang");
    expect(kind).toBe("failed");
    expect(output).toContain("read-only file system");
  } finally {
    await command("umount", [state]);
  }
  expect(await scene.objects("haitang")).toEqual(none);
  await scene.expectAtRest();
});

test("F07: asked to stop, the engine ends what is under way, writes it down, and begins nothing more", async () => {
  const stop = new AbortController();
  const { kind } = await scene.opening("haitang", "database", () => stop.abort(), stop.signal);
  expect(kind).toBe("failed");
  await scene.expectAtRest();
  const { containers, records } = await scene.objects("haitang");
  expect({ containers, records }).toEqual({ containers: [], records: [] });
});

test("F06: a program that is killed ends the update, and what it had made is known", async () => {
  const program = () => scene.processes.filter((pid) => commandOf(pid).includes("--engine"));
  const { kind, output } = await scene.opening("haitang", "seal", () => {
    expect(program().length).toBeGreaterThan(0);
    for (const pid of program()) process.kill(pid, "SIGKILL");
  });
  expect({ kind, output }).toMatchObject({ kind: "failed" });
  await scene.expectAtRest();
});

test("F14, F28: a database server that restarts at once in mid-opening; a second run learns who has the stack", async () => {
  const { home } = readInstance(lab.home)!;
  const seen: unknown[] = [];
  const { kind, output } = await scene.opening("haitang", "volume", async () => {
    await asSuperuser("CHECKPOINT"); // else the main station's sequence skips numbers, as sequences do after a crash
    process.kill(runningServer(home)!.pid, "SIGQUIT"); // pg_ctl stop -m immediate
    const second = lab.repair(scene.group).catch((error: unknown) => seen.push(error));
    expect(await until(() => !runningServer(home), 10_000)).toBe(true);
    await startLocal({ images: false }, silent);
    await second;
  });
  expect(seen).toEqual([expect.any(UserError)]);
  expect(String(seen[0])).toMatch(/locked by a running update: process \d+ of/);
  expect({ kind, output }).toMatchObject({ kind: "updated" }); // what was refused meanwhile is tried again
  await scene.expectAtRest();
});

test("F14: a connection that the server ends while it is used fails its work, and nothing else", async () => {
  const { database } = await lab.platform();
  const work = asProvisioner(database, async (client) => {
    await client.query("SELECT pg_terminate_backend(pg_backend_pid())");
  });
  await expect(work).rejects.toThrow("terminating connection");
  expect((await asProvisioner(database, (client) => client.query("SELECT 1 AS one"))).rows).toEqual([
    { one: 1 },
  ]);
});

const orderFaults = (...faults: FaultOrder[]) => emulator(lab, "PUT", "/faults", faults);

test("F24: a DNS token that may nothing any more ends the opening at the name; database and containers are kept", async () => {
  lab.write(scene.group, "xingchen");
  await orderFaults({ method: "POST", path: "/dns_records$", effect: { kind: "status", status: 403 } });
  const { kind, output } = await scene.opening("xingchen", "record");
  await orderFaults();
  expect(kind).toBe("failed");
  expect(output).toContain("403 Forbidden");
  expect(await scene.objects("xingchen")).toEqual({ ...scene.whole("xingchen"), records: [] });
  await scene.expectAtRest();
});

test("F07: Ctrl-C stops the command after what is under way, a second one no sooner; what a machine that is gone holds is taken over", async () => {
  lab.write(scene.group, "mudan");
  const report = path.join(lab.home, "stopped.json");
  const args = [path.join(projectRoot, "cli/bin.js"), "open", "mudan", "--no-prove", "--report", report];
  const child = spawn(process.execPath, args, {
    ...{ cwd: lab.root, env: { ...lab.workspace.env, NO_COLOR: "1" } },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const presses = [/: database\n/, /no more is begun/];
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (presses[0]?.test(said) && presses.shift()) child.kill("SIGINT");
  });
  const [code] = (await once(child, "close")) as [number | null];
  expect({ code, said }).toEqual({
    code: 2,
    said: expect.stringContaining("SIGINT again: the engines") as string,
  });
  const { groups, counts } = openReportSchema.parse(JSON.parse(fs.readFileSync(report, "utf8")));
  expect(groups).toMatchObject([{ group: scene.group, outcome: "stopped" }]);
  expect(counts).toEqual({ open: 0, unchanged: 0, failed: 0, "not-tried": 1 });
  await scene.expectAtRest();
  const { containers, records } = await scene.objects("mudan");
  expect({ containers, records }).toEqual({ containers: [], records: [] });

  const owner = { ...thisProcess(), host: "gone" };
  const since = new Date().toISOString();
  const locks = path.join(stateFolder(scene.backend)!, ".substation/locks/substation");
  fs.writeFileSync(
    path.join(locks, `${scene.group}.json`),
    JSON.stringify({ owner, user: "li", what: "open", since }),
  );
  const taken = await lab.substation("repair", scene.group, "--take-over", "gone");
  expect([taken.code, taken.stderr]).toEqual([
    0,
    expect.stringMatching(/^took shops over from process \d+ on gone /),
  ]);
});

test("F28, F29: a run whose Pulumi lock is cancelled under its hands keeps a second run out; after all these faults, all are open", async () => {
  const open = (options: OpenOptions, hear?: Hear) =>
    openFleet(lab.workspace, "all", { prove: false, ...options }, hear);
  let second: Promise<OpenReport> | undefined;
  const cancelled = async () => {
    await lab.pulumi(["cancel", "-s", scene.group, "--yes"]);
    expect(await scene.locks()).toEqual([]);
    return open({ wait: false });
  };
  const first = await open({}, (event) => {
    if (event.event === "step" && event.step === "database") second ??= cancelled();
  });
  expect((await second)?.groups).toMatchObject([
    { outcome: "busy", why: expect.stringContaining(`process ${process.pid} on `) as string },
  ]);
  process.stderr.write(`cancelled under its hands: ${JSON.stringify(first.counts)}\n`);
  const { counts } = first.counts.failed > 0 ? await open({}) : first;
  expect(counts).toMatchObject({ failed: 0, "not-tried": 0 });
  for (const id of ["haitang", "xingchen", "mudan"]) expect(await scene.objects(id)).toEqual(scene.whole(id));
  await scene.expectAtRest();
  await scene.expectNoChange();
});
