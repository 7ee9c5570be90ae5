import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a file whole or not at all, and never in another one's place.
 * @throws the system's error: EEXIST where there is such a file
 */
export function writeNew(path: string, text: string): void {
  const temporary = join(dirname(path), `.${randomBytes(6).toString("hex")}`);
  try {
    const file = openSync(temporary, "wx");
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(temporary, path); // unlike a rename, it replaces nothing
  } finally {
    rmSync(temporary, { force: true });
  }
}
