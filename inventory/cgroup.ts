import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** What the kernel holds a container to. */
export interface CgroupLimits {
  /** Processes and threads. */
  readonly pidsMax: number | "max";
  /** Bytes. */
  readonly memoryMax: number | "max";
}

/**
 * Reads the limits of a container's control group from the kernel's own files, in the layout of version 1 or 2.
 * @param pid of its first process, as the engine tells
 * @returns undefined where there are no such files: the engine is on another machine, or this one shows no cgroup file system
 */
export async function cgroupLimits(pid: number, containerId: string): Promise<CgroupLimits | undefined> {
  const [own, mounts] = await Promise.all([read(`/proc/${pid}/cgroup`), read("/proc/self/mountinfo")]);
  if (own === undefined || mounts === undefined) return undefined;
  const folder = (controller: string) => controllerFolder(own, mounts, controller);
  const [pids, memory] = [folder("pids"), folder("memory")];
  // A pid of another machine's engine is anything here: only a group that is named after the container is its.
  if (!pids?.path.includes(containerId) || !memory?.path.includes(containerId)) return undefined;
  const [pidsMax, memoryMax] = await Promise.all([
    read(join(pids.path, "pids.max")),
    read(join(memory.path, memory.unified ? "memory.max" : "memory.limit_in_bytes")),
  ]);
  if (pidsMax === undefined || memoryMax === undefined) return undefined; // it has just ended
  return { pidsMax: limit(pidsMax), memoryMax: limit(memoryMax) };
}

interface Folder {
  readonly path: string;
  /** Whether it is one of version 2. */
  readonly unified: boolean;
}

/**
 * Where this process sees the control group of another.
 * @param groups content of the other's `/proc/<pid>/cgroup`: `hierarchy:controllers:path`, and `0::path` for version 2
 * @param mounts content of `/proc/self/mountinfo`
 */
export function controllerFolder(groups: string, mounts: string, controller: string): Folder | undefined {
  const lines = groups
    .split("\n")
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .filter((found) => found !== null);
  const legacy = lines.find(([, controllers = ""]) => controllers.split(",").includes(controller));
  const found = legacy ?? lines.find(([, controllers]) => controllers === "");
  const mount = mounts
    .split("\n")
    .map(parseMount)
    .find(
      (mounted) =>
        mounted &&
        (legacy
          ? mounted.type === "cgroup" && mounted.options.includes(controller)
          : mounted.type === "cgroup2"),
    );
  if (!found || !mount) return undefined;
  const below = relative(mount.root, found[2] ?? "");
  return below.startsWith("..") ? undefined : { path: join(mount.point, below), unified: !legacy };
}

/** `36 35 0:31 <root> <mount point> rw,… shared:9 - <type> <source> <super options>` (proc_pid_mountinfo(5)). */
function parseMount(line: string) {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root = "", point = ""] = before.split(" ");
  const [type = "", , options = ""] = after.split(" ");
  return { root, point, type, options: options.split(",") };
}

/** Version 1 writes "no limit" of memory as the largest multiple of the page size. */
function limit(text: string): number | "max" {
  const value = text.trim() === "max" ? Infinity : Number(text);
  return value > 2 ** 62 ? "max" : value;
}

/** A file of /proc or of a cgroup; undefined where it is not there, its process is gone, or we may not look. */
async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ESRCH", "EACCES", "EPERM", "ENODEV"].includes(code ?? "")) return undefined;
    throw error;
  }
}
