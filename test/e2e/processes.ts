import * as fs from "node:fs";

/** Milliseconds between two looks. */
const interval = 25;

/** How often one process is looked at: it may run another program soon after it was started, and hardly later. */
const looks = 20;

/** Command lines of all processes of this machine, and environments of those that run in containers, from its start to its end. */
export class ProcessWatch {
  readonly commandLines = new Set<string>();
  readonly environments = new Set<string>();
  readonly #timer = setInterval(() => this.#look(), interval);
  #known = new Map<string, number>();

  end(): void {
    clearInterval(this.#timer);
    this.#known.clear();
    this.#look();
  }

  #look(): void {
    const known = new Map<string, number>();
    for (const pid of fs.readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const count = this.#known.get(pid) ?? 0;
      known.set(pid, count + 1);
      if (count >= looks) continue;
      this.commandLines.add(read(pid, "cmdline"));
      if (/docker|containerd/.test(read(pid, "cgroup"))) this.environments.add(read(pid, "environ"));
    }
    this.#known = known;
  }
}

/** One argument or variable a line; nothing where the process has ended since. */
function read(pid: string, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", "\n");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
