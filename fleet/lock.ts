import { readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { list, stateFolders } from "./state-files";

/** What a self-managed backend writes into the file that locks a stack (pulumi/pulumi, pkg/backend/diy/lock.go). */
const content = z.object({ pid: z.int(), username: z.string(), hostname: z.string(), timestamp: z.string() });

export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
  /** "dead" is proved: same host, and no process of that number that is as old as the lock. Anything else may be alive. */
  readonly owner: "dead" | "alive" | "elsewhere";
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
        owner: ownerOf(lock),
      };
    });
}

/** Removes a lock whose owner is proved dead. */
export function breakLock(lock: Lock): void {
  if (lock.owner !== "dead") throw new Error(`the owner of ${lock.file} is not proved dead`);
  for (const file of [lock.file, `${lock.file}.attrs`]) rmSync(file, { force: true });
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
