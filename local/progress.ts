/** Where long-running work says what it is doing: one live line in a terminal, a line per step in a CI log. */
export interface Progress {
  /** Runs `work` as a named step. `note` replaces the text that is shown beside the running step. */
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  info(text: string): void;
}

/** Says nothing: for tests and for commands that answer in JSON. */
export const silent: Progress = { step: (_title, work) => work(() => undefined), info: () => undefined };

interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Milliseconds between signs of life of a step that takes long, in a log that is not a terminal. */
const heartbeat = 15_000;

/**
 * A progress that writes to `sink` (standard error by default, so that standard output stays for results).
 * Steps may be nested and may run side by side; a terminal shows the one that was started last.
 */
export function consoleProgress(sink: Sink = process.stderr): Progress {
  const live = Boolean(sink.isTTY) && !process.env["CI"];
  const colour = live && !process.env["NO_COLOR"];
  const green = colour ? (s: string) => `\x1b[32m${s}\x1b[0m` : (s: string) => s;
  const red = colour ? (s: string) => `\x1b[31m${s}\x1b[0m` : (s: string) => s;
  const running: { title: string; note: string; started: number }[] = [];
  const wipe = () => live && sink.write("\r\x1b[2K");
  const draw = () => {
    const top = running.at(-1);
    if (!live || !top) return;
    const width = process.stderr.columns || 100;
    const text = `… ${top.title} ${seconds(top.started)} ${top.note}`;
    sink.write(`\r\x1b[2K${text.length > width - 1 ? text.slice(0, width - 1) : text}`);
  };
  const line = (text: string) => {
    wipe();
    sink.write(`${text}\n`);
    draw();
  };

  return {
    info: (text) => line(`  ${text}`),
    async step(title, work) {
      const self = { title, note: "", started: Date.now() };
      running.push(self);
      if (live) draw();
      else line(`→ ${title}`);
      const timer = setInterval(
        () => (live ? draw() : line(`  … ${title} ${seconds(self.started)} ${self.note}`.trimEnd())),
        live ? 250 : heartbeat,
      );
      timer.unref();
      const end = (mark: string) => {
        clearInterval(timer);
        running.splice(running.indexOf(self), 1);
        line(`${mark} ${title} ${seconds(self.started)}`);
      };
      try {
        const result = await work((text) => {
          self.note = text;
        });
        end(green("✓"));
        return result;
      } catch (error) {
        end(red("✗"));
        throw error;
      }
    },
  };
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;
