import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { identify, isAlive, parseStat } from "../inventory/process";
import { commandOf, findProcesses, startDaemon, startedAt, stopProcess, until } from "./process";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "process-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const log = path.join(folder, "log");

test("a process's state and start are read past a name with spaces and brackets", () => {
  const rest = Array.from({ length: 30 }, (_, i) => String(i + 4));
  expect(parseStat(`12 (a) b) (c) S ${rest.join(" ")}`)).toEqual({
    name: "a) b) (c",
    state: "S",
    startTicks: 22,
  });
});

test("a daemon has a session of its own, is found by its command, and ends at its first signal", async () => {
  const daemon = await startDaemon({ command: "sleep", args: ["4321.5"], log, cwd: "/" });
  expect(isAlive(daemon)).toBe(true);
  expect(Date.now() - startedAt(daemon).getTime()).toBeLessThan(10_000);
  expect(fs.readFileSync(`/proc/${daemon.pid}/stat`, "utf8").split(" ")[5]).toBe(String(daemon.pid));
  expect(findProcesses((pid) => commandOf(pid).join(" ") === "sleep 4321.5")).toEqual([daemon.pid]);
  expect(await stopProcess(daemon, "sleep", [["SIGTERM", 5_000]])).toBe(true);
  expect(await stopProcess(daemon, "sleep", [["SIGTERM", 5_000]])).toBe(false);
});

test("a recycled pid is not the process that once had it, and is not killed", async () => {
  const child = spawn("sleep", ["60"]);
  const identity = identify(child.pid!)!;
  for (const other of [
    { ...identity, startTicks: identity.startTicks - 1 },
    { ...identity, boot: "another" },
  ]) {
    expect(isAlive(other)).toBe(false);
    expect(await stopProcess(other, "sleep", [["SIGKILL", 1_000]])).toBe(false);
  }
  expect(isAlive(identity)).toBe(true);
  child.kill("SIGKILL");
  expect(await until(() => !isAlive(identity), 5_000)).toBe(true);
});

test("one that ignores the first signal gets the next; one that ignores them all is named", async () => {
  const stubborn = await startDaemon({
    command: "sh",
    args: ["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"],
    log,
    cwd: "/",
  });
  expect(await until(() => fs.readFileSync(log, "utf8").includes("ready"), 5_000)).toBe(true);
  await expect(stopProcess(stubborn, "The shell", [["SIGTERM", 200]])).rejects.toThrow(
    `The shell (process ${stubborn.pid}) did not end within 0.2 s`,
  );
  expect(
    await stopProcess(stubborn, "The shell", [
      ["SIGTERM", 100],
      ["SIGKILL", 5_000],
    ]),
  ).toBe(true);
});

test("a command that does not exist is an error, not a daemon", async () => {
  await expect(startDaemon({ command: "/nonexistent", args: [], log, cwd: "/" })).rejects.toThrow("ENOENT");
});
