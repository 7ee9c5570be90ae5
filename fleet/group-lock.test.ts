import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withGroupLock, type LockOptions } from "./group-lock";
import { alone } from "./lifecycle/alone";
import { thisProcess } from "./owner";

// That a lock is taken over by one alone is held in local/lock.test.ts, by the same code; an update of Pulumi itself that is under way, by test/e2e/.

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "substation-lock-"));
  writeFileSync(join(root, "Pulumi.yaml"), "name: substation\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const workspace = (backend = `file://${root}/state`) => ({ root, env: { PULUMI_BACKEND_URL: backend } });
const locked = <T>(work: () => Promise<T>, options: Partial<LockOptions> = {}) =>
  withGroupLock(workspace(), "east", { what: "open", ...options }, work);
const folder = () => join(root, "state/.substation/locks/substation");
const writeLock = (text: string) => {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), "east.json"), text);
};
const lockOf = (owner: object) =>
  JSON.stringify({ owner, user: "li", what: "close", since: "2026-11-23T12:00:00.000Z" });

test("a second run waits and is told who works, or does not wait and does nothing; another group is free", async () => {
  let done = false;
  const first = locked(async () => {
    await sleep(400);
    done = true;
  });
  const holders: string[] = [];
  await sleep(50);
  expect(await locked(() => Promise.reject(new Error("never")), { wait: false })).toEqual({
    kind: "busy",
    holder: expect.stringMatching(new RegExp(`^process ${process.pid} on .*, open, since `)) as unknown,
  });
  expect(await withGroupLock(workspace(), "west", { what: "open" }, () => Promise.resolve(done))).toEqual({
    kind: "done",
    result: false,
  });
  expect(await locked(() => Promise.resolve(done), { onWait: (who) => holders.push(who) })).toEqual({
    kind: "done",
    result: true,
  });
  expect(holders).toHaveLength(1);
  await first;
  expect(readdirSync(folder())).toEqual([]);
});

test("the lock of one that is dead is taken over, and so is a torn one; of another host's nobody knows", async () => {
  const seven = () => locked(() => Promise.resolve(7), { wait: false });
  writeLock(lockOf({ ...thisProcess(), start: 1 }));
  expect(await seven()).toEqual({ kind: "done", result: 7 });
  writeLock('{"owner":');
  expect(await seven()).toEqual({ kind: "done", result: 7 });
  writeLock(lockOf({ ...thisProcess(), host: "elsewhere", start: 1 }));
  expect(await seven()).toEqual({
    kind: "busy",
    holder: `process ${process.pid} on elsewhere (li, close, since 2026-11-23T12:00:00.000Z; if that machine is gone for good: npm run substation -- repair east --take-over elsewhere)`,
  });
});

test("what a host holds that a person says is gone is taken over, and told; never what lives, nor another host's", async () => {
  const took: string[] = [];
  const seven = (gone: string) =>
    locked(() => Promise.resolve(7), { wait: false, gone, onTakeOver: (holder) => took.push(holder) });
  writeLock(lockOf({ ...thisProcess(), host: "elsewhere" }));
  expect(await seven("another")).toMatchObject({ kind: "busy" });
  expect(await seven("elsewhere")).toEqual({ kind: "done", result: 7 });
  expect(took).toEqual([`process ${process.pid} on elsewhere (li, close, since 2026-11-23T12:00:00.000Z)`]);
  writeLock(lockOf({ ...thisProcess(), pids: "pid:[1]" })); // a container of this name that came back
  expect(await seven(hostname())).toEqual({ kind: "done", result: 7 });
  writeLock(lockOf(thisProcess()));
  expect(await seven(hostname())).toMatchObject({ kind: "busy" });
  expect(took).toHaveLength(2);
});

test("the waiting ends after the time that it was given", async () => {
  writeLock(lockOf(thisProcess()));
  const holders: string[] = [];
  const began = performance.now();
  const seven = locked(() => Promise.resolve(7), { wait: 400, onWait: (who) => holders.push(who) });
  expect(await seven).toMatchObject({ kind: "busy", holder: holders[0] });
  expect(performance.now() - began).toBeGreaterThanOrEqual(400);
});

test("the waiting ends with the signal; a failure gives the lock back", async () => {
  writeLock(lockOf(thisProcess()));
  const stop = new AbortController();
  const waiting = locked(() => Promise.reject(new Error("never")), { signal: stop.signal });
  stop.abort();
  expect((await waiting).kind).toBe("busy");
  rmSync(join(folder(), "east.json"));
  await expect(locked(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(readdirSync(folder())).toEqual([]);
});

test("a command that does nothing else says who works there when its waiting is ended", async () => {
  const signal = AbortSignal.abort();
  await locked(async () => {
    await expect(alone(workspace(), "east", "repair", { signal }, () => Promise.resolve(1))).rejects.toThrow(
      new RegExp(`^process ${process.pid} on .* works on east: nothing was done`),
    );
  });
  expect(await alone(workspace(), "east", "repair", {}, () => Promise.resolve(1))).toBe(1);
});
