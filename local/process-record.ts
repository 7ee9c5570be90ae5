import * as fs from "node:fs";
import * as path from "node:path";
import { readIfPresent, secretMode, writeFileAtomic } from "./files";
import { type Home } from "./home";
import type { ProcessIdentity } from "../inventory/process";

/** Remembers a process that outlives us, so that a later command finds just this one. */
export const writeProcess = (home: Home, name: string, identity: ProcessIdentity): boolean =>
  writeFileAtomic(path.join(home.run, `${name}.json`), JSON.stringify(identity), secretMode);

/** The process that was remembered; it may have ended since. */
export function readProcess(home: Home, name: string): ProcessIdentity | undefined {
  const text = readIfPresent(path.join(home.run, `${name}.json`));
  return text === undefined ? undefined : (JSON.parse(text) as ProcessIdentity);
}

export const forgetProcess = (home: Home, name: string): void =>
  fs.rmSync(path.join(home.run, `${name}.json`), { force: true });
