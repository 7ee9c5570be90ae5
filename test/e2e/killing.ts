import { identify } from "../../inventory/process";
import { commandOf, findProcesses } from "../../local/process";
import { readFileSync, readdirSync } from "node:fs";

/** What is killed: the engine with all that it started, the engine alone, or one plugin while the engine lives on. */
export type Victim = "tree" | "engine" | "docker plugin";

/**
 * Kills with SIGKILL. The engine is stopped first, so that it records nothing of what happens to its children, and starts no more of them.
 * Returns how many processes that were.
 */
export function kill(engine: number, victim: Victim): number {
  if (victim === "engine") return end([engine]);
  if (victim === "tree") {
    process.kill(engine, "SIGSTOP");
    return end([...descendants(engine), engine]);
  }
  const plugin = `pulumi-resource-${victim.split(" ")[0]}`;
  const ended = end(descendants(engine).filter((pid) => commandOf(pid)[0]?.endsWith(plugin)));
  process.kill(engine, "SIGCONT"); // where it was stopped
  return ended;
}

/** Processes that an engine with this backend, and nobody else, has started. */
export const processesOf = (backend: string): number[] =>
  findProcesses(
    (pid) => environmentOf(pid).includes(`PULUMI_BACKEND_URL=${backend}`) && identify(pid) !== undefined,
  );

function end(pids: readonly number[]): number {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended by itself
    }
  }
  return pids.length;
}

/** Children, their children, …: a plugin has a process group of its own, so the tree is walked. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = parentOf(Number(name));
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const parent = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
  return parent === undefined ? undefined : Number(parent);
}

const environmentOf = (pid: number): string[] => read(`/proc/${pid}/environ`)?.split("\0") ?? [];

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined; // gone in the meantime, or another user's
    throw error;
  }
}
