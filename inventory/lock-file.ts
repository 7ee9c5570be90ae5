import { linkSync, readFileSync, renameSync, rmSync } from "node:fs";

/**
 * Takes a lock: `claim`, a file of one's own with the name of its owner in it, is linked into place, so that the lock never is without one.
 * @param isDead judges what stands in the lock of another: one whose owner has ended, however it ended, is taken over
 * @returns undefined where it is taken now; else what stands in it
 */
export function takeLock(file: string, claim: string, isDead: (text: string) => boolean): string | undefined {
  for (;;) {
    if (link(claim, file)) return undefined;
    const text = readIfThere(file);
    if (text === undefined) continue; // just now given back
    if (!isDead(text)) return text;
    putAside(file, text, `${claim}.stale`);
  }
}

/** Two that find the same dead lock must not take each other's new one away: only the text that was seen is put away. */
function putAside(file: string, seen: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readIfThere(aside) !== seen) link(aside, file);
  rmSync(aside, { force: true });
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
