import { performance } from "node:perf_hooks";
import { stripVTControlCharacters } from "node:util";
import type { OpenEvent } from "../fleet/open/events";
import { outcomeWord, whatOf } from "./open-report";
import { plural } from "./words";

export interface OpenProgress {
  readonly hear: (event: OpenEvent) => void;
  /** Takes away what is redrawn. May be called again. */
  end(): void;
}

interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * How an opening is shown while it goes on: with `json` each event is a line on standard output; else, on standard error, a line an event in a log, and in a terminal below those
 * who are done a line for each substation that is worked on, with its step, the time that it has taken, and the time that others took.
 */
export function openProgress({
  json,
  sink = process.stderr,
}: {
  readonly json: boolean;
  readonly sink?: Sink;
}): OpenProgress {
  if (json)
    return { hear: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`), end: () => undefined };
  return sink.isTTY && !process.env["CI"] ? new Terminal(sink) : new Log(sink);
}

/** What is said of an event in a line of its own; undefined for what would only be noise. */
export function eventLine(event: OpenEvent): string | undefined {
  switch (event.event) {
    case "begun": {
      const count = event.groups.reduce((sum, { ids }) => sum + ids.length, 0);
      return `${plural(count, "substation")} in ${plural(event.groups.length, "group")}, ${plural(event.engines, "engine")} at one time, about ${seconds(event.expected * 1000)} (run ${event.run})`;
    }
    case "group":
      return `${event.group}: ${event.phase}${event.what === undefined ? "" : `: ${event.what}`}`;
    case "unaudited":
      return `${event.platform}: it could not be audited, so engines look at groups that may need nothing: ${oneLine(event.why)}`;
    case "step":
      return event.what === undefined ? `${event.group}/${event.id}: ${event.step}` : undefined;
    case "member": {
      const { member } = event;
      return `${member.group}/${member.id}: ${outcomeWord(member)} ${whatOf(member)}`;
    }
  }
}

class Log implements OpenProgress {
  readonly #began = performance.now();

  constructor(private readonly sink: Sink) {}

  readonly hear = (event: OpenEvent): void => {
    const line = eventLine(event);
    if (line !== undefined) this.sink.write(`${secondsSince(this.#began).padStart(8)}  ${line}\n`);
  };

  end(): void {
    // every line is final
  }
}

interface Active {
  readonly since: number;
  readonly text: string;
}

class Terminal implements OpenProgress {
  readonly #began = performance.now();
  readonly #active = new Map<string, Active>();
  /** Seconds that finished ones took. */
  readonly #took: number[] = [];
  #all = 0;
  #done = 0;
  #drawn = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly sink: Sink) {
    this.#timer = setInterval(() => this.#draw(), 250);
    this.#timer.unref();
  }

  readonly hear = (event: OpenEvent): void => {
    if (event.event === "begun") this.#all = event.groups.reduce((sum, { ids }) => sum + ids.length, 0);
    if (event.event === "step") {
      const key = `${event.group}/${event.id}`;
      const since = this.#active.get(key)?.since ?? performance.now();
      const text = event.what === undefined ? event.step : `${event.step}: ${event.what}`;
      this.#active.set(key, { since, text });
    }
    if (event.event === "member") {
      const key = `${event.member.group}/${event.member.id}`;
      const active = this.#active.get(key);
      if (active && event.member.outcome === "open") this.#took.push(performance.now() - active.since);
      this.#active.delete(key);
      this.#done++;
    }
    const line = event.event === "step" ? undefined : eventLine(event);
    if (line === undefined) return;
    this.#wipe();
    this.sink.write(`${line}\n`);
    this.#draw();
  };

  end(): void {
    clearInterval(this.#timer);
    this.#wipe();
  }

  #wipe(): void {
    if (this.#drawn > 0) this.sink.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    const { columns = 100, rows = 24 } = this.sink;
    const usual = this.#took.length === 0 ? "" : ` of about ${seconds(median(this.#took))}`;
    const lines = [...this.#active].map(
      ([key, { since, text }]) => `  ${key}  ${secondsSince(since)}${usual}  ${text}`,
    );
    const most = Math.max(1, rows - 3);
    const shown =
      lines.length > most ? [...lines.slice(0, most - 1), `  … and ${lines.length - most + 1} more`] : lines;
    const sum = `${this.#done} of ${this.#all} done, ${secondsSince(this.#began)}`;
    this.#wipe();
    this.sink.write([...shown, sum].map((line) => `${fit(line, columns - 1)}\n`).join(""));
    this.#drawn = shown.length + 1;
  }
}

/** Without colours a line may be cut anywhere. */
const fit = (line: string, columns: number): string => {
  const text = stripVTControlCharacters(line);
  return text.length > columns ? text.slice(0, columns) : text;
};

/** What is wrong, and the first of it. */
const oneLine = (text: string): string => text.split("\n", 2).join(" ");
const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
const secondsSince = (since: number): string => seconds(performance.now() - since);
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
