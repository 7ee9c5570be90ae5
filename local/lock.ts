import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../config/error";
import { errorCode, readIfPresent } from "./files";
import { identify, isAlive, type ProcessIdentity } from "../inventory/process";

/**
 * Runs `work` while no other process of this machine runs under the same lock file. A lock whose owner has died,
 * however it died, is taken over; one whose owner lives is waited for, `patience` milliseconds long.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, patience = 180_000): Promise<T> {
  const self = JSON.stringify(identify(process.pid));
  // Written beside and linked into place: the lock never exists without the name of its owner.
  const claim = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  fs.writeFileSync(claim, self, { flag: "wx", mode: 0o644 });
  const end = Date.now() + patience;
  try {
    while (!acquire(file, claim)) {
      const text = readIfPresent(file);
      const owner = text === undefined ? undefined : parseOwner(text);
      if (text !== undefined && (!owner || !isAlive(owner))) {
        breakLock(file, text);
        continue;
      }
      if (Date.now() > end) {
        throw new UserError(
          `Process ${owner?.pid} is still busy with ${file.replace(/\/[^/]*$/, "")}. Wait for it to finish, or end it, and try again.`,
        );
      }
      await sleep(100);
    }
  } finally {
    fs.rmSync(claim, { force: true });
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function acquire(file: string, claim: string): boolean {
  try {
    fs.linkSync(claim, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Two that find the same stale lock must not break each other's new one: only the text that was seen is put away. */
function breakLock(file: string, seen: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if (readIfPresent(aside) !== seen) acquire(file, aside);
  fs.rmSync(aside, { force: true });
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined; // not ours, or torn: nobody can own it
  }
}
