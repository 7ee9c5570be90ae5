import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { nodeFlags } from "../build";

export interface Running {
  readonly child: ChildProcess;
  /** Everything that it wrote so far, standard output and error. */
  output(): string;
  /** Its log lines so far. */
  logs(): Record<string, unknown>[];
  /** Resolves with the first log line whose message is `message`; rejects when it ends without one. */
  logged(message: string): Promise<Record<string, unknown>>;
  /** Exit code or signal, once it has ended. */
  readonly ended: Promise<number | string>;
}

/** Runs the bundle as a container would: its own process, the image's flags, an environment of nothing but the test's. */
export function run(bundle: string, secrets: string, ...args: string[]): Running {
  const child = spawn(process.execPath, [...nodeFlags, bundle, ...args], {
    env: { SUBSTATION_SECRETS_DIR: secrets, SUBSTATION_PORT: "0", SUBSTATION_OPERATIONS_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  const logs = () =>
    output
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    child,
    output: () => output,
    logs,
    async logged(message) {
      for (;;) {
        const found = logs().find((line) => line["message"] === message);
        if (found) return found;
        const over = await Promise.race([ended, once(child.stdout, "data").then(() => undefined)]);
        if (over !== undefined && !output.includes(message))
          throw new Error(`ended (${over}) without "${message}":\n${output}`);
      }
    },
    ended,
  };
}
