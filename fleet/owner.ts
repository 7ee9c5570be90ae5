import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import { bootId, identify, parseStat, readProc } from "../inventory/process";

/** Who holds a lock or writes a journal: a process of a host, which no other can be mistaken for, whatever the clocks say. */
export const owner = z.strictObject({
  host: z.string(),
  pid: z.int(),
  /** Clock ticks from the boot to the process's start. */
  start: z.int(),
  /** Id of the host's boot (/proc/sys/kernel/random/boot_id). */
  boot: z.string(),
  /** Its namespace of pids: two containers may have the same name, and each a process of this number. */
  pids: z.string(),
});
export type Owner = z.infer<typeof owner>;

/** "dead" is proved; "alive" is the very process, or one that cannot be looked at; what happens "elsewhere" cannot be seen from here. */
export type OwnerState = "dead" | "alive" | "elsewhere";

const pids = (): string => readlinkSync("/proc/self/ns/pid");

/** This very process. */
export function thisProcess(): Owner {
  const self = identify(process.pid);
  if (!self) throw new Error("this process is not in /proc");
  return { host: hostname(), pid: self.pid, start: self.startTicks, boot: self.boot, pids: pids() };
}

/**
 * Dead are: what ran before the host's last boot; a number that no process has; one that another process was given since.
 * @param gone a host of which a person says that it is gone for good: what cannot be seen of it is dead too
 */
export function stateOf({ host, pid, start, boot, pids: space }: Owner, gone?: string): OwnerState {
  const unseen = host === gone ? "dead" : "elsewhere";
  if (host !== hostname()) return unseen;
  if (boot !== bootId()) return "dead";
  if (space !== pids()) return unseen;
  if (!exists(pid)) return "dead";
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return exists(pid) ? "alive" : "dead"; // another user's, where /proc hides them (hidepid)
  const found = parseStat(stat);
  return isRunning(found) && found.startTicks === start ? "alive" : "dead";
}

export const isRunning = ({ state }: { readonly state: string }): boolean => state !== "Z" && state !== "X";

/** Whether any process has this number, seen or hidden. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    return true; // EPERM: it belongs to another user
  }
}

/** How a person says that a host is gone for good. */
export const takeOverCommand = (stack: string, host: string): string =>
  `npm run substation -- repair ${stack} --take-over ${host}`;

/** For people. */
export const ownerText = ({ pid, host }: Owner): string => `process ${pid} on ${host}`;
