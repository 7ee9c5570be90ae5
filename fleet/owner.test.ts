import { spawn, spawnSync } from "node:child_process";
import { parseStat, readProc } from "../inventory/process";
import { until } from "../local/process";
import { exists, stateOf, thisProcess } from "./owner";

test("an owner is this very process: of this host, boot and start", () => {
  const self = thisProcess();
  expect(stateOf(self)).toBe("alive");
  expect(stateOf({ ...self, host: "elsewhere" })).toBe("elsewhere");
  expect(stateOf({ ...self, boot: "an earlier one" })).toBe("dead");
  expect(stateOf({ ...self, pids: "pid:[1]" })).toBe("elsewhere"); // another container of the same name
  expect(stateOf({ ...self, start: self.start - 1 })).toBe("dead");
});

test("a process that has ended is dead, also while its parent has not yet looked", async () => {
  expect(stateOf({ ...thisProcess(), pid: spawnSync("true").pid })).toBe("dead");
  // It ends when its parent is a sleep, which never looks; a shell might have looked.
  const child = 'while read -r name </proc/$$/comm && [ "$name" != sleep ]; do :; done';
  const parent = spawn("sh", ["-c", `${child} & echo $!; exec sleep 30`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const text = await new Promise<string>((resolve) =>
      parent.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    const zombie = Number(text);
    const start = { ...thisProcess(), pid: zombie, start: startOf(zombie) };
    expect(await until(() => stateOf(start) === "dead", 10_000)).toBe(true);
    expect(exists(zombie)).toBe(true);
  } finally {
    parent.kill("SIGKILL");
  }
});

const startOf = (pid: number): number => parseStat(readProc(`/proc/${pid}/stat`) ?? "").startTicks;
