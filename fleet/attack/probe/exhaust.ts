import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { cpus } from "node:os";
import { Worker } from "node:worker_threads";
import { failure, Missing } from "./missing";

/** Each of these is bounded by itself, so that it does no harm where nothing else bounds it. */

const mebibyte = 1024 * 1024;

/** In a process of its own, the largest in the container: the one that the kernel ends when the memory is used up. */
export function memory(bytes: number): string {
  const chunks = Math.ceil(bytes / (4 * mebibyte));
  const program = `const kept = []; for (let n = 0; n < ${chunks}; n++) kept.push(Buffer.alloc(${4 * mebibyte}, 1));`;
  const done = spawnSync(process.execPath, ["--eval", program], { timeout: 15_000, encoding: "utf8" });
  if (done.error) throw done.error;
  if (done.signal) throw failure(done.signal, `ended by ${done.signal} before it had ${bytes / mebibyte} MB`);
  if (done.status !== 0) throw failure("ENOMEM", done.stderr.slice(0, 200));
  return `${bytes / mebibyte} MB`;
}

/** A quarter more than allowed is within the measure's own error: a core is handed out in slices of 100 ms. */
export async function cores(allowed: number, milliseconds: number): Promise<string> {
  const there = cpus().length;
  if (allowed * 1.25 >= there)
    throw new Missing(`this host has ${there} cores, and ${allowed} are allowed: it cannot take too many`);
  const threads = Math.min(there, Math.ceil(allowed) + 1);
  const program = `const end = Date.now() + ${milliseconds}; while (Date.now() < end);`;
  const [started, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: threads }, () => once(new Worker(program, { eval: true }), "exit")));
  const { user, system } = process.cpuUsage(before);
  const used = (user + system) / 1000 / (performance.now() - started);
  const said = `${threads} busy threads had ${used.toFixed(2)} cores of ${allowed}`;
  if (used <= allowed * 1.25) throw failure("held", said);
  return said;
}

/** They end by themselves, and all of them with the first that is refused. */
export async function processes(allowed: number, most: number): Promise<string> {
  const sleeper = fs.existsSync("/bin/busybox")
    ? (["/bin/busybox", ["sleep", "5"]] as const)
    : ([process.execPath, ["--eval", "setTimeout(() => {}, 5000)"]] as const);
  const started: ChildProcess[] = [];
  const end = Date.now() + 10_000;
  try {
    while (started.length < most && Date.now() < end) {
      const child = spawn(sleeper[0], [...sleeper[1]], { stdio: "ignore" });
      await once(child, "spawn"); // rejects with the error that is emitted instead
      started.push(child);
    }
  } catch (error) {
    const { code = "?", message } = error as NodeJS.ErrnoException;
    const said = `${message} after ${started.length} more processes, with ${allowed} allowed in all`;
    if (started.length <= allowed) throw failure(code, said);
    return said;
  } finally {
    await Promise.all(started.map(ended)); // what comes next needs room for processes of its own
  }
  return `${started.length} more processes, with ${allowed} allowed in all`;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  if (child.kill("SIGKILL")) await exit;
}

export function fill(file: string, bytes: number): string {
  const chunk = Buffer.alloc(mebibyte, 1);
  const handle = fs.openSync(file, "w");
  try {
    for (let written = 0; written < bytes; written += chunk.length) fs.writeSync(handle, chunk);
    return `${bytes / mebibyte} MB`;
  } finally {
    fs.closeSync(handle);
    fs.unlinkSync(file);
  }
}

export function log(bytes: number): string {
  const lines = Buffer.alloc(mebibyte, `${"x".repeat(1023)}\n`);
  const handle = fs.openSync("/proc/1/fd/1", "w");
  try {
    for (let written = 0; written < bytes;) written += fs.writeSync(handle, lines);
    return `${bytes / mebibyte} MB`;
  } finally {
    fs.closeSync(handle);
  }
}
