import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { intruder } from "../questions";
import { shopFile } from "./database";
import { failure, Missing } from "./missing";

const { O_CREAT, O_WRONLY } = fs.constants;

/** Nothing is written, not even cut off: what is behind a name such as /proc/sysrq-trigger would act on it. */
export function openForWriting(file: string): string {
  const existed = fs.existsSync(file);
  fs.closeSync(fs.openSync(file, O_WRONLY | O_CREAT));
  if (!existed) fs.unlinkSync(file);
  return "opened";
}

export function makeFolder(folder: string): string {
  fs.mkdirSync(folder);
  fs.rmdirSync(folder);
  return "made";
}

export function execute(folder: string): unknown {
  const file = join(folder, intruder);
  try {
    fs.writeFileSync(file, "#!/usr/local/bin/node\n", { mode: 0o755 });
    return ended(spawnSync(file, [], { timeout: 5_000 }));
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** @throws Missing where the image has no busybox, or that busybox not this program */
export function busybox(args: readonly string[]): unknown {
  const program = "/bin/busybox";
  if (!fs.existsSync(program)) throw new Missing("the image has no /bin/busybox to try it with");
  const done = spawnSync(program, args, { timeout: 5_000, encoding: "utf8" });
  if (/applet not found/.test(done.stderr)) throw new Missing(`the image's busybox has no ${args[0]}`);
  return ended(done);
}

/** What a program's own words say of the error that ended it, as a code. */
function ended({ error, signal, status, stderr }: SpawnSyncReturns<string | Buffer>): string {
  if (error) throw error;
  if (signal) throw failure(signal, `ended by ${signal}`);
  if (status === 0) return "done";
  const said = String(stderr).trim();
  const [code] = [...getSystemErrorMap().values()].find(([, text]) => said.toLowerCase().includes(text)) ?? [
    "?",
  ];
  throw failure(code, said);
}

export function root(): string {
  const own = process.geteuid!();
  process.seteuid!(0);
  process.seteuid!(own);
  return "became root";
}

const processIds = (): string[] => fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name));

export function strangers(): string[] {
  const own = process.getuid!();
  return processIds().flatMap((pid) => {
    const status = readIfThere(`/proc/${pid}/status`);
    const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
    return uid === undefined || Number(uid) === own ? [] : [`process ${pid} of user ${uid}`];
  });
}

/** Names the places, never the values. */
export function leaks(): string[] {
  const { database, secrets } = shopFile();
  const values = [database.password, ...Object.values(secrets)];
  return processIds()
    .flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`])
    .filter((file) => {
      const text = readIfThere(file);
      return values.some((value) => text.includes(value));
    });
}

export const traces = (folders: readonly string[]): string[] =>
  folders.flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => name.startsWith(intruder))
      .map((name) => join(folder, name)),
  );

/** Processes come and go, and some of what is theirs is closed to everybody. */
function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}
