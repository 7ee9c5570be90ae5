import * as path from "node:path";
import { build } from "esbuild";
import { command } from "../lab";

/** What can be tried from inside a container. */
export type Question =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "read" | "write" | "stat"; readonly file: string }
  | Statement
  | (Omit<Statement, "kind"> & { readonly kind: "flood"; readonly connections: number });

/** One statement on a connection of its own. */
export interface Statement {
  readonly kind: "sql";
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** @default the shop's own, as it lies in its container */
  readonly password?: string;
  /** @default true */
  readonly tls?: boolean;
  readonly text: string;
}

/** `ok` with the result, or the code of the error: of the system (`EROFS`), or PostgreSQL's SQLSTATE. */
export type Answer = { readonly ok?: unknown } | { readonly failed: string; readonly message: string };

let bundle: Promise<string> | undefined;

/** Tries all of it inside a container, with the node that is in its image, and returns the answers in the same order. */
export async function ask(container: string, questions: readonly Question[]): Promise<Answer[]> {
  bundle ??= build({
    entryPoints: [path.join(__dirname, "main.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["pg-native"],
    write: false,
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  const input = `globalThis.questions = ${JSON.stringify(questions)};\n${await bundle}`;
  const answers = JSON.parse(
    await command("docker", ["exec", "--interactive", container, "/usr/local/bin/node", "-"], { input }),
  ) as Answer[];
  if (answers.length !== questions.length)
    throw new Error(`${questions.length} questions, ${answers.length} answers`);
  return answers;
}

/** The answers' codes, "ok" for what went well. */
export const codes = (answers: readonly Answer[]): string[] =>
  answers.map((answer) => ("failed" in answer ? answer.failed : "ok"));
