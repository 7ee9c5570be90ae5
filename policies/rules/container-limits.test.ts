import { limitRules } from "./container-limits";
import type { ContainerFact } from "./facts";
import {
  asLive,
  container,
  goodContainers,
  ingress,
  limits,
  migration,
  runningContainer,
  stranger,
} from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";
import { parseSize, showBytes } from "./sizes";

const name = "local-mengxiang-shop-abcdefghij";
const megabyte = 1024 * 1024;

const of = (rule: string, when: string, one: ContainerFact, ...says: string[]): Case =>
  finds(
    `container-${rule}`,
    when,
    { container: [one] },
    says.map((text) => `Container ${one.name} ${text}`),
  );
const bad = (rule: string, when: string, change: Partial<ContainerFact>, ...says: string[]): Case =>
  of(rule, when, container(change), ...says);
const live = (change: Partial<NonNullable<ContainerFact["live"]>>) => runningContainer(change);
const nofile = { name: "nofile", soft: 1, hard: 1 };

testCases(limitRules, [
  ...limitRules.map(({ id }) =>
    passes(id, "the containers of a good platform", { container: goodContainers }),
  ),

  bad("memory", "none", { memoryBytes: undefined }, "must have a limit of memory"),
  bad("memory", "Docker's 0, which is none", { memoryBytes: 0 }, "must have a limit of memory"),
  bad(
    "memory",
    "more than the tier",
    { memoryBytes: 193 * megabyte },
    "must have at most 192 MB of memory, but has 193 MB",
  ),
  of(
    "memory",
    "more in the cgroup than the engine says",
    live({ cgroup: { pidsMax: 64, memoryMax: 512 * megabyte } }),
    "must have at most 192 MB of memory, but in its cgroup has 512 MB",
  ),
  of(
    "memory",
    "none in the cgroup",
    live({ cgroup: { pidsMax: 64, memoryMax: "max" } }),
    "must have a limit of memory",
  ),
  of(
    "memory",
    "a migration with more than is fixed",
    migration({ memoryBytes: 257 * megabyte }),
    "must have at most 256 MB of memory, but has 257 MB",
  ),
  of(
    "memory",
    "an ingress with more than is fixed",
    ingress({ memoryBytes: 257 * megabyte }),
    "must have at most 256 MB of memory, but has 257 MB",
  ),
  of(
    "memory",
    "none where no tier is known either",
    container({ memoryBytes: 0 }, stranger),
    "must have a limit of memory",
  ),
  passes("container-memory", "less than the tier", { container: [container({ memoryBytes: megabyte })] }),

  bad("swap", "swap without limit", { memorySwapBytes: -1 }, "must have no swap"),
  bad("swap", "the engine's default of as much again", { memorySwapBytes: 0 }, "must have no swap"),
  bad("swap", "some", { memorySwapBytes: 2 * limits.memoryBytes }, "must have no swap"),
  bad(
    "swap",
    "neither memory nor swap",
    { memoryBytes: undefined, memorySwapBytes: undefined },
    "must have no swap",
  ),

  bad("cpus", "none", { cpus: undefined }, "must have a limit of CPU time"),
  bad("cpus", "Docker's 0, which is none", { cpus: 0 }, "must have a limit of CPU time"),
  bad("cpus", "what is no number", { cpus: NaN }, "must have a limit of CPU time"),
  bad("cpus", "more than the tier", { cpus: 0.75 }, "must have at most 0.5 CPUs, but has 0.75"),

  of(
    "processes",
    "none in the cgroup, whatever the engine says",
    live({ cgroup: { pidsMax: "max", memoryMax: 1 } }),
    "must have a limit of processes",
  ),
  of(
    "processes",
    "more in the cgroup than the tier",
    live({ cgroup: { pidsMax: 65, memoryMax: 1 } }),
    "must have at most 64 processes, but may have 65",
  ),
  of(
    "processes",
    "none at the engine, where the cgroup cannot be read",
    live({ cgroup: undefined, pidsLimit: undefined }),
    "must have a limit of processes",
  ),
  of(
    "processes",
    "Docker's -1, which is none",
    live({ cgroup: undefined, pidsLimit: -1 }),
    "must have a limit of processes",
  ),
  of(
    "processes",
    "more at the engine",
    live({ cgroup: undefined, pidsLimit: 1000 }),
    "must have at most 64 processes, but may have 1000",
  ),
  finds(
    "container-processes",
    "an ingress whose limit was lifted",
    { container: [{ ...asLive(ingress()), live: live({ cgroup: undefined, pidsLimit: 0 }).live }] },
    ["Container local-ingress must have a limit of processes"],
  ),
  passes("container-processes", "a plan, which has no input for it", { container: [container()] }),

  bad(
    "user-processes",
    "none",
    { ulimits: [nofile] },
    "must have a limit of processes by user (ulimit nproc)",
  ),
  bad(
    "user-processes",
    "more than two containers of the tier may have",
    { ulimits: [{ name: "nproc", soft: 1, hard: 129 }] },
    "must have at most 128 processes by user (ulimit nproc), but may have 129",
  ),
  bad(
    "user-processes",
    "a second that takes the first away",
    { ulimits: [...container().ulimits, { name: "nproc", soft: -1, hard: -1 }] },
    "must have a limit of processes by user (ulimit nproc)",
  ),
  of(
    "user-processes",
    "a migration without",
    migration({ ulimits: [] }),
    "must have a limit of processes by user (ulimit nproc)",
  ),

  bad("open-files", "none", { ulimits: [] }, "must have a limit of open files a process (ulimit nofile)"),
  bad(
    "open-files",
    "very many",
    { ulimits: [{ name: "nofile", soft: 4096, hard: 1_048_576 }] },
    "must have at most 4096 open files a process (ulimit nofile), but may have 1048576",
  ),

  bad("log", "no rotation", { log: { driver: "json-file", options: {} } }, "must rotate its log"),
  bad(
    "log",
    "a size without a count of files",
    { log: { driver: "local", options: { "max-size": "10m" } } },
    "must rotate its log",
  ),
  bad(
    "log",
    "Docker's -1, which is without limit",
    { log: { driver: "json-file", options: { "max-size": "-1", "max-file": "2" } } },
    "must rotate its log",
  ),
  bad(
    "log",
    "more than the tier",
    { log: { driver: "json-file", options: { "max-size": "1g", "max-file": "2" } } },
    "must keep at most 2 log files of 10 MB, but keeps 2 of 1024 MB",
  ),
  bad(
    "log",
    "many files",
    { log: { driver: "json-file", options: { "max-size": "10m", "max-file": "9" } } },
    "must keep at most 2 log files of 10 MB, but keeps 9 of 10 MB",
  ),
  bad(
    "log",
    "another driver",
    { log: { driver: "syslog", options: {} } },
    "must log through json-file or local, but logs through syslog",
  ),
  bad(
    "log",
    "the engine's default",
    { log: { driver: undefined, options: {} } },
    "must log through json-file or local, but logs through what the engine gives by default",
  ),
]);

test("sizes are read as Docker and the kernel write them", () => {
  expect(["16777216", "10m", "10MB", "1g", "2k", "5b", "0"].map(parseSize)).toEqual([
    16_777_216,
    10 * megabyte,
    10 * megabyte,
    1024 * megabyte,
    2048,
    5,
    0,
  ]);
  expect([undefined, "", "50%", "-1", "1.5g", "ten"].map(parseSize)).toEqual(Array(6).fill(undefined));
  expect([showBytes(192 * megabyte), showBytes(1_500_000)]).toEqual(["192 MB", "1.4 MB"]);
});

test("the name in these cases is the one that the builders give", () => {
  expect(container().name).toBe(name);
});
