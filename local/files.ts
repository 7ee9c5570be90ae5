import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** What is written only for its owner: secrets, and files that hold one. */
export const secretMode = 0o600;

/**
 * Replaces a file as a whole: after a crash at any moment it holds the old text or the new one, never a part.
 * Does nothing where the text is there already. Returns whether it wrote.
 */
export function writeFileAtomic(
  file: string,
  text: string,
  mode = 0o644,
  owner?: { uid: number; gid: number },
): boolean {
  const before = readIfPresent(file);
  if (before === text) {
    fs.chmodSync(file, mode);
    if (owner) fs.chownSync(file, owner.uid, owner.gid);
    return false;
  }
  const temporary = `${file}.${randomBytes(4).toString("hex")}.new`;
  const fd = fs.openSync(temporary, "wx", mode);
  try {
    fs.fchmodSync(fd, mode); // the umask may have taken bits away
    if (owner) fs.fchownSync(fd, owner.uid, owner.gid);
    fs.writeFileSync(fd, text);
    fs.fsyncSync(fd);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  } finally {
    fs.closeSync(fd);
  }
  fs.renameSync(temporary, file);
  syncFolder(path.dirname(file));
  return true;
}

/** Makes a rename or a new name in `folder` survive a power cut. */
export function syncFolder(folder: string): void {
  const fd = fs.openSync(folder, "r");
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

export function readIfPresent(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that something (a file, a process) is not there. */
export const isMissing = (error: unknown): boolean =>
  ["ENOENT", "ESRCH", "ENOTDIR"].includes(errorCode(error) ?? "");

/** The `code` of a system error ("ENOENT"), of a PostgreSQL error ("28P01"), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** The text of an error, whatever was thrown: of its cause, where that is what says something ("fetch failed" does not). */
export function errorText(error: unknown): string {
  const { message, cause, errors, name } = (error ?? {}) as {
    message?: string;
    cause?: unknown;
    errors?: readonly unknown[];
    name?: string;
  };
  if (cause !== undefined) return errorText(cause);
  if (Array.isArray(errors) && errors.length > 0) return errors.map(errorText).join("; ");
  return message?.trim() || name || String(error);
}

/** The last `count` lines of a log, indented for use below an error's first line; empty where there is no log. */
export function tail(file: string, count = 8): string {
  const lines = (readIfPresent(file) ?? "").trimEnd().split("\n").slice(-count);
  return lines.map((line) => `\n    ${line}`).join("");
}

/** Makes a folder with exactly this mode and owner, whatever the umask. */
export function ensureFolder(folder: string, mode: number, owner?: { uid: number; gid: number }): void {
  fs.mkdirSync(folder, { recursive: true });
  fs.chmodSync(folder, mode);
  if (owner) fs.chownSync(folder, owner.uid, owner.gid);
}
