import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { projectRoot } from "../../local/workspace";
import type { Lab } from "./lab";

/**
 * Runs a command again and again until it says that it begins something, and kills it there. What it had started goes on, or dies with it.
 * @throws Error where it ends with another exit code than 0 before it says so
 */
export async function killedAt(lab: Lab, args: readonly string[], words: string): Promise<void> {
  for (let killed = false; !killed;) {
    const child = spawn(process.execPath, [path.join(projectRoot, "cli/bin.js"), ...args], {
      cwd: lab.root,
      env: lab.workspace.env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes(words) || killed) return;
      killed = true;
      child.kill("SIGKILL");
    });
    const [code] = (await once(child, "close")) as [number | null];
    if (!killed && code !== 0) throw new Error(said);
  }
}
