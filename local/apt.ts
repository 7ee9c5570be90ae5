import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";
import { UserError } from "../config/error";
import { readIfPresent, tail } from "./files";
import { type Home } from "./home";
import { type Progress } from "./progress";

/** Whether we may install packages here: on Debian and what derives from it, as root. */
export const hasApt = (): boolean =>
  process.getuid?.() === 0 &&
  /^ID(_LIKE)?=.*\bdebian\b/m.test(readIfPresent("/etc/os-release") ?? "") &&
  onPath("apt-get");

/** Installs Debian packages, with what apt says going to a log and beside the running step. */
export async function aptInstall(packages: readonly string[], home: Home, progress: Progress): Promise<void> {
  const log = path.join(home.log, "apt.log");
  await progress.step(`Installing ${packages[0]} (apt-get)`, async (note) => {
    await apt(["update"], log, note);
    await apt(["install", "--yes", "--no-install-recommends", ...packages], log, note);
  });
}

async function apt(args: readonly string[], log: string, note: (text: string) => void): Promise<void> {
  const out = fs.openSync(log, "a", 0o640);
  const child = spawn("apt-get", args, {
    stdio: ["ignore", "pipe", out],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  const output = child.stdout!;
  output.on("data", (chunk: Buffer) => fs.writeSync(out, chunk));
  readline.createInterface({ input: output }).on("line", note);
  const status = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  fs.closeSync(out);
  if (status !== 0)
    throw new UserError(`apt-get ${args[0]} failed. Mend that and try again.\n  ${log}:${tail(log)}`);
}

/** Whether the system has this program, where root finds its programs too. */
export const onPath = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"].some((folder) =>
    fs.existsSync(path.join(folder, program)),
  );
