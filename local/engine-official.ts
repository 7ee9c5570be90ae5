import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, statSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

import type { EngineChoice } from "./engine";
import type { Progress } from "./progress";

const run = promisify(execFile);

/** How long a machine that could not reach the vendor's site is not asked to try again, in milliseconds. */
const day = 86_400_000;
/** How long a plugin may take to install, in milliseconds. */
const pluginTimeout = 180_000;

/** Installs what is missing of the official plugins. Returns the reason where they cannot be had. */
export async function installPlugins(
  choice: EngineChoice,
  pulumi: string,
  env: Record<string, string>,
  progress: Progress,
): Promise<string | undefined> {
  const home = env["PULUMI_HOME"] ?? "";
  for (const [name, version] of Object.entries(choice.plugins)) {
    if (existsSync(join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`)))
      continue;
    const failure = await unlessFailedToday(choice, `plugin ${name} ${version} in ${home}`, () =>
      progress.step(`Installing the Pulumi plugin ${name} ${version}`, () =>
        run(pulumi, ["plugin", "install", "resource", name, `v${version}`], {
          env: { ...process.env, ...env },
          timeout: pluginTimeout,
        }),
      ),
    );
    if (failure) return `the official plugin ${name} ${version} could not be had: ${failure}`;
  }
  return undefined;
}

/** Fetches the vendor's release of the command into `home`/bin, and checks it against the checksum beside it. */
export async function download(choice: EngineChoice, home: string): Promise<void> {
  const platform = `${process.platform}-${process.arch === "x64" ? "x64" : "arm64"}`;
  const archive = `pulumi-v${choice.version}-${platform}.tar.gz`;
  const sums = await (await get(choice, `pulumi-${choice.version}-checksums.txt`)).text();
  const wanted = sums
    .split("\n")
    .find((line) => line.trim().endsWith(archive))
    ?.split(/\s+/)[0];
  if (!wanted) throw new Error(`the vendor publishes no checksum of ${archive}`);

  const temporary = `${home}.${process.pid}`;
  const file = join(temporary, archive);
  try {
    await mkdir(join(temporary, "bin"), { recursive: true });
    const { body } = await get(choice, archive);
    if (!body) throw new Error(`${archive} is empty`);
    await pipeline(Readable.fromWeb(body), createWriteStream(file));
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    const sum = hash.digest("hex");
    if (sum !== wanted)
      throw new Error(`${archive} has the checksum ${sum}, and the vendor publishes ${wanted}`);
    await run("tar", ["-xzf", file, "-C", join(temporary, "bin"), "--strip-components=1"]);
    await rm(file);
    await rm(home, { recursive: true, force: true });
    await rename(temporary, home);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function get(choice: EngineChoice, name: string): Promise<Response> {
  const waiting = new AbortController();
  const timer = setTimeout(
    () => waiting.abort(new Error(`no answer within ${choice.firstAnswer / 1000} s`)),
    choice.firstAnswer,
  );
  try {
    const response = await fetch(`${choice.releases}/${name}`, { signal: waiting.signal });
    if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
    return response;
  } catch (error) {
    throw waiting.signal.aborted ? waiting.signal.reason : error;
  } finally {
    clearTimeout(timer); // what has begun to arrive may take its time
  }
}

/** Does `work`, unless it failed within the last day. Returns the reason of the failure, or undefined. */
export async function unlessFailedToday(
  choice: EngineChoice,
  what: string,
  work: () => Promise<unknown>,
): Promise<string | undefined> {
  const file = memory(choice, `failure: ${what}`);
  if (!choice.forced && existsSync(file) && Date.now() - statSync(file).mtimeMs < day)
    return readFile(file, "utf8");
  try {
    await work();
    await rm(file, { force: true });
    return undefined;
  } catch (error) {
    const reason = reasonOf(error);
    await mkdir(choice.cache, { recursive: true });
    await writeFile(file, reason);
    return reason;
  }
}

/** What `find` finds, once: the answer is kept for good, under the name of the question. */
export async function remembered(
  choice: EngineChoice,
  what: string,
  find: () => Promise<string>,
): Promise<string> {
  const file = memory(choice, what);
  if (existsSync(file)) return readFile(file, "utf8");
  const value = await find();
  await mkdir(choice.cache, { recursive: true });
  await writeFile(file, value);
  return value;
}

const memory = (choice: EngineChoice, what: string): string =>
  join(choice.cache, `memory-${createHash("sha256").update(what).digest("hex").slice(0, 16)}`);

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error; // fetch says "fetch failed", and why in its cause
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message.trim();
}
