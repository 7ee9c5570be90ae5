import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../config/error";
import { isEngine, readProc, variableOf } from "../inventory/process";
import { isSameBackend } from "./state-store";

/**
 * Ends the plugins and language hosts that a killed engine left: they live on for minutes, and finish what they had begun. Only those of this backend, and only where
 * no engine is above them any more, so that what they make has nobody to tell.
 *
 * @param backend as in PULUMI_BACKEND_URL
 * @returns their names
 */
export function endLeftovers(backend: string): readonly string[] {
  if (backend === "") return [];
  const processes = new Map(listProcesses().map((found) => [found.pid, found]));
  const hasEngine = ({ parent }: Process): boolean => {
    const above = processes.get(parent);
    return above !== undefined && (isEngine(above.name) || hasEngine(above));
  };
  const left = [...processes.values()].filter(
    (found) => isHelper(found) && !hasEngine(found) && worksOn(found.pid, backend),
  );
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended by itself
    }
  }
  return left.map(({ name }) => name);
}

/**
 * Waits for commands that move parts of states of this backend, or write whole ones: one whose starter was killed goes on by itself, and writes what it has read before.
 * @throws UserError where one takes longer than a minute
 */
export async function untilWritten(backend: string): Promise<void> {
  for (const end = Date.now() + 60_000; ; await sleep(100)) {
    const writer = listProcesses().find(
      ({ pid, name, args }) =>
        isEngine(name) &&
        ["state move", "stack import"].some((words) => args.join(" ").includes(words)) &&
        worksOn(pid, backend),
    );
    if (!writer) return;
    if (Date.now() > end)
      throw new UserError(
        `process ${writer.pid} writes the state of a stack, and comes to no end (pulumi ${writer.args.join(" ")}): end it, and run this again.`,
      );
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** File name of the program. */
  readonly name: string;
  readonly args: readonly string[];
}

/** What an engine starts: plugins get its address as an argument, and so does the Node process that runs the program. */
function isHelper({ name, args }: Process): boolean {
  const address = /^127\.0\.0\.1:\d+$/;
  if (/^pulumi-(resource|language|analyzer)-/.test(name)) return args.some((arg) => address.test(arg));
  const at = args.indexOf("--engine");
  return (
    at > 0 && address.test(args[at + 1] ?? "") && args.some((arg) => arg.includes("/@pulumi/pulumi/cmd/"))
  );
}

function listProcesses(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = readProc(`/proc/${pid}/stat`);
      const [program = "", ...args] = readProc(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
      if (stat === undefined || program === "") return []; // gone, or a thread of the kernel
      // The name in brackets may hold anything but ends with the last ")"; then come the state and the parent.
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [{ pid: Number(pid), parent, name: basename(program), args }];
    });
}

const worksOn = (pid: number, backend: string): boolean => {
  const works = variableOf(pid, "PULUMI_BACKEND_URL");
  return works !== undefined && isSameBackend(works, backend);
};
