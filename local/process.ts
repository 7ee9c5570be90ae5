import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../config/error";
import { identify, isAlive, readProc, type ProcessIdentity } from "../inventory/process";
import { errorCode, isMissing } from "./files";

/** Ticks a second in /proc, fixed at 100 for user space on every architecture that Node.js runs on. */
const ticksPerSecond = 100;

/** When the process was started. */
export function startedAt(identity: ProcessIdentity): Date {
  const booted = /^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1];
  return new Date((Number(booted) + identity.startTicks / ticksPerSecond) * 1000);
}

/** The argument list of a process; empty for a kernel thread or a process that is gone or not ours to see. */
export const commandOf = (pid: number): string[] =>
  readProc(`/proc/${pid}/cmdline`)?.split("\0").slice(0, -1) ?? [];

/** The working folder of a process, or undefined where it is gone or not ours to see. */
export function folderOf(pid: number): string | undefined {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    if (isMissing(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

/** The pids of all processes for which `test` holds. */
export const findProcesses = (test: (pid: number) => boolean): number[] =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && test(pid));

export interface DaemonOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and error are appended to this file. */
  readonly log: string;
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: { uid: number; gid: number };
}

/** Starts a process that outlives this one: in a session of its own, with nothing of our terminal. */
export async function startDaemon(options: DaemonOptions): Promise<ProcessIdentity> {
  const log = fs.openSync(options.log, "a", 0o640);
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      detached: true,
      stdio: ["ignore", log, log],
      env: options.env ?? process.env,
      ...options.user,
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    const identity = identify(child.pid!);
    if (!identity) throw new UserError(`${options.command} ended at once. Its log: ${options.log}`);
    return identity;
  } finally {
    fs.closeSync(log);
  }
}

/**
 * Ends exactly this process: each signal in turn, and up to its milliseconds of waiting.
 * Returns false where it had gone before. Throws a UserError where it outlives them all.
 */
export async function stopProcess(
  identity: ProcessIdentity,
  what: string,
  signals: readonly (readonly [NodeJS.Signals, number])[],
): Promise<boolean> {
  if (!isAlive(identity)) return false;
  for (const [signal, patience] of signals) {
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      if (isMissing(error)) return true;
      if (isForbidden(error))
        throw new UserError(
          `${what} (process ${identity.pid}) belongs to another user. Stop it as that user or as root.`,
        );
      throw error;
    }
    if (await until(() => !isAlive(identity), patience)) return true;
  }
  throw new UserError(
    `${what} (process ${identity.pid}) did not end within ${signals.reduce((sum, [, ms]) => sum + ms, 0) / 1000} s. Look at it with: ps -fp ${identity.pid}`,
  );
}

/** Asks until the answer is true; false when `patience` milliseconds have passed. */
export async function until(
  test: () => boolean | Promise<boolean>,
  patience: number,
  pause = 25,
): Promise<boolean> {
  const end = Date.now() + patience;
  for (;;) {
    if (await test()) return true;
    if (Date.now() >= end) return false;
    await sleep(pause);
  }
}

const isForbidden = (error: unknown): boolean => ["EACCES", "EPERM"].includes(errorCode(error) ?? "");
