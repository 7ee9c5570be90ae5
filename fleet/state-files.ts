import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StackName, StateStore } from "./state-store";

/** Folders in which a `file://` backend keeps what belongs to a stack; undefined where it is another kind of backend. */
export function stateFolders(
  backend: string,
  { project, stack }: StackName,
): Record<"stacks" | "locks" | "history", string> | undefined {
  const folder = stateFolder(backend);
  if (folder === undefined) return undefined;
  const root = join(folder, ".pulumi");
  return {
    stacks: join(root, "stacks", project),
    locks: join(root, "locks", "organization", project, stack),
    history: join(root, "history", project, stack),
  };
}

/** The book-keeping of a `file://` backend; undefined where it is another kind of backend. */
export function stateFiles(backend: string, name: StackName): StateStore | undefined {
  const folders = stateFolders(backend, name);
  if (!folders) return undefined;
  return {
    backend,
    locks() {
      const files = list(folders.locks).filter((file) => file.endsWith(".json"));
      const texts = files.flatMap((file) => {
        const path = join(folders.locks, file);
        const text = readIfThere(path);
        return text === undefined ? [] : [[path, text] as const];
      });
      return Promise.resolve(new Map(texts));
    },
    // A lock's name is its owner's alone: no other is ever put in its place.
    removeLock(path) {
      for (const file of [path, `${path}.attrs`]) rmSync(file, { force: true });
      return Promise.resolve();
    },
    removeTorn: () => removeTornFiles(folders, name.stack),
  };
}

/** Where this program's own locks lie: beside the state where that is in a folder, else in the project's. */
export const lockFolder = (backend: string, root: string): string =>
  join(stateFolder(backend) ?? root, ".substation", "locks");

/** The folder of a `file://` backend; undefined where it is another kind of backend. */
export function stateFolder(backend: string): string | undefined {
  if (!backend.startsWith("file://")) return undefined;
  return (backend.slice("file://".length).split("?")[0] ?? "").replace(/^~(?=\/|$)/, homedir());
}

/** How long a file that the backend is about to rename may keep its temporary name, in milliseconds; it takes microseconds. */
const patience = 2000;

/**
 * Removes what a killed write left half done. The backend (gocloud.dev/blob/fileblob) renames whole files into place, but writes the `.attrs` file beside each in place:
 * where that was cut off, it is empty, and every later read of the intact file fails with "EOF". Without it the file is read as ever. A temporary file in the folder of
 * locks counts as a lock.
 *
 * @returns the files' names. To be called where no update runs.
 */
async function removeTornFiles(
  folders: NonNullable<ReturnType<typeof stateFolders>>,
  stack: string,
): Promise<readonly string[]> {
  const files = [
    ...list(folders.stacks)
      .filter((name) => name.startsWith(`${stack}.json`))
      .map((name) => join(folders.stacks, name)),
    ...list(folders.locks).map((name) => join(folders.locks, name)),
    ...list(folders.history).map((name) => join(folders.history, name)),
  ];
  const torn = files.filter((file) => file.endsWith(".attrs") && !isJson(file));
  for (const file of files.filter((name) => name.endsWith(".tmp"))) if (await stays(file)) torn.push(file);
  for (const file of torn) rmSync(file, { force: true });
  return torn;
}

/** Names of the files in a folder; none where there is no folder. */
export function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Undefined for what was given back since its folder was listed. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isJson(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Whether a temporary file is there still when whoever writes it would long have renamed it. */
async function stays(file: string): Promise<boolean> {
  for (;;) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found) return false;
    const age = Date.now() - found.mtimeMs;
    if (age >= patience) return true;
    await sleep(Math.min(patience, patience - age));
  }
}
