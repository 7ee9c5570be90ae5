import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

import { assembleEngine, type Plugins } from "../test/engine/assemble";
import { cacheFolder } from "./cache";
import { download, installPlugins, remembered, unlessFailedToday } from "./engine-official";
import { UserError } from "../config/error";
import type { Progress } from "./progress";

const run = promisify(execFile);

/** A Pulumi engine with the plugins that the program needs. */
export interface Engine {
  /** Where it comes from: the user's own, the vendor's download, or built from Go modules. */
  readonly origin: "path" | "download" | "build";
  /** The `pulumi` command, as a path. */
  readonly pulumi: string;
  /** What a process that runs `pulumi` needs in its environment, over its own. */
  readonly env: Record<string, string>;
}

/** What decides which engine is taken; tests put their own in. */
export interface EngineChoice {
  readonly path: string;
  /** Folder for what is downloaded, and for the memory of what could not be. */
  readonly cache: string;
  /** The user's own Pulumi home, with the plugins that belong to a `pulumi` on PATH. */
  readonly userHome: string;
  readonly forced?: string | undefined;
  /** Where the vendor publishes releases of the command. */
  readonly releases: string;
  /** Milliseconds until a download must have begun to arrive. */
  readonly firstAnswer: number;
  /** Version of the SDK, which the engine must not be older than. */
  readonly version: string;
  readonly plugins: Plugins;
  readonly build: (plugins: Plugins, progress: Progress) => Promise<string>;
}

const origins = ["path", "download", "build"] as const;

/**
 * Finds an engine and has it ready to run: a `pulumi` on PATH that is new enough, else the official download, else a
 * build from Go modules. `SUBSTATION_ENGINE=path|download|build` takes that one and no other. What was once prepared
 * costs milliseconds to prepare again.
 */
export function prepareEngine(progress: Progress): Promise<Engine> {
  const plugin = (name: string) => packageVersion(`@pulumi/${name}`);
  return chooseEngine(
    {
      path: process.env["PATH"] ?? "",
      cache: join(cacheFolder(), "engine"),
      userHome: process.env["PULUMI_HOME"] || join(homedir(), ".pulumi"),
      forced: process.env["SUBSTATION_ENGINE"],
      releases: "https://get.pulumi.com/releases/sdk",
      firstAnswer: 10_000,
      version: packageVersion("@pulumi/pulumi"),
      plugins: {
        cloudflare: plugin("cloudflare"),
        docker: plugin("docker"),
        postgresql: plugin("postgresql"),
        random: plugin("random"),
      },
      build: assembleEngine,
    },
    progress,
  );
}

export async function chooseEngine(choice: EngineChoice, progress: Progress): Promise<Engine> {
  const { forced } = choice;
  if (forced && !origins.some((origin) => origin === forced)) {
    throw new UserError(
      `SUBSTATION_ENGINE is "${forced}"; it must be one of ${origins.join(", ")}, or not set.`,
    );
  }
  const allowed = (origin: Engine["origin"]) => !forced || forced === origin;
  let why = "";
  if (allowed("path")) {
    const found = await fromPath(choice, progress);
    if (typeof found !== "string") return found;
    why = found;
  }
  if (allowed("download")) {
    const found = await fromDownload(choice, progress);
    if (typeof found !== "string") return found;
    why = found;
  }
  if (forced && forced !== "build") {
    throw new UserError(
      `SUBSTATION_ENGINE=${forced} cannot be done: ${why}. Unset it to have the next best engine.`,
    );
  }
  const home = await choice.build(choice.plugins, progress);
  const bin = join(home, "bin");
  return {
    origin: "build",
    pulumi: join(bin, "pulumi"),
    env: { ...environment(choice, bin, home), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" },
  };
}

/** The user's own engine, or the reason why not. */
async function fromPath(choice: EngineChoice, progress: Progress): Promise<Engine | string> {
  // Our own build may be on PATH too, in a shell that was given its environment; that one is no choice of the user's.
  const folders = choice.path.split(delimiter).filter((folder) => folder && !folder.startsWith(choice.cache));
  const pulumi = await firstExecutable(folders, "pulumi");
  if (!pulumi) return "there is no pulumi on PATH";
  const { mtimeMs, size } = statSync(pulumi);
  let version: string;
  try {
    version = await remembered(choice, `version of ${pulumi} ${mtimeMs} ${size}`, async () =>
      (
        await run(pulumi, ["version"], { env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } })
      ).stdout.trim(),
    );
  } catch (error) {
    return `${pulumi} does not run: ${error instanceof Error ? error.message.trim() : String(error)}`;
  }
  if (!compatible(version, choice.version)) {
    return `${pulumi} is ${version}, and the program needs ${choice.version} or later of the same major version`;
  }
  const env = environment(choice, dirname(pulumi), choice.userHome);
  const missing = await installPlugins(choice, pulumi, env, progress);
  return missing ?? { origin: "path", pulumi, env };
}

/** The vendor's engine, or the reason why not. */
async function fromDownload(choice: EngineChoice, progress: Progress): Promise<Engine | string> {
  const home = join(choice.cache, `official-${choice.version}`);
  const bin = join(home, "bin");
  const pulumi = join(bin, "pulumi");
  const env = environment(choice, bin, home);
  if (!existsSync(pulumi)) {
    const failure = await unlessFailedToday(choice, `download of ${choice.version}`, () =>
      progress.step(`Downloading Pulumi ${choice.version}`, () => download(choice, home)),
    );
    if (failure) return failure;
  }
  const missing = await installPlugins(choice, pulumi, env, progress);
  return missing ?? { origin: "download", pulumi, env };
}

function environment(choice: EngineChoice, bin: string, home: string): Record<string, string> {
  // The Node that runs this is new enough, which the first one on PATH may not be.
  const path = [bin, dirname(process.execPath), ...choice.path.split(delimiter)];
  return {
    PATH: [...new Set(path)].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    DO_NOT_TRACK: "1",
  };
}

/** Whether an engine is of the SDK's major version, and of its minor version or later. */
function compatible(engine: string, sdk: string): boolean {
  const parse = (text: string) => /^v?(\d+)\.(\d+)\./.exec(text)?.slice(1).map(Number) ?? [];
  const [major, minor] = parse(engine);
  const [sdkMajor, sdkMinor] = parse(sdk);
  return major !== undefined && major === sdkMajor && (minor ?? 0) >= (sdkMinor ?? 0);
}

async function firstExecutable(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const file = join(folder, name);
    const usable = await access(file, constants.X_OK).then(
      () => statSync(file).isFile(),
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}

/** The version of an installed package. Its manifest is read as a file: some packages do not export it. */
function packageVersion(name: string): string {
  const manifest = join(__dirname, "..", "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
