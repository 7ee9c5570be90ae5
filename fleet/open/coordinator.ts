import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { admissionVariable, onLines, type Go, type Request, type Sign } from "../../config/admission";
import { backoff } from "../../config/backoff";
import { urnStack } from "../../policies/facts/steps";
import { partOf, substationOf } from "../timing";
import type { EngineEvent } from "../pulumi";
import { Bucket, Limit, startLimit, type BucketOptions, type LimitOptions } from "./admission";
import { pressure } from "./pressure";

export interface CoordinatorOptions {
  /** Substations that are worked on at one time, over all engines. @default 4 for each core, and 16 for each at most */
  readonly limit?: LimitOptions;
  /** Requests to the DNS API. @default 3.5 a second, 4 under way: Cloudflare allows 1,200 in 5 minutes to all that a user runs */
  readonly dns?: BucketOptions;
  /** Looks for signs of overload of this machine. @default memory and load of /proc */
  readonly look?: () => Promise<readonly Sign[]>;
}

/** How an admission went. */
export interface AdmissionSummary {
  /** How often each sign was seen. */
  readonly signs: Readonly<Partial<Record<Sign, number>>>;
  /** Substations at one time, at the lowest. */
  readonly lowestLimit: number;
  readonly limit: number;
}

interface Waiting {
  readonly socket: Socket;
  readonly number: number;
}

/**
 * Decides for all engines of a batch which substation may be worked on, and when a DNS record may be asked for. The engines' programs ask over a unix socket that only this
 * user can open (`config/admission.ts`, `components/admission.ts`); what an engine has taken is free again when its program ends, however it ends.
 *
 * ```ts
 * const coordinator = await Coordinator.open();
 * // each engine: env: { ...env, ...coordinator.env }, parallel: coordinator.parallel(members), onEvent: (event) => coordinator.heard(group, event)
 * await coordinator.close();
 * ```
 */
export class Coordinator {
  readonly #limit: Limit;
  readonly #bucket: Bucket;
  readonly #signs: Partial<Record<Sign, number>> = {};
  /** Those that are worked on, by group and id, and who asked for them. */
  readonly #inside = new Map<string, Socket>();
  /** Those of which something has failed: what is still made of them counts no more. */
  readonly #failed = new Set<string>();
  readonly #entering: (Waiting & { readonly member: string })[] = [];
  readonly #asking: (Waiting & { readonly id: string })[] = [];
  /** URNs of records under way, by the connection over which they were asked for. */
  readonly #records = new Map<Socket, Set<string>>();
  #dnsTimer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    options: CoordinatorOptions,
  ) {
    const now = performance.now();
    this.#limit = new Limit(options.limit ?? { start: startLimit(), most: 4 * startLimit() }, now);
    this.#bucket = new Bucket(options.dns ?? { rate: 3.5, underWay: 4 }, now);
    const look = options.look ?? pressure;
    this.#looking = setInterval(() => void look().then((signs) => this.#looked(signs)), 1_000);
    this.#looking.unref();
    server.on("connection", (socket) => this.#serve(socket));
    server.unref();
  }

  static async open(options: CoordinatorOptions = {}): Promise<Coordinator> {
    const folder = await mkdtemp(join(tmpdir(), "substation-admission-")); // 0700
    const server = createServer();
    server.listen(join(folder, "socket"));
    await once(server, "listening");
    await chmod(join(folder, "socket"), 0o600);
    return new Coordinator(folder, server, options);
  }

  /** For the environment of each engine. */
  get env(): Readonly<Record<string, string>> {
    return { [admissionVariable]: join(this.folder, "socket") };
  }

  /**
   * Resources that an engine works on at once, so that this coordinator decides and not the engine: one that waits for its turn occupies one of them.
   * @param members substations of the engine's group
   */
  parallel(members: number): number {
    return 2 * members + 8;
  }

  /** Hears of an engine's events: a substation leaves when the last of it is there, or something of it has failed; and a record is under way no more when its step has ended, however it did. */
  heard(group: string, { resOutputsEvent, resOpFailedEvent }: EngineEvent): void {
    const metadata = resOpFailedEvent?.metadata ?? resOutputsEvent?.metadata;
    if (!metadata) return;
    const isName = partOf(metadata) === "name";
    if (isName && this.#answered(metadata.urn) && resOutputsEvent) this.#bucket.accepted();
    const id = substationOf(metadata);
    if (!id) return;
    // What else is made of it, and of which the engine tells no end, must not hold up the others.
    if (resOpFailedEvent) this.#failed.add(`${group}/${id}`);
    if (resOpFailedEvent || isName) this.leave(group, id);
  }

  /** Steps of a group that wait for their turn here. */
  waiting(group: string): number {
    const entering = this.#entering.filter(({ member }) => member.startsWith(`${group}/`));
    return entering.length + this.#asking.filter(({ id }) => urnStack(id) === group).length;
  }

  /** A substation is not worked on any more. One that never entered is no error. */
  leave(group: string, id: string): void {
    this.#inside.delete(`${group}/${id}`);
    this.#admit();
  }

  get summary(): AdmissionSummary {
    return { signs: { ...this.#signs }, lowestLimit: this.#limit.lowest, limit: this.#limit.value };
  }

  /** Ends the listening; programs that still wait are let go on. */
  async close(): Promise<void> {
    clearInterval(this.#looking);
    clearTimeout(this.#dnsTimer);
    for (const waiting of [...this.#entering.splice(0), ...this.#asking.splice(0)]) go(waiting);
    for (const socket of this.#records.keys()) socket.destroySoon();
    this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    socket.unref();
    this.#records.set(socket, new Set());
    onLines<Request>(socket, (request) => this.#answer(socket, request));
    socket.on("error", () => socket.destroy()); // the engine was killed; "close" tells what follows
    socket.on("close", () => this.#gone(socket));
  }

  #answer(socket: Socket, request: Request): void {
    const { number } = request;
    switch (request.ask) {
      case "enter": {
        const member = `${request.group}/${request.id}`;
        this.#entering.push({ socket, number, member });
        return this.#admit();
      }
      case "dns":
        this.#asking.push({ socket, number, id: request.id });
        return this.#letAsk();
      case "answered":
        return void this.#answered(request.id);
      case "sign":
        return this.#saw(request.sign);
    }
  }

  /** @returns whether it was under way */
  #answered(record: string): boolean {
    const wasUnderWay = [...this.#records.values()].some((records) => records.delete(record));
    if (wasUnderWay) {
      this.#bucket.answered();
      this.#letAsk();
    }
    return wasUnderWay;
  }

  /** Everything that was taken over a connection is free again. */
  #gone(socket: Socket): void {
    for (const [member, of] of this.#inside) if (of === socket) this.#inside.delete(member);
    for (const list of [this.#entering, this.#asking])
      for (let at = list.length - 1; at >= 0; at--) if (list[at]?.socket === socket) list.splice(at, 1);
    this.#records.get(socket)?.forEach(() => this.#bucket.answered());
    this.#records.delete(socket);
    this.#admit();
    this.#letAsk();
  }

  #looked(signs: readonly Sign[]): void {
    for (const sign of signs) this.#saw(sign);
    this.#limit.tick(performance.now());
    this.#admit();
  }

  #saw(sign: Sign): void {
    this.#signs[sign] = (this.#signs[sign] ?? 0) + 1;
    const now = performance.now();
    if (sign === "rate") this.#bucket.refused(now, backoff);
    // Processors are shared out by the kernel, whoever queues for them: fewer than there are only takes longer.
    else this.#limit.overloaded(now, sign === "load" ? availableParallelism() : 1);
  }

  #admit(): void {
    for (let at = 0; at < this.#entering.length;) {
      const waiting = this.#entering[at];
      if (!waiting) return;
      const { member, socket } = waiting;
      const hasFailed = this.#failed.has(member);
      if (!hasFailed && !this.#inside.has(member) && this.#inside.size >= this.#limit.value) {
        at++; // others may be in already
        continue;
      }
      if (!hasFailed) this.#inside.set(member, socket);
      this.#entering.splice(at, 1);
      go(waiting);
    }
  }

  #letAsk(): void {
    clearTimeout(this.#dnsTimer);
    for (let waiting = this.#asking[0]; waiting; waiting = this.#asking[0]) {
      const now = performance.now();
      const wait = this.#bucket.wait(now);
      if (wait === undefined) return;
      if (wait > 0) {
        this.#dnsTimer = setTimeout(() => this.#letAsk(), wait);
        return;
      }
      this.#asking.shift();
      this.#bucket.take(now);
      this.#records.get(waiting.socket)?.add(waiting.id);
      go(waiting);
    }
  }
}

function go({ socket, number }: Waiting): void {
  const answer: Go = { go: number };
  if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
}
