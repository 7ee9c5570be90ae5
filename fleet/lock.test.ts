import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

/** A process that calls itself as the engine does, and works on a backend. */
async function engine(backend: string | undefined, name = "pulumi"): Promise<ChildProcess> {
  const program = join(state, name);
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["30"], { env: backend === undefined ? {} : { PULUMI_BACKEND_URL: backend } });
  await once(child, "spawn");
  return child;
}
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

test("a lock is dead where no process has its number, or another program has", async () => {
  lock({ pid: spawnSync("true").pid });
  expect((await read())[0]?.owner).toBe("dead");
  lock({ pid: process.pid, timestamp: ago(-3600) }); // whatever the clocks say: this is no engine
  const [found] = await read();
  expect(found?.owner).toBe("dead");
  if (found) await breakLock(store()!, found);
  expect(found && existsSync(found.file)).toBe(false);
});

const there = "file:///elsewhere";

/** `here` stands for the lock's own backend. */
test.each<[string, number, string | undefined, string, string]>([
  ["as old as the lock, on this backend", 0, "here", "pulumi", "alive"],
  ["on this backend, and by clocks that jumped younger than the lock", 3600, "here", "pulumi", "alive"],
  ["the same, with the backend spelt in another way", 3600, "here/", "pulumi", "alive"],
  ["the same, with another way of writing into the folder", 3600, "here?metadata=skip", "pulumi", "alive"],
  ["younger by the clocks, on a backend that it does not tell", 3600, undefined, "pulumi", "alive"],
  ["under the name that Nix gives it", 3600, "here", ".pulumi-wrapped", "alive"],
  ["as old as the lock, and on a backend that is called otherwise", -10, there, "pulumi", "alive"],
  ["younger than the lock, and on another backend: another's number", 3600, there, "pulumi", "dead"],
])("the lock of an engine %s", async (_, age, backend, name, owner) => {
  const running = await engine(backend?.replace("here", `file://${state}`), name);
  try {
    lock({ pid: running.pid, timestamp: ago(age) });
    const [found] = await read();
    expect(found?.owner).toBe(owner);
    if (owner === "alive") await expect(breakLock(store()!, found!)).rejects.toThrow("not proved dead");
  } finally {
    running.kill("SIGKILL");
    await once(running, "exit");
  }
});

test("a lock that belongs to another host is left to it", async () => {
  lock({ pid: 1, hostname: "elsewhere" });
  expect((await read())[0]?.owner).toBe("elsewhere");
  expect((await readLocks(store(), "another"))[0]?.owner).toBe("elsewhere");
  const [gone] = await readLocks(store(), "elsewhere");
  await breakLock(store()!, gone!); // since a person said that the host is gone
  expect(await read()).toEqual([]);
});

test("what is no lock is nobody's to break, and one that is given back while they are read is none", async () => {
  lock({ pid: 1 });
  const folder = join(state, ".pulumi/locks/organization/substation/demo");
  writeFileSync(join(folder, "1.json"), '{"pid": 1');
  expect((await read())[0]?.owner).toBe("elsewhere");
  rmSync(join(folder, "1.json"));
  symlinkSync(join(folder, "gone"), join(folder, "2.json")); // listed, and not there when it is read
  expect(await read()).toEqual([]);
});
