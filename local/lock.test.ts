import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "./lock";
import { identify } from "../inventory/process";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lock-"));
const file = path.join(folder, "lock");
afterEach(() => expect(fs.readdirSync(folder)).toEqual([])); // nothing is left behind
afterAll(() => fs.rmdirSync(folder));

test("only one runs at a time, also where a dead owner's lock is taken over by many at once", async () => {
  fs.writeFileSync(file, JSON.stringify({ ...identify(process.pid)!, startTicks: 1 })); // this pid, but an earlier process
  let running = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await sleep(20);
    running--;
  };
  await Promise.all(Array.from({ length: 6 }, () => withLock(file, work)));
  expect(most).toBe(1);
});

test("a torn lock file is nobody's; a living owner is waited for, then named", async () => {
  fs.writeFileSync(file, '{"pid":');
  expect(await withLock(file, () => Promise.resolve(7))).toBe(7);
  fs.writeFileSync(file, JSON.stringify(identify(process.ppid)));
  await expect(withLock(file, () => Promise.resolve(7), 150)).rejects.toThrow(
    `Process ${process.ppid} is still busy with ${folder}`,
  );
  fs.rmSync(file);
});

test("a failure gives the lock back", async () => {
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});
