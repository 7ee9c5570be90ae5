import { UserError } from "../../config/error";
import type { EngineEvent } from "../../fleet/pulumi";
import { carryOut } from "../../fleet/up";
import { asProvisioner } from "../../inventory/database";
import { readInstance } from "../../local/home";
import { startLocal } from "../../local/instance";
import { provisioner } from "../../local/postgres-config";
import { runningServer, socketClient } from "../../local/postgres-process";
import { commandOf, until } from "../../local/process";
import { silent } from "../../local/progress";
import { Scene, steps } from "./crash";
import { command, Lab } from "./lab";

/**
 * One opening, into which one fault after the other is put: each is told, leaves nothing that the next run cannot go on from, and the last run opens it. Slow ones
 * (a Docker engine that goes away, a disk that gets full in mid-batch) are in test/long/faults.test.ts.
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

type Step = keyof typeof steps;

/** Runs an update, and does something once when the engine says that it begins a step. */
async function opening(at?: Step, then: () => void | Promise<void> = () => undefined, signal?: AbortSignal) {
  let did: Promise<void> | undefined;
  const onEvent = ({ resourcePreEvent }: EngineEvent) => {
    if (at === undefined || !resourcePreEvent) return;
    const { type, urn } = resourcePreEvent.metadata;
    if (type === steps[at][0] && urn.endsWith(`::haitang${steps[at][1]}`))
      did ??= Promise.resolve().then(then);
  };
  const done = await carryOut(lab.workspace, scene.group, signal ? { signal } : {}, onEvent);
  lab.output.push(done.output);
  if (at !== undefined && !did) throw new Error(`the update never came to ${at}:\n${done.output}`);
  await did;
  return done;
}

/** Nobody works on the group any more, and nothing of it is unknown to the state. */
async function expectAtRest(): Promise<void> {
  expect(scene.processes).toEqual([]);
  expect(await scene.locks()).toEqual([]);
  expect(await scene.pendingOperations()).toEqual([]);
}

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
    const { kind, output } = await opening();
    expect(kind).toBe("failed");
    expect(output).toMatch(/password authentication failed for user|28P01/);
  } finally {
    await asSuperuser(`ALTER ROLE ${provisioner} VALID UNTIL 'infinity'`);
  }
  expect(await scene.objects("haitang")).toEqual(none);
  await expectAtRest();
});

test("F18: a database server that takes no writes is told with its words; nothing is made but secrets", async () => {
  await asSuperuser(`ALTER ROLE ${provisioner} SET default_transaction_read_only = on`);
  try {
    const { kind, output } = await opening();
    expect(kind).toBe("failed");
    expect(output).toContain("read-only transaction");
  } finally {
    await asSuperuser(`ALTER ROLE ${provisioner} RESET default_transaction_read_only`);
  }
  const { containers, database, records } = await scene.objects("haitang");
  expect({ containers, database, records }).toEqual({ containers: [], database: [], records: [] });
  await expectAtRest();
});

test("F25: a state that cannot be written stops the update before anything is made", async () => {
  const state = scene.backend.slice("file://".length);
  await command("mount", ["--bind", state, state]);
  try {
    await command("mount", ["-o", "remount,ro,bind", state]);
    const { kind, output } = await opening();
    expect(kind).toBe("failed");
    expect(output).toContain("read-only file system");
  } finally {
    await command("umount", [state]);
  }
  expect(await scene.objects("haitang")).toEqual(none);
  await expectAtRest();
});

test("F07: asked to stop, the engine ends what is under way, writes it down, and begins nothing more", async () => {
  const stop = new AbortController();
  const { kind } = await opening("database", () => stop.abort(), stop.signal);
  expect(kind).toBe("failed");
  await expectAtRest();
  const { containers, records } = await scene.objects("haitang");
  expect({ containers, records }).toEqual({ containers: [], records: [] });
});

test("F06: a program that is killed ends the update, and what it had made is known", async () => {
  const program = () => scene.processes.filter((pid) => commandOf(pid).includes("--engine"));
  const { kind, output } = await opening("seal", () => {
    expect(program().length).toBeGreaterThan(0);
    for (const pid of program()) process.kill(pid, "SIGKILL");
  });
  expect({ kind, output }).toMatchObject({ kind: "failed" });
  await expectAtRest();
});

test("F14, F28: a database server that restarts at once in mid-opening; a second run learns who has the stack", async () => {
  const { home } = readInstance(lab.home)!;
  const seen: unknown[] = [];
  const { kind } = await opening("volume", async () => {
    await asSuperuser("CHECKPOINT"); // else the main station's sequence skips numbers, as sequences do after a crash
    process.kill(runningServer(home)!.pid, "SIGQUIT"); // pg_ctl stop -m immediate
    const second = lab.repair(scene.group).catch((error: unknown) => seen.push(error));
    expect(await until(() => !runningServer(home), 10_000)).toBe(true);
    await startLocal({ images: false }, silent);
    await second;
  });
  expect(seen).toEqual([expect.any(UserError)]);
  expect(String(seen[0])).toMatch(/locked by a running update: process \d+ of/);
  process.stderr.write(`with PostgreSQL restarted: ${kind}\n`);
  await expectAtRest();
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

test("after all of it, one repair and one update open it", async () => {
  await lab.repair(scene.group);
  await lab.up(scene.group);
  expect(await scene.objects("haitang")).toEqual(scene.whole("haitang"));
  await scene.expectNoChange();
});
