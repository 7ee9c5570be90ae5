import { spawn, spawnSync } from "node:child_process";
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
  const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 30"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const text = await new Promise<string>((resolve) =>
      parent.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    const zombie = Number(text);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(exists(zombie)).toBe(true);
    expect(stateOf({ ...thisProcess(), pid: zombie })).toBe("dead");
  } finally {
    parent.kill("SIGKILL");
  }
});
