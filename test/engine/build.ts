import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "../../config/error";
import { cacheFolder } from "../../local/cache";
import type { Progress } from "../../local/progress";
import { findGo } from "./go";

/** The programs that this folder can build, one Go module each. */
export type ProgramName = "pulumi" | "langhost" | "providers" | "traefik" | "socketproxy" | "terraform-docker";

interface Program {
  /** Package to build, seen from the module's folder. */
  readonly package: string;
  readonly flags?: readonly string[];
  readonly ldflags?: string;
  /** Minutes that a first build takes on two cores. */
  readonly minutes: number;
}

const programs: Record<ProgramName, Program> = {
  pulumi: {
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ldflags: "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
    minutes: 4,
  },
  langhost: { package: ".", minutes: 0.5 },
  providers: { package: ".", flags: ["-tags", "no_compose"], minutes: 3 },
  traefik: {
    package: "github.com/traefik/traefik/v3/cmd/traefik",
    ldflags: "-X github.com/traefik/traefik/v3/pkg/version.Version=3.6.12",
    minutes: 5,
  },
  socketproxy: { package: ".", minutes: 0.2 },
  // For the benchmark alone.
  "terraform-docker": {
    package: "github.com/terraform-providers/terraform-provider-docker",
    flags: ["-tags", "no_compose"],
    minutes: 2,
  },
};

/**
 * Builds one of the programs from Go modules, unless this user's cache has it already, and returns the path of the
 * binary. What is cached is keyed by the program's sources and flags, so that it is built once per machine and not
 * once per checkout. Two builds at once are safe: the second waits for the first.
 */
export async function buildProgram(name: ProgramName, progress: Progress): Promise<string> {
  const cache = cacheFolder();
  const binary = join(cache, "engine", `${name}-${programKey(name)}`);
  if (existsSync(binary)) return binary;

  await mkdir(join(cache, "engine"), { recursive: true });
  const { minutes } = programs[name];
  const duration = minutes < 1 ? "under a minute" : `about ${minutes} minutes`;
  await progress.step(
    `Building ${name} from Go modules (once per machine, ${duration} on two cores)`,
    (note) =>
      locked(`${binary}.lock`, note, async () => {
        if (existsSync(binary)) return;
        const temporary = `${binary}.${process.pid}`;
        try {
          await goBuild(name, temporary, cache, progress, note);
          await rename(temporary, binary);
        } finally {
          await rm(temporary, { force: true });
        }
      }),
  );
  return binary;
}

/** A short hash of all that goes into a program. Tests are not part of it. */
export function programKey(name: ProgramName): string {
  const hash = createHash("sha256").update(JSON.stringify(goArguments(name, "")));
  const folder = join(__dirname, name);
  for (const file of sources(folder)) hash.update(`\0${relative(folder, file)}\0`).update(readFileSync(file));
  return hash.digest("hex").slice(0, 16);
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path);
      const counts = /\.go$|^go\.(mod|sum)$/.test(entry.name) && !entry.name.endsWith("_test.go");
      return counts ? [path] : [];
    });
}

function goArguments(name: ProgramName, output: string): string[] {
  const { package: target, flags = [], ldflags = "" } = programs[name];
  return ["build", "-v", "-trimpath", "-ldflags", `-s -w ${ldflags}`.trim(), ...flags, "-o", output, target];
}

async function goBuild(
  name: ProgramName,
  output: string,
  cache: string,
  progress: Progress,
  note: (text: string) => void,
): Promise<void> {
  const folder = join(__dirname, name);
  const needed = /^go (\S+)$/m.exec(await readFile(join(folder, "go.mod"), "utf8"))?.[1];
  if (!needed) throw new Error(`${folder}/go.mod names no Go version`);
  const go = await findGo(needed, cache, progress);
  const child = spawn(go.command, goArguments(name, output), {
    cwd: folder,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", ...go.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const lines: string[] = [];
  let compiled = 0;
  createInterface(child.stderr).on("line", (line) => {
    // `go build -v` prints the path of each package that it compiles; what else it prints has spaces in it.
    if (!line.includes(" ")) compiled++;
    lines.push(line);
    note(`${compiled} packages compiled, at ${line}`);
  });
  const code = await ended;
  if (code !== 0) {
    throw new UserError(
      `Building ${name} from ${basename(folder)}/go.mod failed (go build ended with ${code ?? "a signal"}). ` +
        `Its last words:\n${lines.slice(-12).join("\n")}\n` +
        `It needs the Go module proxy (GOPROXY) and 2 GB of free disk space; run this again once they are there.`,
    );
  }
}

/** Runs `work` while holding the lock file; a lock whose holder has died is taken over. */
async function locked(lock: string, note: (text: string) => void, work: () => Promise<void>): Promise<void> {
  while (!(await take(lock))) {
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    // An empty lock is one that is just being written; it is dead only if it stays so.
    if (holder ? !alive(holder) : await stays(lock)) {
      await rm(lock, { force: true });
      continue;
    }
    note(`process ${holder} is building it; waiting`);
    await sleep(500);
  }
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function stays(lock: string): Promise<boolean> {
  await sleep(500);
  return (await readFile(lock, "utf8").catch(() => "gone")) === "";
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
