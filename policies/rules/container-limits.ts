import { ceilingOf, isPlatformOwn, processesOf, purposeOf } from "./container";
import type { ContainerFact } from "./facts";
import { rule, type Rule } from "./rule";
import { parseSize, showBytes } from "./sizes";

/** How much a container may use: something, and no more than its tier allows. Where nobody knows a tier, `container-owner` finds fault. */

export const containerMemory = rule("container", {
  id: "container-memory",
  severity: "high",
  description: "Checks that a container's memory is limited, within its tier.",
  references: ["D07", "CIS Docker 5.11", "KICS bb9ac4f7"],
  remedy: "Set memory to what the substation's file and tier say.",
  *check(container, intent) {
    const { name, memoryBytes, live } = container;
    const most = ceilingOf(container, intent)?.memoryBytes ?? Infinity;
    // The kernel's own figure counts for more than what the engine was told, where it can be read.
    for (const [who, bytes] of [
      ["", memoryBytes ?? 0],
      ["in its cgroup ", live?.cgroup?.memoryMax ?? most],
    ] as const) {
      if (bytes === "max" || bytes <= 0) yield `Container ${name} must have a limit of memory`;
      else if (bytes > most)
        yield `Container ${name} must have at most ${showBytes(most)} of memory, but ${who}has ${showBytes(bytes)}`;
    }
  },
});

export const containerSwap = rule("container", {
  id: "container-swap",
  severity: "high",
  description: "Checks that a container cannot swap past its memory's limit.",
  references: ["D07", "CIS Docker 5.11"],
  remedy: "Set memorySwap to the same as memory: it is the sum of both.",
  *check({ name, memoryBytes, memorySwapBytes }) {
    if (memorySwapBytes === undefined || memorySwapBytes <= 0 || memorySwapBytes !== memoryBytes)
      yield `Container ${name} must have no swap`;
  },
});

export const containerCpus = rule("container", {
  id: "container-cpus",
  severity: "high",
  description: "Checks that a container's CPU time is limited, within its tier.",
  references: ["D08", "CIS Docker 5.12", "KICS 6b610c50"],
  remedy: "Set cpus to what the substation's file and tier say.",
  *check(container, intent) {
    const { name, cpus } = container;
    const most = ceilingOf(container, intent)?.cpus ?? Infinity;
    if (!(cpus !== undefined && cpus > 0)) yield `Container ${name} must have a limit of CPU time`;
    else if (cpus > most) yield `Container ${name} must have at most ${most} CPUs, but has ${cpus}`;
  },
});

export const containerProcesses = rule("container", {
  id: "container-processes",
  severity: "high",
  description: "Checks that the kernel limits a container's processes, within its tier.",
  references: ["D09", "CIS Docker 5.29", "KICS 221e0658"],
  remedy:
    'Run the update again: it sets the limit as soon as the container is made. By hand: "docker update --pids-limit <processes> <container>".',
  *check(container, intent) {
    const { name, live } = container;
    // A plan has no input for it. The migration ends before anything could set it: its user's `nproc` holds it (container-user-processes).
    if (!live || purposeOf(container, intent) === "migrate") return;
    const most = ceilingOf(container, intent)?.processes ?? Infinity;
    const set = live.cgroup ? live.cgroup.pidsMax : (live.pidsLimit ?? 0);
    if (set === "max" || set <= 0) yield `Container ${name} must have a limit of processes`;
    else if (set > most) yield `Container ${name} must have at most ${most} processes, but may have ${set}`;
  },
});

export const containerUserProcesses = rule("container", {
  id: "container-user-processes",
  severity: "high",
  description: "Checks that a substation's user has a limit of processes, from a container's first moment.",
  references: ["D09", "CIS Docker 5.19"],
  remedy:
    "Set the ulimit nproc to twice the tier's processes: it counts a user's, and two containers run while one replaces the other.",
  *check(container, intent) {
    // The two of the platform share their users with others of the host, so that a count by user says nothing.
    if (isPlatformOwn(container, intent)) return;
    const most = 2 * (processesOf(container, intent) ?? Infinity);
    yield* ulimitFaults(container, "nproc", most, "processes by user");
  },
});

/** Of one process. */
const mostOpenFiles = 4096;

export const containerOpenFiles = rule("container", {
  id: "container-open-files",
  severity: "medium",
  description: "Checks that the open files of a container's processes are limited.",
  references: ["D09", "CIS Docker 5.19"],
  remedy: `Set the ulimit nofile to ${mostOpenFiles} or less.`,
  *check(container, intent) {
    // The ingress holds the connections of all visitors of all shops.
    if (isPlatformOwn(container, intent)) return;
    yield* ulimitFaults(container, "nofile", mostOpenFiles, "open files a process");
  },
});

export const containerLog = rule("container", {
  id: "container-log",
  severity: "medium",
  description: "Checks that a container's log cannot fill the host's disk.",
  references: ["D22", "CIS Docker 2.13"],
  remedy:
    "Set logDriver to json-file, and in logOpts max-size to the tier's logSize and max-file to 2 at most.",
  *check(container, intent) {
    const { name, log } = container;
    if (log.driver !== "json-file" && log.driver !== "local") {
      yield `Container ${name} must log through json-file or local, but logs through ${log.driver ?? "what the engine gives by default"}`;
      return;
    }
    const size = parseSize(log.options["max-size"]);
    const files = Number(log.options["max-file"]);
    // The provider counts in whole MB.
    const most = Math.ceil((ceilingOf(container, intent)?.logSizeBytes ?? Infinity) / mebibyte) * mebibyte;
    if (!size || !(files > 0)) yield `Container ${name} must rotate its log`;
    else if (size > most || files > 2)
      yield `Container ${name} must keep at most 2 log files of ${showBytes(most)}, but keeps ${files} of ${showBytes(size)}`;
  },
});

export const limitRules: readonly Rule[] = [
  containerMemory,
  containerSwap,
  containerCpus,
  containerProcesses,
  containerUserProcesses,
  containerOpenFiles,
  containerLog,
];

const mebibyte = 1024 * 1024;

/** The last of a name is the one that counts; -1 is without limit. */
function* ulimitFaults(container: ContainerFact, name: string, most: number, what: string): Iterable<string> {
  const limit = container.ulimits.findLast((candidate) => candidate.name === name);
  if (!limit || limit.hard < 0 || limit.soft < 0)
    yield `Container ${container.name} must have a limit of ${what} (ulimit ${name})`;
  else if (Math.max(limit.hard, limit.soft) > most)
    yield `Container ${container.name} must have at most ${most} ${what} (ulimit ${name}), but may have ${Math.max(limit.hard, limit.soft)}`;
}
