import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache of what is built or fetched once per machine. */
export const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "substation");
