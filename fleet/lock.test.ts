import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { breakLock, readLocks } from "./lock";
import { stateStore } from "./state-store";

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
const store = (stack = "demo", backend = `file://${state}`) =>
  stateStore({ PULUMI_BACKEND_URL: backend }, { project: "substation", stack });
const read = () => readLocks(store());

test("no lock, another stack's lock, and another backend: nothing", async () => {
  expect(await read()).toEqual([]);
  lock({ pid: 1 });
  expect(await readLocks(store("vip"))).toEqual([]);
  expect(await readLocks(store("demo", "s3://bucket"))).toEqual([]);
});

test("a lock is dead where no process has its number, or a younger one has", async () => {
  const gone = spawnSync("true");
  lock({ pid: gone.pid });
  expect((await read())[0]?.owner).toBe("dead");
  const living = spawn("sleep", ["30"]);
  try {
    lock({ pid: living.pid, timestamp: new Date(Date.now() - 60_000).toISOString() });
    const [found] = await read();
    expect(found?.owner).toBe("dead");
    if (found) await breakLock(store()!, found);
    expect(found && existsSync(found.file)).toBe(false);
  } finally {
    living.kill("SIGKILL");
  }
});

test("a lock is kept where its process lives, or belongs to another host", async () => {
  lock({ pid: process.pid, timestamp: new Date(Date.now() + 1000).toISOString() });
  const [alive] = await read();
  expect(alive?.owner).toBe("alive");
  await expect(alive && breakLock(store()!, alive)).rejects.toThrow("not proved dead");
  lock({ pid: 1, hostname: "elsewhere" });
  expect((await read())[0]?.owner).toBe("elsewhere");
});
