import { lookup } from "node:dns/promises";
import * as fs from "node:fs";
import * as net from "node:net";
import type { Answer, Question } from "../questions";
import { connections, search, sql } from "./database";
import { cores, fill, log, memory, processes } from "./exhaust";
import { Missing } from "./missing";
import { busybox, execute, leaks, makeFolder, openForWriting, root, strangers, traces } from "./system";

/** Runs inside a substation's container, as the shop's user: tries what it is asked to, and prints what came of it as JSON. Bundled and piped in by `ask`. */
declare const questions: readonly Question[];

/** Milliseconds after which a connection that nobody answers counts as not to be had. */
const patience = 2_500;

function work(question: Question): unknown {
  switch (question.kind) {
    case "tcp":
      return tcp(question);
    case "name":
      return lookup(question.name).then(({ address }) => address);
    case "read":
      return fs.readFileSync(question.file, "utf8");
    case "stat":
      return fs.statSync(question.file) && "exists";
    case "open":
      return openForWriting(question.file);
    case "folder":
      return makeFolder(question.folder);
    case "execute":
      return execute(question.folder);
    case "busybox":
      return busybox(question.args);
    case "root":
      return root();
    case "strangers":
      return strangers();
    case "leaks":
      return leaks();
    case "traces":
      return traces(question.folders);
    case "sql":
      return sql(question);
    case "search":
      return search(question, question.words);
    case "connections":
      return connections(question, question.most);
    case "memory":
      return memory(question.bytes);
    case "cores":
      return cores(question.allowed, question.milliseconds);
    case "processes":
      return processes(question.allowed, question.most);
    case "fill":
      return fill(question.file, question.bytes);
    case "log":
      return log(question.bytes);
  }
}

async function answer(question: Question): Promise<Answer> {
  try {
    return { ok: await work(question) };
  } catch (error) {
    if (error instanceof Missing) return { missing: error.message };
    const { code, message } = error as { code?: string; message: string };
    return { failed: code ?? "?", message };
  }
}

async function tcp({ host, port, control }: Extract<Question, { kind: "tcp" }>): Promise<string> {
  const connected = await dial(host, port);
  const anybody = control !== undefined && (await dial(control, port).catch(() => undefined));
  if (anybody) throw new Missing(`something on the way answers for every address, for ${control} too`);
  return connected;
}

function dial(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: patience }, () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("timeout", () => {
      socket.destroy(Object.assign(new Error(`no answer within ${patience} ms`), { code: "ETIMEDOUT" }));
    });
    socket.on("error", reject);
  });
}

const waits = (question: Question): boolean =>
  question.kind === "tcp" || (question.kind === "sql" && question.slow === true);

/** What only waits goes side by side; the rest one after the other, below the role's connection limit. */
async function main(): Promise<void> {
  const waiting = questions.map((question) => (waits(question) ? answer(question) : undefined));
  const answers: Answer[] = [];
  for (const [at, question] of questions.entries()) {
    if (!waiting[at]) answers[at] = await answer(question);
  }
  for (const [at, pending] of waiting.entries()) if (pending) answers[at] = await pending;
  process.stdout.write(JSON.stringify(answers));
}

void main();
