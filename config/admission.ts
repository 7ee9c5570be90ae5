import type { Socket } from "node:net";

/**
 * How the programs of several engines ask the one process that runs them when they may begin: a line of JSON each way, over a unix socket. Without that variable nobody is asked.
 */
export const admissionVariable = "SUBSTATION_ADMISSION";

/** What an error of a server says: connections used up, too many requests, no answer in time, or (by the machine itself) memory or processors used up. */
export type Sign = "connections" | "rate" | "timeout" | "memory" | "load";

export type Ask =
  /** May this substation be worked on? One that is in already is told so at once. */
  | { readonly ask: "enter"; readonly group: string; readonly id: string }
  /** May this record (its URN) be asked for? It counts as under way until it is `answered` with a refusal, or its step has ended. */
  | { readonly ask: "dns"; readonly id: string }
  | { readonly ask: "answered"; readonly id: string }
  | { readonly ask: "sign"; readonly sign: Sign };

/** A line to the process that decides. `enter` and `dns` are answered by a line with their number, when it is time. */
export type Request = Ask & { readonly number: number };
export interface Go {
  readonly go: number;
}

/** Calls `on` with each line that comes in, parsed. What is no JSON ends the connection: it is not from one of us. */
export function onLines<T>(socket: Socket, on: (line: T) => void): void {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const parsed = parse<T>(line);
      if (parsed === undefined) return void socket.destroy();
      on(parsed);
    }
  });
}

function parse<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}
