import type { Attempt } from "../attempt";
import type { Facts } from "../facts";
import { intruder } from "../questions";
import { cancelled, tooMany } from "./sqlstates";

const mebibyte = 1024 * 1024;

/** Milliseconds of the longest statement that is waited for. */
const longestStatement = 40_000;

/** Bytes of the largest log that is filled. */
export const largestLog = 64 * mebibyte;

/** What the whole shop shares, wherever it is tried: the database server counts by role. */
export function sharedLimits({ login, target: { limits } }: Facts): Attempt[] {
  const seconds = (limits.statementTimeoutMs + 1_000) / 1000;
  return [
    {
      id: "limits/connections",
      title: "more database connections than its tier has",
      expected: [tooMany],
      // Old and new container of a replacement have as many each.
      questions: [{ kind: "connections", ...login, most: 2 * limits.databaseConnections + 1 }],
    },
    {
      // It can lift this one for itself, so it is a help against mistakes and no boundary; the connections are.
      id: "limits/statement-time",
      title: "a statement longer than its tier has, not lifting the limit first",
      expected: [cancelled],
      questions: [{ kind: "sql", ...login, text: `SELECT pg_sleep(${seconds})`, slow: true }],
      ...(limits.statementTimeoutMs > longestStatement
        ? { untried: `its tier allows ${seconds - 1} s: too long to wait for` }
        : {}),
    },
  ];
}

/** What one container can use up: tried in a twin. The log comes last and is measured from outside. */
export function twinLimits({ target: { limits } }: Facts): Attempt[] {
  const { memoryBytes, cpus, processes, temporaryStorageBytes } = limits;
  return [
    {
      id: "limits/processes",
      title: "more processes than its tier has (a fork bomb)",
      expected: ["EAGAIN"],
      questions: [{ kind: "processes", allowed: processes, most: Math.min(4 * processes, 2000) }],
    },
    {
      id: "limits/temporary-storage",
      title: "more in /tmp than its tier has",
      expected: ["ENOSPC"],
      questions: [{ kind: "fill", file: `/tmp/${intruder}`, bytes: temporaryStorageBytes + mebibyte }],
    },
    {
      id: "limits/cores",
      title: "more cores than its tier has",
      expected: ["held"],
      questions: [{ kind: "cores", allowed: cpus, milliseconds: 2_000 }],
    },
    {
      id: "limits/memory",
      title: "more memory than its tier has",
      expected: ["SIGKILL", "ENOMEM"],
      questions: [{ kind: "memory", bytes: memoryBytes + 32 * mebibyte }],
    },
  ];
}
