import { readFileSync } from "node:fs";

/**
 * A process that cannot be mistaken for another. A pid alone is recycled; together with the moment of its start
 * (clock ticks since boot) and the boot, it is not.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
  readonly boot: string;
}

/** Of this boot of the machine: no clock has a part in it. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** The identity of a running process, or undefined where there is none (a zombie counts as gone). */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat === undefined ? undefined : parseStat(stat);
  return fields && fields.state !== "Z" && fields.state !== "X"
    ? { pid, startTicks: fields.startTicks, boot: bootId() }
    : undefined;
}

/** Name, state and start time of /proc/<pid>/stat; the name may hold spaces and brackets, so it ends with the last ")". */
export function parseStat(stat: string): { name: string; state: string; startTicks: number } {
  const end = stat.lastIndexOf(")");
  const rest = stat.slice(end + 2).split(" ");
  return {
    name: stat.slice(stat.indexOf("(") + 1, end),
    state: rest[0] ?? "?",
    startTicks: Number(rest[19]),
  };
}

/** Whether this very process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== undefined && now.startTicks === identity.startTicks && now.boot === identity.boot;
}

/** Whether a program of this name may be Pulumi's engine; Nix wraps it under another. */
export const isEngine = (name: string): boolean =>
  /^\.?pulumi(?!-(?:resource|language|analyzer)-)/.test(name);

/** A variable that a process was started with; undefined where it has none of that name, is gone, or is not ours to see. */
export const variableOf = (pid: number, name: string): string | undefined =>
  readProc(`/proc/${pid}/environ`)
    ?.split("\0")
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** A file of /proc; undefined where its process is gone or not ours to see. */
export function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(code ?? "")) return undefined;
    throw error;
  }
}
