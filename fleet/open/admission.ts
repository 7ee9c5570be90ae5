import { availableParallelism } from "node:os";

/** Substations that are worked on at one time, at first. */
export const startLimit = (): number => 4 * availableParallelism();

/**
 * How much is begun at one time: additive increase, multiplicative decrease, as TCP finds out what a line carries. Each sign of overload halves the limit, at most once in a
 * while, since those that are in already go on; each interval without one adds one.
 */
export interface LimitOptions {
  /** Substations at one time, at first. */
  readonly start: number;
  /** At most. */
  readonly most: number;
  /** Milliseconds: signs within this time of the last cut tell nothing new. @default 5000 */
  readonly settle?: number;
  /** Milliseconds without a sign after which one more may enter. @default 5000 */
  readonly interval?: number;
}

export class Limit {
  #value: number;
  /** Lowest so far. */
  #lowest: number;
  #cutAt = -Infinity;
  /** Since when there was no sign, or when the last one was added. */
  #cleanSince: number;
  readonly #settle: number;
  readonly #interval: number;

  /** @param now milliseconds of a clock that does not jump, here and in all calls */
  constructor(
    private readonly options: LimitOptions,
    now: number,
  ) {
    this.#value = Math.max(1, Math.min(options.start, options.most));
    this.#lowest = this.#value;
    this.#cleanSince = now;
    this.#settle = options.settle ?? 5_000;
    this.#interval = options.interval ?? 5_000;
  }

  get value(): number {
    return this.#value;
  }

  get lowest(): number {
    return this.#lowest;
  }

  /**
   * A sign of overload was seen.
   * @param least how far it may take the limit down. @default 1
   */
  overloaded(now: number, least = 1): void {
    this.#cleanSince = now;
    if (now - this.#cutAt < this.#settle) return;
    this.#cutAt = now;
    this.#value = Math.max(Math.min(least, this.#value), Math.floor(this.#value / 2));
    this.#lowest = Math.min(this.#lowest, this.#value);
  }

  /** Time has passed. */
  tick(now: number): void {
    while (now - this.#cleanSince >= this.#interval) {
      this.#cleanSince += this.#interval;
      this.#value = Math.min(this.options.most, this.#value + 1);
    }
  }
}

export interface BucketOptions {
  /** Requests a second. */
  readonly rate: number;
  /** Requests that may be under way at one time. The client of the API waits and asks again by itself when it is refused, and tells nobody: this holds up the others meanwhile. */
  readonly underWay: number;
}

/** Requests to an API that allows so many in a while: one at a time, evenly, and none while it refuses. */
export class Bucket {
  #next: number;
  #underWay = 0;
  #refusals = 0;
  #pausedUntil = -Infinity;

  constructor(
    private readonly options: BucketOptions,
    now: number,
  ) {
    this.#next = now;
  }

  /** Milliseconds until a request may be made; undefined where one has to be answered first. */
  wait(now: number): number | undefined {
    return this.#underWay >= this.options.underWay ? undefined : Math.max(0, this.#next - now);
  }

  /** A request is made. */
  take(now: number): void {
    this.#underWay++;
    this.#next = Math.max(now, this.#next) + 1000 / this.options.rate;
  }

  /** It was answered, or whoever made it is gone. */
  answered(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
  }

  /** The API refuses: nothing more is asked for a while, longer each time. @param pause milliseconds by the number of refusals in a row */
  refused(now: number, pause: (refusals: number) => number): void {
    if (now < this.#pausedUntil) return; // told already, by another that was under way
    this.#refusals++;
    this.#pausedUntil = now + pause(this.#refusals);
    this.#next = Math.max(this.#next, this.#pausedUntil);
  }

  /** A request went well. */
  accepted(): void {
    this.#refusals = 0;
  }
}
