import { spawn } from "node:child_process";

export interface CommandOptions {
  /** Goes to its standard input: the place for secrets, which other users of the machine cannot see there. */
  readonly input?: string | Buffer;
  /** Over our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a command to its end, as a shell does, and returns its standard output. Throws what it said where its exit code is not 0. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Buffer> {
  const { input, env, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: "pipe",
      ...(signal && { signal }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin.on("error", () => undefined); // it ended without reading all; its exit code says whether that is bad
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) return resolve(Buffer.concat(out));
      const said = Buffer.concat(err).toString().trim() || Buffer.concat(out).toString().trim();
      reject(new Error(`${program} ${args[0] ?? ""} ended with exit code ${code}: ${said}`));
    });
  });
}

/** The same, for its output as text without the end of the line. */
export const said = async (
  program: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> => (await command(program, args, options)).toString().trim();

/** Does `work` for each item, `limit` of them at a time. After the first failure nothing new is begun; what runs is awaited, then it is thrown. */
export async function inParallel<T>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined && failures.length === 0; item = waiting.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
