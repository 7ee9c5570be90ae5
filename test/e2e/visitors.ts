import * as http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "./lab";

export interface Answer {
  readonly milliseconds: number;
  readonly instance: string | undefined;
  readonly failure: string | undefined;
}

/** Eight visitors of a shop, each with a request every tenth of a second: four keep their connection, four take a new one every time; half of them write. */
export class Visitors {
  readonly #answers: Answer[] = [];
  #stay = true;
  readonly #gone: Promise<unknown>;

  constructor(
    private readonly lab: Lab,
    private readonly host: string,
  ) {
    const kinds = Array.from({ length: 8 }, (_, at) => ({
      keepAlive: at < 4,
      method: at % 2 === 0 ? "GET" : "POST",
    }));
    this.#gone = Promise.all(kinds.map((kind) => this.#visit(kind)));
  }

  /** All answers, in the order in which they came. */
  async leave(): Promise<readonly Answer[]> {
    this.#stay = false;
    await this.#gone;
    return this.#answers;
  }

  async #visit({ keepAlive, method }: { keepAlive: boolean; method: string }): Promise<void> {
    const agent = keepAlive ? new http.Agent({ keepAlive: true, maxSockets: 1 }) : false;
    while (this.#stay) {
      this.#answers.push(await ask(this.lab.ingressPort, this.host, method, agent));
      await sleep(100);
    }
    if (agent) agent.destroy();
  }
}

/** The reference shop has nothing to write to: 405, in its own words, is its answer to POST. */
const expected = { GET: 200, POST: 405 } as Readonly<Record<string, number>>;

function ask(port: number, host: string, method: string, agent: http.Agent | false): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (failure?: string, instance?: string) =>
      resolve({ milliseconds: performance.now() - started, instance, failure });
    const options = {
      host: "127.0.0.1",
      port,
      method,
      path: "/?from=test",
      headers: { host },
      agent,
      timeout: 5000,
    };
    const request = http.request(options, (response) => {
      const instance = String(response.headers["x-substation-instance"]);
      const wrong =
        response.statusCode === expected[method] ? undefined : `${method}: status ${response.statusCode}`;
      response.on("end", () => done(wrong, instance));
      response.on("error", (error) => done(`${method}: ${error.message}`));
      response.resume();
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", (error) => done(`${method}: ${error.message}`));
    request.end(method === "POST" ? "a=1" : undefined);
  });
}
