import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

/** The machine's Docker engine as one that is far away: over a socket of its own, on which everything takes its time, or does not come through for a while. */
export class FarEngine {
  readonly #server = createServer((near) => this.#join(near));
  readonly #ends = new Set<Socket>();
  #waiting: (() => void)[] = [];
  #isCut = false;

  /**
   * @param path of its socket
   * @param delay milliseconds that everything takes in each direction
   */
  private constructor(
    private readonly path: string,
    private readonly delay: number,
  ) {}

  static async start(path: string, delay: number): Promise<FarEngine> {
    const engine = new FarEngine(path, delay);
    engine.#server.listen(path);
    await once(engine.#server, "listening");
    return engine;
  }

  /** For the environment of whoever is to find it there. */
  get env(): Readonly<Record<string, string>> {
    return { DOCKER_HOST: `unix://${this.path}` };
  }

  /** Nothing comes through until it is healed; then all that was sent does, as after a cut of a network that is shorter than the patience of its ends. */
  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
    for (const send of this.#waiting.splice(0)) send();
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end.destroy();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.path, { force: true });
  }

  #join(near: Socket): void {
    const far = connect({ path: "/var/run/docker.sock", allowHalfOpen: true });
    near.allowHalfOpen = true;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(from);
      from.on("data", (chunk: Buffer) => this.#later(() => to.write(chunk)));
      from.on("end", () => this.#later(() => to.end()));
      from.on("error", () => to.destroy());
      from.on("close", () => this.#ends.delete(from));
    }
  }

  /** In the order in which it came. */
  #later(send: () => void): void {
    setTimeout(() => {
      if (this.#isCut) this.#waiting.push(send);
      else send();
    }, this.delay);
  }
}
