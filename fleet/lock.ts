import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { isEngine, parseStat, readProc, variableOf } from "../inventory/process";
import { exists, isRunning, type OwnerState } from "./owner";
import { isSameBackend, type StateStore } from "./state-store";

/** What a self-managed backend writes into the file that locks a stack (pulumi/pulumi, pkg/backend/diy/lock.go). */
const content = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

export interface Lock {
  /** The backend's key of it, for people. */
  readonly file: string;
  /** 0 where the lock cannot be read. */
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
  /** "dead" is proved; anything else may be alive. */
  readonly owner: OwnerState;
  /** As it was read: only this very lock may be broken. */
  readonly text: string;
}

/**
 * The locks on a stack; none where the backend's book-keeping cannot be looked into.
 * @param gone a host of which a person says that it is gone for good: its locks are dead ones
 */
export async function readLocks(store: StateStore | undefined, gone?: string): Promise<readonly Lock[]> {
  if (!store) return [];
  return [...(await store.locks())].map(([file, text]) => {
    const lock = parse(text);
    // Nobody knows whose it is, so nobody may break it.
    if (!lock) return { file, text, pid: 0, user: "nobody", host: "nowhere", since: "", owner: "elsewhere" };
    const { pid, username: user, hostname: host, timestamp: since } = lock;
    return { file, pid, user, host, since, owner: ownerOf(lock, store.backend, gone), text };
  });
}

/** Undefined for what is no lock, or the half of one. */
function parse(text: string): z.infer<typeof content> | undefined {
  try {
    return content.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes a lock whose owner is proved dead. */
export async function breakLock(store: StateStore, lock: Lock): Promise<void> {
  if (lock.owner !== "dead") throw new Error(`the owner of ${lock.file} is not proved dead`);
  await store.removeLock(lock.file, lock.text);
}

/**
 * The backend notes a number and a time, and clocks jump: a time alone proves nothing. Dead is a number that no process of this host has, or that another program has now;
 * and, where it is an engine again (numbers begin anew with each boot), one that began after the lock was taken and works on another backend.
 */
function ownerOf(lock: z.infer<typeof content>, backend: string, gone: string | undefined): OwnerState {
  if (lock.hostname !== hostname()) return lock.hostname === gone ? "dead" : "elsewhere";
  if (!exists(lock.pid)) return "dead";
  const stat = readProc(`/proc/${lock.pid}/stat`);
  if (stat === undefined) return exists(lock.pid) ? "alive" : "dead"; // another user's, where /proc hides them (hidepid)
  const found = parseStat(stat);
  if (!isRunning(found) || !isEngine(found.name)) return "dead";
  // Two seconds of grace for rounding.
  const younger = startedMs(found.startTicks) > Date.parse(lock.timestamp) + 2000;
  const works = variableOf(lock.pid, "PULUMI_BACKEND_URL");
  const elsewhere = works !== undefined && !isSameBackend(works, backend); // one that was logged in names none
  return younger && elsewhere ? "dead" : "alive";
}

/** Clock ticks per second in /proc, the same on every Linux that Node runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const ticks = 100;

/** When a process of this host began, in milliseconds since 1970, by today's clock. */
function startedMs(startTicks: number): number {
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
  return (boot + startTicks / ticks) * 1000;
}
