import { lookup } from "node:dns/promises";
import * as fs from "node:fs";
import * as net from "node:net";
import { Client } from "pg";
import type { Answer, Question, Statement } from "./questions";

/** Runs inside a substation's container, as the shop's user: tries what it is asked to, and prints what came of it as JSON. Bundled and piped in by `ask`. */
declare const questions: readonly Question[];

async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case "tcp":
      return await dial(question.host, question.port);
    case "name":
      return await outcome(async () => (await lookup(question.name)).address);
    case "read":
      return await outcome(() => fs.readFileSync(question.file, "utf8"));
    case "write":
      return await outcome(() => fs.writeFileSync(question.file, "probe"));
    case "stat":
      return await outcome(() => (fs.statSync(question.file), "exists"));
    case "sql":
      return await outcome(() => sql(question));
    case "flood":
      return { ok: await flood(question) };
  }
}

async function outcome(work: () => unknown): Promise<Answer> {
  try {
    return { ok: await work() };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { failed: code ?? "?", message };
  }
}

function dial(host: string, port: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 4_000 }, () => {
      socket.destroy();
      resolve({ ok: "connected" });
    });
    socket.on("timeout", () => {
      socket.destroy();
      resolve({ failed: "ETIMEDOUT", message: "no answer within 4 s" });
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      resolve({ failed: error.code ?? "?", message: error.message }),
    );
  });
}

/** With the shop's own password and certificate authority, unless others are given. */
async function sql(question: Omit<Statement, "kind">): Promise<unknown> {
  const own = JSON.parse(fs.readFileSync("/run/secrets/substation.json", "utf8")) as {
    database: { password: string; ca: string };
  };
  const { host, port, database, user, password = own.database.password } = question;
  const tls = question.tls === false ? {} : { ssl: { ca: own.database.ca } };
  const client = new Client({
    host,
    port,
    database,
    user,
    password,
    ...tls,
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    return (await client.query(question.text)).rows;
  } finally {
    await client.end();
  }
}

/** Many at once: how often there was which outcome. */
async function flood(question: Extract<Question, { kind: "flood" }>): Promise<Record<string, number>> {
  const outcomes = await Promise.all(
    Array.from({ length: question.connections }, () => outcome(() => sql(question))),
  );
  const counts: Record<string, number> = {};
  for (const one of outcomes) {
    const code = "failed" in one ? one.failed : "ok";
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

/** What dials waits, so it goes side by side; statements go one after the other, below the role's connection limit. */
async function main(): Promise<void> {
  const dials = questions.map((question) => (question.kind === "tcp" ? answer(question) : undefined));
  const answers: Answer[] = [];
  for (const [at, question] of questions.entries()) answers.push(await (dials[at] ?? answer(question)));
  process.stdout.write(JSON.stringify(answers));
}

void main();
