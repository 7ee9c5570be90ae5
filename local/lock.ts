import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../config/error";
import { takeLock } from "../inventory/lock-file";
import { identify, isAlive, type ProcessIdentity } from "../inventory/process";

/**
 * Runs `work` while no other process of this machine runs under the same lock file. A lock whose owner has died,
 * however it died, is taken over; one whose owner lives is waited for, `patience` milliseconds long.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, patience = 180_000): Promise<T> {
  const self = JSON.stringify(identify(process.pid));
  const claim = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  fs.writeFileSync(claim, self, { flag: "wx", mode: 0o644 });
  const end = Date.now() + patience;
  try {
    for (;;) {
      const held = takeLock(file, claim, isDead);
      if (held === undefined) break;
      if (Date.now() > end) {
        throw new UserError(
          `Process ${parseOwner(held)?.pid} is still busy with ${file.replace(/\/[^/]*$/, "")}. Wait for it to finish, or end it, and try again.`,
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

function isDead(text: string): boolean {
  const owner = parseOwner(text);
  return !owner || !isAlive(owner);
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return undefined; // not ours, or torn: nobody can own it
  }
}
