import * as fs from "node:fs";

/** What a process and its descendants used while they were watched. */
export interface Usage {
  /** User and system seconds of all of them. */
  readonly cpuSeconds: number;
  /** The same by program, e.g. "pulumi-resource-docker". */
  readonly cpuByProgram: Readonly<Record<string, number>>;
  /** Largest sum at one moment, in MiB; 0 where memory was not watched. Shared pages count in part (PSS), or once for each process (RSS). */
  readonly peakPss: number;
  readonly peakRss: number;
  /** The former by program, at that moment. */
  readonly peakPssByProgram: Readonly<Record<string, number>>;
  /** What Pulumi's engines wrote to files, in MiB: their checkpoints, again and again. */
  readonly stateMiB: number;
}

/** Pulumi's engine, whose plugins have names of their own. */
const engine = "pulumi";

interface Stat {
  readonly name: string;
  /** One letter; Z is a process that has ended, and was not yet waited for. */
  readonly state: string;
  readonly parent: number;
  /** User and system time, in ticks of 1/100 s. */
  readonly ticks: number;
}

const ticksPerSecond = 100;

/**
 * Watches a process tree by /proc. Time is read every 100 ms, which costs next to nothing. Memory walks page tables, and takes its time from
 * what is measured: ask for it in a run of its own, which looks every 250 ms. What a process does after the last look is missed.
 */
export class Watch {
  readonly #last = new Map<number, Stat>();
  readonly #strangers = new Set<number>();
  readonly #written = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;
  #peakPss = 0;
  #peakRss = 0;
  #peakPssByProgram: Record<string, number> = {};

  constructor(
    private readonly root: number,
    private readonly memory = false,
  ) {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), memory ? 250 : 100);
  }

  stop(): Usage {
    clearInterval(this.#timer);
    const byProgram: Record<string, number> = {};
    for (const { name, ticks } of this.#last.values())
      byProgram[name] = (byProgram[name] ?? 0) + ticks / ticksPerSecond;
    const cpuSeconds = Object.values(byProgram).reduce((sum, seconds) => sum + seconds, 0);
    return {
      ...{ cpuSeconds, cpuByProgram: byProgram, peakPss: this.#peakPss, peakRss: this.#peakRss },
      peakPssByProgram: this.#peakPssByProgram,
      stateMiB: sum([...this.#written.values()]) / 1024 / 1024,
    };
  }

  #sample(): void {
    const alive = this.#tree();
    for (const pid of alive.filter((pid) => this.#last.get(pid)?.name === engine))
      this.#written.set(pid, Math.max(this.#written.get(pid) ?? 0, writtenBy(pid)));
    if (!this.memory) return;
    const sizes = alive.map((pid) => ({ name: this.#last.get(pid)?.name ?? "", ...memoryOf(pid) }));
    this.#peakRss = Math.max(this.#peakRss, sum(sizes.map(({ rss }) => rss)));
    const pss = sum(sizes.map((size) => size.pss));
    if (pss <= this.#peakPss) return;
    this.#peakPss = pss;
    this.#peakPssByProgram = {};
    for (const { name, pss } of sizes)
      this.#peakPssByProgram[name] = (this.#peakPssByProgram[name] ?? 0) + pss;
  }

  /** Pids of the tree that live now. Who was once seen outside of it is not looked at again: processes do not change their family. */
  #tree(): number[] {
    const stats = new Map<number, Stat>();
    for (const name of fs.readdirSync("/proc")) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || this.#strangers.has(pid)) continue;
      const stat = readStat(pid);
      if (stat) stats.set(pid, stat);
    }
    const ours = [...stats.keys()].filter((pid) => this.#last.has(pid) || belongs(pid, this.root, stats));
    const known = new Set(ours);
    for (const pid of stats.keys()) if (!known.has(pid)) this.#strangers.add(pid);
    for (const pid of ours) this.#remember(pid, stats.get(pid) as Stat);
    return ours;
  }

  #remember(pid: number, stat: Stat): void {
    const before = this.#last.get(pid);
    const ended = stat.state === "Z" && before;
    this.#last.set(pid, ended ? { ...stat, name: before.name } : stat);
  }
}

function belongs(pid: number, root: number, stats: ReadonlyMap<number, Stat>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent)
    if (at === root) return true;
  return false;
}

function readStat(pid: number): Stat | undefined {
  const text = readGone(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text, () => programOf(pid));
}

/** A line of /proc/<pid>/stat. The name in it is cut to 15 characters, and may hold spaces and brackets; `fullName` is asked where it says too little. */
export function parseStat(text: string, fullName: () => string | undefined = () => undefined): Stat {
  const close = text.lastIndexOf(")");
  const short = text.slice(text.indexOf("(") + 1, close);
  const rest = text.slice(close + 2).split(" ");
  // Node calls its processes after their first thread.
  const name = short.length === 15 || short === "MainThread" ? (fullName() ?? short) : short;
  return { name, state: rest[0] ?? "?", parent: Number(rest[1]), ticks: Number(rest[11]) + Number(rest[12]) };
}

/** Undefined for a process that has ended and was not yet waited for: it has no command line any more. */
const programOf = (pid: number): string | undefined =>
  readGone(`/proc/${pid}/cmdline`)?.split("\0")[0]?.split("/").at(-1) || undefined;

/** Memory of one process in MiB; nothing where it has just gone. */
export function memoryOf(pid: number): { readonly pss: number; readonly rss: number } {
  const text = readGone(`/proc/${pid}/smaps_rollup`) ?? "";
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) / 1024;
  return { pss: field("Pss"), rss: field("Rss") };
}

/** Bytes that a process has written to files so far, whether they have reached the disk or not; 0 where it has just gone. */
const writtenBy = (pid: number): number =>
  Number(/^write_bytes: (\d+)$/m.exec(readGone(`/proc/${pid}/io`) ?? "")?.[1] ?? 0);

/** CPU seconds of all commands that this process has started and that have ended. */
export function commandSeconds(): number {
  const rest = fs.readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(rest[13]) + Number(rest[14])) / ticksPerSecond;
}

/** Seconds that all cores together have worked since the machine started: everything but idling and waiting for disks. */
export function machineBusySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1] ?? ""
  )
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq) / ticksPerSecond;
}

/** A file of a process that may have ended a moment ago. */
function readGone(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
