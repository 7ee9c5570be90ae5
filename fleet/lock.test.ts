import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { breakLock, readLocks } from "./lock";

let state: string;
beforeEach(() => (state = mkdtempSync(join(tmpdir(), "substation-lock-"))));
afterEach(() => rmSync(state, { recursive: true, force: true }));

function lock(content: object): void {
  const folder = join(state, ".pulumi/locks/organization/substation/demo");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "1.json"),
    JSON.stringify({ username: "op", hostname: hostname(), timestamp: new Date().toISOString(), ...content }),
  );
}
const read = () => readLocks(`file://${state}`, "substation", "demo");

test("no lock, another stack's lock, and another backend: nothing", () => {
  expect(read()).toEqual([]);
  lock({ pid: 1 });
  expect(readLocks(`file://${state}`, "substation", "vip")).toEqual([]);
  expect(readLocks("s3://bucket", "substation", "demo")).toEqual([]);
});

test("a lock is dead where no process has its number, or a younger one has", () => {
  const gone = spawnSync("true");
  lock({ pid: gone.pid });
  expect(read()[0]?.owner).toBe("dead");
  const living = spawn("sleep", ["30"]);
  try {
    lock({ pid: living.pid, timestamp: new Date(Date.now() - 60_000).toISOString() });
    const [found] = read();
    expect(found?.owner).toBe("dead");
    if (found) breakLock(found);
    expect(found && existsSync(found.file)).toBe(false);
  } finally {
    living.kill("SIGKILL");
  }
});

test("a lock is kept where its process lives, or belongs to another host", () => {
  lock({ pid: process.pid, timestamp: new Date(Date.now() + 1000).toISOString() });
  const [alive] = read();
  expect(alive?.owner).toBe("alive");
  expect(() => alive && breakLock(alive)).toThrow("not proved dead");
  lock({ pid: 1, hostname: "elsewhere" });
  expect(read()[0]?.owner).toBe("elsewhere");
});
