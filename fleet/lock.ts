import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import type { StateStore } from "./state-store";

/** What a self-managed backend writes into the file that locks a stack (pulumi/pulumi, pkg/backend/diy/lock.go). */
const content = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

export interface Lock {
  /** The backend's key of it, for people. */
  readonly file: string;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
  /** "dead" is proved: same host, and no process of that number that is as old as the lock. Anything else may be alive. */
  readonly owner: "dead" | "alive" | "elsewhere";
  /** As it was read: only this very lock may be broken. */
  readonly text: string;
}

/** The locks on a stack; none where the backend's book-keeping cannot be looked into. */
export async function readLocks(store: StateStore | undefined): Promise<readonly Lock[]> {
  const found = (await store?.locks()) ?? new Map<string, string>();
  return [...found].map(([file, text]) => {
    const lock = content.parse(JSON.parse(text));
    const { pid, username: user, hostname: host, timestamp: since } = lock;
    return { file, pid, user, host, since, owner: ownerOf(lock), text };
  });
}

/** Removes a lock whose owner is proved dead. */
export async function breakLock(store: StateStore, lock: Lock): Promise<void> {
  if (lock.owner !== "dead") throw new Error(`the owner of ${lock.file} is not proved dead`);
  await store.removeLock(lock.file, lock.text);
}

function ownerOf(lock: z.infer<typeof content>): Lock["owner"] {
  if (lock.hostname !== hostname()) return "elsewhere";
  const started = processStarted(lock.pid);
  if (started === undefined) return "dead";
  // The number was given to another process since: one that began after the lock was taken. Two seconds of grace for rounding.
  return started > Date.parse(lock.timestamp) + 2000 ? "dead" : "alive";
}

/** Clock ticks per second in /proc, the same on every Linux that Node runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const ticks = 100;

/** When a process of this host began, in milliseconds since 1970; undefined where there is none, or only its remains. */
function processStarted(pid: number): number | undefined {
  try {
    // After the name, which may hold anything but ends with the last ")": state is field 3, start time field 22, in ticks since boot.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    return (boot + Number(fields[19]) / ticks) * 1000;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}
