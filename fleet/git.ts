import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "../config/error";

const run = promisify(execFile);

/**
 * What git prints, in the project's folder, without the last line's end.
 * @throws UserError with git's own words where it fails
 */
export async function git(root: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run("git", ["-C", root, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trimEnd();
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    throw new UserError(`git ${args[0] ?? ""} failed: ${stderr.trim() || message}`);
  }
}
