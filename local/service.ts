import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import type { z } from "zod";
import { UserError } from "../config/error";
import { readIfPresent, secretMode, tail, writeFileAtomic } from "./files";
import { type Home } from "./home";
import { isFree, listenerOn } from "./network";
import { identify, isAlive, type ProcessIdentity } from "../inventory/process";
import { commandOf, findProcesses, startDaemon, stopProcess, until } from "./process";
import { forgetProcess, readProcess, writeProcess } from "./process-record";
import { type Progress } from "./progress";

/** A server of ours, as a process that outlives the command that starts it: `<main> --home <folder>`, with its configuration in that folder. */
export interface Service {
  /** Of its log and of the record of its process. */
  readonly name: string;
  /** With its article, within a sentence: "the DNS emulator". */
  readonly title: string;
  /** Absolute path of its main.ts. */
  readonly main: string;
  readonly folder: (home: Home) => string;
}

export interface ServiceStart {
  /** Holds secrets: it is written for its owner alone. */
  readonly config: unknown;
  /** TCP ports that it listens on. */
  readonly ports: readonly number[];
  /** Whether it answers as it should; undefined if so, else what is wrong. */
  readonly ask: () => Promise<string | undefined>;
}

/** Starts a service, or finds it running with the configuration that it should have. */
export async function startService(
  service: Service,
  home: Home,
  { config, ports, ask }: ServiceStart,
  progress: Progress,
): Promise<void> {
  const { name, title } = service;
  const text = `${JSON.stringify(config, null, 2)}\n`;
  const changed = writeFileAtomic(configFile(service.folder(home)), text, secretMode);
  if (runningService(service, home) && !changed && (await ask()) === undefined) return;
  await progress.step(`Starting ${title}`, async () => {
    await stopService(service, home);
    for (const port of ports) {
      if (!(await isFree(port))) {
        throw new UserError(
          `Port ${port} of ${title} is taken by ${listenerOn(port)}. Stop that, or change the port in ${home.root}/instance.json.`,
        );
      }
    }
    const log = path.join(home.log, `${name}.log`);
    const [command = "", ...args] = commandLine(service, home);
    const started = await startDaemon({ command, args, log, cwd: "/", env: environment() });
    writeProcess(home, name, started);
    let said: string | undefined;
    await until(async () => (said = await ask()) === undefined || !isAlive(started), 20_000, 50);
    if (said !== undefined) {
      const state = isAlive(started) ? "does not answer" : "ended while it started";
      throw new UserError(`${capital(title)} ${state}: ${said}\n  ${log}:${tail(log)}`);
    }
  });
}

/** Stops a service. Returns false where it was not running. */
export async function stopService(service: Service, home: Home): Promise<boolean> {
  const running = runningService(service, home);
  const stopped = running
    ? await stopProcess(running, capital(service.title), [
        ["SIGTERM", 15_000],
        ["SIGKILL", 5_000], // loses nothing: what it has acknowledged is on disk
      ])
    : false;
  forgetProcess(home, service.name);
  return stopped;
}

/** The service's process: the one that we remember, or one with its command line where we were killed before we could. */
export function runningService(service: Service, home: Home): ProcessIdentity | undefined {
  const remembered = readProcess(home, service.name);
  if (remembered && isAlive(remembered)) return remembered;
  const wanted = commandLine(service, home).slice(-3).join("\0");
  const [pid] = findProcesses((candidate) => commandOf(candidate).slice(-3).join("\0") === wanted);
  return pid === undefined ? undefined : identify(pid);
}

/** A service's own side: what its main.ts does. */
export interface ServiceProgram<T> {
  /** Before what went wrong: "dns emulator". */
  readonly name: string;
  /** With its article, within a sentence: "the DNS emulator". */
  readonly title: string;
  /** Of `config.json`. */
  readonly schema: z.ZodType<T>;
  readonly start: (config: T, home: string) => Promise<StartedService>;
}

export interface StartedService {
  /** What is told of it to whoever started it. */
  readonly told: Readonly<Record<string, unknown>>;
  readonly close: () => Promise<void>;
}

/** Runs a service in this process: prints one line of JSON when it answers; SIGTERM and SIGINT stop it. */
export function runService<T>(program: ServiceProgram<T>): void {
  run(program).catch((error: unknown) => {
    const text = error instanceof UserError ? error.message : String((error as Error).stack ?? error);
    process.stderr.write(`${text}\n`);
    process.exit(1);
  });
}

async function run<T>({ name, title, schema, start }: ServiceProgram<T>): Promise<void> {
  const { values } = parseArgs({ options: { home: { type: "string" } } });
  if (!values.home) throw new UserError("Usage: main.ts --home <folder with config.json>");
  const { told, close } = await start(readServiceConfig(values.home, schema, title), values.home);
  const stop = () => {
    close().catch((error: unknown) => {
      process.stderr.write(`${name}: could not stop cleanly: ${String(error)}\n`);
      process.exit(1);
    });
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  // Who started this may have gone; the line was for them alone.
  process.stdout.on("error", () => undefined);
  process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, ...told })}\n`);
}

/** @throws UserError that names paths and reasons, and no value, since values may be secrets */
function readServiceConfig<T>(folder: string, schema: z.ZodType<T>, title: string): T {
  const file = configFile(folder);
  const text = readIfPresent(file);
  if (text === undefined) throw new UserError(`${file} is missing. It is the configuration of ${title}.`);
  if (fs.statSync(file).mode & 0o077)
    throw new UserError(`${file} holds secrets but others may read it. Run: chmod 600 ${file}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file} is not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((i) => `  ${i.path.join(".") || "(whole file)"}: ${i.message}`);
  throw new UserError(`${file} is not a configuration of ${title}:\n${reasons.join("\n")}`);
}

const configFile = (folder: string): string => path.join(folder, "config.json");

const commandLine = ({ main, folder }: Service, home: Home): string[] => [
  process.execPath,
  "--require",
  path.join(__dirname, "../scripts/typescript.cjs"),
  main,
  "--home",
  folder(home),
];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Nothing of the caller's environment but where to find things: it may hold secrets, and the service outlives the caller. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ["PATH", "HOME", "XDG_CACHE_HOME", "NODE_COMPILE_CACHE", "LANG"].flatMap((name) =>
      process.env[name] ? [[name, process.env[name]]] : [],
    ),
  );
