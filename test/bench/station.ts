import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
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

/** Asks from a thread of its own, so that what the bench does itself delays nothing. */
export class Station {
  #failure: Error | undefined;

  private constructor(private readonly worker: Worker) {
    worker.on("error", (error: Error) => (this.#failure = error)); // told by the next question
  }

  /** Begins to ask as the main station's program does: with its role and password, on one connection that stays. */
  static async watch(home: string, { database }: Platform): Promise<Station> {
    const instance = readInstance(home);
    if (!instance) throw new Error(`${home} holds no instance`);
    const login: ClientConfig = {
      ...{ host: database.host, port: database.port, ssl: { ca: database.ca } },
      ...{ database: mainStation.database, user: mainStation.appRole },
      password: secret(instance.home, "main-station-password"),
    };
    const worker = new Worker(__filename, { workerData: login });
    const station = new Station(worker);
    await answerOf(worker, "ready");
    return station;
  }

  /** What came of the queries since the last time that it was asked for. */
  async since(): Promise<Latency> {
    if (this.#failure) throw this.#failure;
    this.worker.postMessage("since");
    return (await answerOf(this.worker, "latency")) as Latency;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }
}

interface Message {
  readonly kind: "ready" | "latency";
  readonly latency?: Latency;
}

function answerOf(worker: Worker, kind: Message["kind"]): Promise<Latency | undefined> {
  return new Promise((resolve, reject) => {
    const hear = (message: Message) => {
      if (message.kind !== kind) return;
      worker.off("message", hear).off("error", reject);
      resolve(message.latency);
    };
    worker.on("message", hear).once("error", reject);
  });
}

async function ask(login: ClientConfig): Promise<void> {
  const client = new Client(login);
  await client.connect();
  let times: (number | undefined)[] = [];
  parentPort?.on("message", () => {
    parentPort?.postMessage({ kind: "latency", latency: summary(times) } satisfies Message);
    times = [];
  });
  parentPort?.postMessage({ kind: "ready" } satisfies Message);
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

if (!isMainThread && parentPort) void ask(workerData as ClientConfig);
