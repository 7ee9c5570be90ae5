import { join } from "node:path";
import { build } from "esbuild";
import { UserError } from "../../config/error";
import { Docker, DockerError } from "../../inventory/docker-api";
import type { Answer, Question } from "./questions";

const node = "/usr/local/bin/node";

/** Milliseconds that all the questions of one call may take together; each is bounded by itself as well. */
const patience = 55_000;

let bundle: Promise<string> | undefined;

/** The program that tries, as one file that needs nothing but node. */
async function program(): Promise<string> {
  bundle ??= build({
    entryPoints: [join(__dirname, "probe", "main.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    minify: true,
    external: ["pg-native"], // an optional C binding that pg asks for only when it is used
    write: false,
    logLevel: "silent", // failures are thrown
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  return await bundle;
}

/**
 * Tries all of it inside a running container, as the container's user and with the node of its image, and returns the answers in the same order.
 * @throws UserError where the container does not run, has no node at /usr/local/bin/node, or the program there ends too early
 */
export async function ask(container: string, questions: readonly Question[]): Promise<Answer[]> {
  const input = `globalThis.questions = ${JSON.stringify(questions)};\n${await program()}`;
  const { exitCode, stdout, stderr } = await new Docker()
    .exec(container, [node, "-"], input, AbortSignal.timeout(patience))
    .catch((error: unknown) => {
      if (error instanceof DockerError)
        throw new UserError(`nothing can be run in container ${container}: ${error.message}`);
      if ((error as Error).name === "AbortError")
        throw new UserError(`the attack in container ${container} did not end within ${patience / 1000} s.`);
      throw error;
    });
  // As a shell says it: there is no such program, or it cannot be run.
  if (exitCode === 126 || exitCode === 127)
    throw new UserError(
      `the attack needs ${node} in the image, and container ${container} cannot run it: it was not tried.`,
    );
  if (exitCode !== 0) {
    const said = `${stdout}${stderr}`.trim().slice(0, 500);
    throw new UserError(`the attack in container ${container} ended with exit code ${exitCode}: ${said}`);
  }
  const answers = JSON.parse(stdout) as Answer[];
  if (answers.length !== questions.length)
    throw new UserError(`${questions.length} questions to container ${container}, ${answers.length} answers`);
  return answers;
}

/** The answers' codes: "ok" for what went well, "missing" for what could not be tried. */
export const codes = (answers: readonly Answer[]): string[] =>
  answers.map((answer) => ("failed" in answer ? answer.failed : "missing" in answer ? "missing" : "ok"));
