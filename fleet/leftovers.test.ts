import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { endLeftovers, untilWritten } from "./leftovers";

const backend = "file:///nowhere/substation-leftovers-test";
const wait = "setTimeout(() => {}, 30_000); console.log('here')";
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));

/** A process that looks like a helper of an engine. */
async function start(argv0: string, args: string[], code = wait, url = backend): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", code, ...args], {
    argv0,
    env: { PULUMI_BACKEND_URL: url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}
const running = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

test("plugins and programs without an engine are ended; others, other backends' and what merely has the name are not", async () => {
  const plugin = await start("/x/pulumi-resource-docker", ["127.0.0.1:1234"]);
  const host = await start("pulumi-language-nodejs", ["127.0.0.1:1234"]);
  const program = await start(
    "node",
    ["/x/@pulumi/pulumi/cmd/run", "--engine", "127.0.0.1:1234"],
    wait,
    `${backend}?metadata=skip`,
  );
  const kept = [
    await start("pulumi-resource-docker", ["help"]),
    await start("some-server", ["127.0.0.1:1234"]),
    await start("pulumi-resource-docker", ["127.0.0.1:1234"], wait, "file:///elsewhere"),
  ];
  const gone = Promise.all([plugin, host, program].map((child) => once(child, "exit")));
  expect([...endLeftovers(backend)].sort()).toEqual([
    "node",
    "pulumi-language-nodejs",
    "pulumi-resource-docker",
  ]);
  await gone;
  expect(kept.every(running)).toBe(true);
  expect(endLeftovers("")).toEqual([]);
});

test("what has an engine above it is left alone", async () => {
  const below = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(wait)}, "127.0.0.1:1"], { argv0: "pulumi-resource-random", stdio: "inherit" }); ${wait.replace("console.log('here')", "")}`;
  const engine = await start("pulumi", [], below);
  expect(endLeftovers(backend)).toEqual([]);
  engine.kill("SIGKILL");
  await once(engine, "exit");
  expect(endLeftovers(backend)).toEqual(["pulumi-resource-random"]);
});

test("what writes a state of this backend is waited for, and nothing else is", async () => {
  await start("pulumi", ["stack", "export"]);
  await start("pulumi", ["state", "move"], wait, "file:///elsewhere");
  await untilWritten(backend);
  const writer = await start("pulumi", ["state", "move", "--yes"]);
  let isWritten = false;
  const waiting = untilWritten(backend).then(() => (isWritten = true));
  await sleep(300);
  expect(isWritten).toBe(false);
  writer.kill("SIGKILL");
  await waiting;
});
