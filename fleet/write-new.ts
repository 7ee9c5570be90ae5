import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a file whole or not at all, and never in another one's place.
 * @throws the system's error: EEXIST where there is such a file
 */
export function writeNew(path: string, text: string): void {
  writeBeside(path, text, (temporary) => linkSync(temporary, path)); // unlike a rename, it replaces nothing
}

/** Writes a file whole or not at all, in the place of what was there before. */
export function replaceFile(path: string, text: string): void {
  writeBeside(path, text, (temporary) => renameSync(temporary, path));
  syncFolder(dirname(path));
}

/** Waits until the disk has what a folder's entries are called. */
export function syncFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeBeside(path: string, text: string, take: (temporary: string) => void): void {
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}`);
  try {
    const file = openSync(temporary, "wx");
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    take(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}
