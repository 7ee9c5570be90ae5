import { readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseStat, readProc } from "../inventory/process";
import { exists, isRunning, type OwnerState } from "./owner";
import { list, stateFolders } from "./state-files";

/** What a self-managed backend writes into the file that locks a stack (pulumi/pulumi, pkg/backend/diy/lock.go). */
const content = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
  /** "dead" is proved; anything else may be alive. */
  readonly owner: OwnerState;
}

/** The locks on a stack of a `file://` backend; none where it is another kind of backend. */
export function readLocks(backend: string, project: string, stack: string): readonly Lock[] {
  const folder = stateFolders(backend, project, stack)?.locks;
  if (folder === undefined) return [];
  return list(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = join(folder, name);
      const lock = content.parse(JSON.parse(readFileSync(file, "utf8")));
      return {
        file,
        pid: lock.pid,
        user: lock.username,
        host: lock.hostname,
        since: lock.timestamp,
        owner: ownerOf(lock, backend),
      };
    });
}

/** Removes a lock whose owner is proved dead. */
export function breakLock(lock: Lock): void {
  if (lock.owner !== "dead") throw new Error(`the owner of ${lock.file} is not proved dead`);
  for (const file of [lock.file, `${lock.file}.attrs`]) rmSync(file, { force: true });
}

/**
 * The backend notes a number and a time, and clocks jump: a time alone proves nothing. Dead is a number that no process of this host has, or that another program has now;
 * and, where it is an engine again (numbers begin anew with each boot), one that began after the lock was taken and works on another backend.
 */
function ownerOf(lock: z.infer<typeof content>, backend: string): OwnerState {
  if (lock.hostname !== hostname()) return "elsewhere";
  if (!exists(lock.pid)) return "dead";
  const stat = readProc(`/proc/${lock.pid}/stat`);
  if (stat === undefined) return exists(lock.pid) ? "alive" : "dead"; // another user's, where /proc hides them (hidepid)
  const found = parseStat(stat);
  if (!isRunning(found) || !found.name.startsWith("pulumi")) return "dead";
  // Two seconds of grace for rounding.
  const younger = startedMs(found.startTicks) > Date.parse(lock.timestamp) + 2000;
  const environment = readProc(`/proc/${lock.pid}/environ`)?.split("\0");
  const elsewhere = environment !== undefined && !environment.includes(`PULUMI_BACKEND_URL=${backend}`);
  return younger && elsewhere ? "dead" : "alive";
}

/** Clock ticks per second in /proc, the same on every Linux that Node runs on (proc(5), sysconf(_SC_CLK_TCK)). */
const ticks = 100;

/** When a process of this host began, in milliseconds since 1970, by today's clock. */
function startedMs(startTicks: number): number {
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
  return (boot + startTicks / ticks) * 1000;
}
