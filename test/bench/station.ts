import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { mainStation } from "../../config/main-station";
import type { Platform } from "../../config/platform";
import { summary, type Latency } from "../../fleet/attack/latency";
import { readInstance, secret } from "../../local/home";

/** How long the main station's program waits for its own database, while somebody else's shops are opened beside it. */

/** Milliseconds between the starts of two queries, whether the first was answered or not. */
const interval = 10;

/** What a shop of the main station's own asks for with every page: an order of a member, by indexes. */
const query = `SELECT m.account, o.amount_fen, p.title FROM main.orders o JOIN main.member m ON m.id = o.member_id
  JOIN main.product p ON p.id = o.product_id WHERE o.id = 1 + $1::integer % 1500`;

/** Asks from a process and a session of its own, as the main station's program is one: Linux weighs sessions against each other (sched(7), autogroup), and the bench's does work. */
export class Station {
  private constructor(private readonly program: ChildProcess) {}

  /** Begins to ask as the main station's program does: with its role and password, on one connection that stays. */
  static async watch(home: string, { database }: Platform): Promise<Station> {
    const instance = readInstance(home);
    if (!instance) throw new Error(`${home} holds no instance`);
    const login: ClientConfig = {
      ...{ host: database.host, port: database.port, ssl: { ca: database.ca } },
      ...{ database: mainStation.database, user: mainStation.appRole },
      password: secret(instance.home, "main-station-password"),
    };
    const program = fork(__filename, { detached: true });
    const station = new Station(program);
    await station.#ask({ login });
    return station;
  }

  /** What came of the queries since the last time that it was asked for. */
  async since(): Promise<Latency> {
    return (await this.#ask("since")) as Latency;
  }

  async stop(): Promise<void> {
    if (!this.program.connected) return;
    const ended = once(this.program, "exit");
    this.program.disconnect();
    await ended;
  }

  async #ask(message: Message): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    const ended = once(this.program, "exit", { signal }).then(([code]) => {
      throw new Error(`the main station's program ended with ${String(code)}`);
    });
    try {
      const answer = once(this.program, "message", { signal });
      this.program.send(message);
      const [said] = (await Promise.race([answer, ended])) as [unknown];
      return said;
    } finally {
      over.abort();
    }
  }
}

type Message = "since" | { readonly login: ClientConfig };

async function ask(login: ClientConfig): Promise<void> {
  const client = new Client(login);
  await client.connect();
  let times: (number | undefined)[] = [];
  process.on("message", () => {
    process.send?.(summary(times));
    times = [];
  });
  process.send?.("ready");
  const start = performance.now();
  let last = Promise.resolve();
  for (let at = 1; ; at++) {
    const [asked, of] = [performance.now(), times];
    // A query that waits for the one before it has waited too.
    last = last
      .then(() => client.query({ name: "order", text: query, values: [at] }))
      .then(
        () => void of.push(performance.now() - asked),
        () => void of.push(undefined),
      );
    await sleep(Math.max(0, start + at * interval - performance.now()));
  }
}

if (require.main === module) {
  process.once("message", ({ login }: { login: ClientConfig }) => void ask(login));
  process.once("disconnect", () => process.exit());
}
