import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../config/error";

/** Where and with which settings the Pulumi command runs. The stack is always named, never the selected one. */
export interface Workspace {
  /** The folder of Pulumi.yaml. */
  readonly root: string;
  /** Whole environment of the command: PATH with `pulumi`, backend, passphrase file. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Exports of stacks at one time: each takes half a second of a core. */
export const exportsAtOnce = 2;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An event of the engine, as far as it is used here (`pulumi up --event-log`; apitype.EngineEvent). */
export interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata };
  readonly summaryEvent?: {
    readonly resourceChanges: Readonly<Record<string, number>>;
    readonly durationSeconds: number;
  };
  /** With colours as marks of the engine: `<{%fg 1%}>`. */
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string; readonly urn?: string };
  readonly policyEvent?: PolicyViolation;
}

/** A violation of a policy; `message` is the policy's description, and in the next line what it found. */
export interface PolicyViolation {
  readonly resourceUrn?: string;
  readonly message: string;
  readonly policyName: string;
  /** "advisory", "mandatory", … */
  readonly enforcementLevel: string;
  readonly severity?: string;
}

export interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly new?: StepState | null;
  readonly old?: StepState | null;
  /** Properties for which it is replaced. */
  readonly keys?: readonly string[] | null;
  /** Properties that differ; none where it is made or removed. */
  readonly diffs?: readonly string[] | null;
}

/** Without secret values. */
export interface StepState {
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

export interface RunOptions {
  /** Called with each event of an update, within 50 ms of its being written. Only for commands that know `--event-log`. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Called as soon as the process runs. */
  readonly onSpawn?: (pid: number) => void;
  /** Goes to its standard input. */
  readonly input?: string;
  /** Asks the engine to stop after the steps under way (SIGINT). */
  readonly signal?: AbortSignal;
}

/**
 * Runs `pulumi` to its end. Its exit code is for the caller to judge; only a command that cannot be started throws.
 * @throws UserError where there is no `pulumi`
 */
export async function pulumi(
  workspace: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const log = options.onEvent && tailEvents(options.onEvent);
  try {
    return await run(workspace, log ? [...args, "--event-log", log.path] : args, options);
  } finally {
    log?.close();
  }
}

/** The same, for commands that are expected to succeed. */
export async function pulumiOk(
  workspace: Workspace,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await pulumi(workspace, args, options);
  if (code !== 0) throw new PulumiFailed(args, code, stdout, stderr);
  return stdout;
}

export class PulumiFailed extends Error {
  override readonly name = "PulumiFailed";
  constructor(
    readonly args: readonly string[],
    readonly code: number | null,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(
      `pulumi ${args[0] ?? ""} ended with exit code ${code}\n${stdout.trimEnd()}\n${stderr.trimEnd()}`.trimEnd(),
    );
  }
}

/** Whether it says that there is no such stack. */
export const noStack = ({ stderr }: Pick<Finished, "stderr">): boolean => stderr.includes("no stack named");

/** What a command that failed said, as far as it helps: where the passphrase is wrong, which one is meant. */
export function wordsOf(
  { stdout, stderr, code }: Pick<PulumiFailed, "stdout" | "stderr" | "code">,
  stack: string,
  { env }: Pick<Workspace, "env">,
): string {
  const said = stderr.trim() || stdout.trim();
  if (!said.includes("incorrect passphrase")) return `${said}\n(exit code ${code})`;
  const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  const named = file ? `PULUMI_CONFIG_PASSPHRASE_FILE names (${file})` : "PULUMI_CONFIG_PASSPHRASE holds";
  return `stack ${stack} cannot be read with the passphrase that ${named}: it is another stack's, or another backend's (incorrect passphrase). Nothing was changed.`;
}

/**
 * What Pulumi refuses is for the user to mend: a stack that does not exist, a passphrase that does not fit, a backend that nobody named.
 * @param what came of it: "k1 of mengxiang was not set"
 * @throws UserError in place of PulumiFailed
 */
export async function asUser<T>(what: string, stack: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PulumiFailed)) throw error;
    const said = (error.stderr || error.stdout).trim();
    const todo = noStack(error) ? ` Make it with "pulumi stack init ${stack}".` : "";
    throw new UserError(`${what}. Pulumi said: ${said}.${todo}`);
  }
}

function run(
  { root, env }: Workspace,
  args: readonly string[],
  { signal, onSpawn, input }: RunOptions,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return resolve({ code: 1, stdout: "", stderr: "it was stopped before it began" });
    // Shops that serve, and the main station, go before an engine that changes something: it takes the cores that they leave.
    const child = spawn("nice", ["-n", "10", "pulumi", "--non-interactive", "--color", "never", ...args], {
      cwd: root,
      // The command knows --event-log only with the first. Much of the time of an engine and its plugins goes into collecting garbage. They do it later: a short-lived reader of
      // a big state much later, those that live for a minute by as much as others on the machine have memory to spare for it.
      env: {
        GOGC: args[0] === "stack" ? "400" : "200",
        ...env,
        NODE_OPTIONS: `${youngSpace} ${env["NODE_OPTIONS"] ?? ""}`.trim(),
        PULUMI_DEBUG_COMMANDS: "true",
      },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true, // a group of its own: a Ctrl-C in the terminal reaches the engine once, through `signal`
    });
    const stop = () => child.kill("SIGINT");
    signal?.addEventListener("abort", stop, { once: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("spawn", () => {
      lowerSession(child.pid ?? 0);
      onSpawn?.(child.pid ?? 0);
    });
    child.stdin.on("error", () => undefined); // a command that reads nothing may be gone before it is closed
    child.stdin.end(input);
    child.on("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? missing() : error));
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      if (code === notFound) return reject(missing());
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/**
 * For the program and the policy pack of each engine: what they make lives as long as they do, so that room for what is short-lived, 16 MiB three times over, is memory that an opening of
 * many takes and does not need.
 */
const youngSpace = "--max-semi-space-size=4";

/** What `nice` ends with where there is no such command (POSIX). */
const notFound = 127;

/** Where Linux weighs sessions against each other (sched(7), autogroup), a process is only nice to those of its own, and its session must be so too. */
function lowerSession(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "10");
  } catch {
    // A kernel without it, or a command that is at its end: priority is a courtesy, and no update waits for it.
  }
}

const missing = (): UserError =>
  new UserError(
    "there is no `pulumi` on PATH. After the demo: source the env.sh that it names at its end. Elsewhere: install Pulumi.",
  );

/** Follows the file that the engine appends its events to, a line of JSON each. */
function tailEvents(onEvent: (event: EngineEvent) => void): { readonly path: string; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), "substation-events-"));
  const path = join(folder, "events.json");
  const file = openSync(path, "a+");
  const chunk = Buffer.alloc(64 * 1024);
  let rest = Buffer.alloc(0);
  const read = () => {
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      rest = Buffer.concat([rest, chunk.subarray(0, size)]);
      for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
        onEvent(JSON.parse(rest.toString("utf8", 0, end)) as EngineEvent);
        rest = rest.subarray(end + 1);
      }
    }
  };
  const timer = setInterval(read, 50);
  return {
    path,
    close() {
      clearInterval(timer);
      read();
      closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
