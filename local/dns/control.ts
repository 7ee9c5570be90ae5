import { z } from "zod";
import type { Fault, Faults } from "./faults";

/** Faults on order, for tests that run beside the emulator and not in it: `PUT /faults` with the list that is to hold from now on, with a token that may edit. */
const orderSchema = z.array(
  z.strictObject({
    method: z.string().optional(),
    /** Regular expression for the path. */
    path: z.string().optional(),
    /** Regular expression for the name of the record in the body. */
    name: z.string().optional(),
    times: z.int().positive().optional(),
    seconds: z.number().positive().optional(),
    effect: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("status"),
        status: z.int().min(400).max(599),
        retryAfterSeconds: z.int().nonnegative().optional(),
      }),
      z.strictObject({ kind: z.literal("drop") }),
      z.strictObject({ kind: z.literal("delay"), milliseconds: z.int().positive() }),
    ]),
  }),
);
export type FaultOrder = z.input<typeof orderSchema>[number];

/** When requests came, in milliseconds since 1970, and what for: `GET /requests`. The last 10,000. */
export interface Seen {
  readonly at: number;
  readonly method: string;
  readonly path: string;
}

export class Control {
  readonly #seen: Seen[] = [];
  #end: () => void = () => undefined;

  constructor(
    private readonly faults: Faults,
    private readonly now: () => number,
  ) {}

  saw(method: string, path: string): void {
    this.#seen.push({ at: this.now(), method, path });
    if (this.#seen.length > 10_000) this.#seen.shift();
  }

  get seen(): readonly Seen[] {
    return this.#seen;
  }

  /** In place of what was ordered before. @throws ZodError for what is no list of faults, SyntaxError for what is no regular expression */
  order(body: unknown): void {
    const orders = orderSchema.parse(body).map(({ path, name, ...order }): Fault => ({
      ...(order as Fault),
      ...(path === undefined ? {} : { path: new RegExp(path) }),
      ...(name === undefined ? {} : { name: new RegExp(name) }),
    }));
    this.#end();
    const ends = orders.map((order) => this.faults.inject(order));
    this.#end = () => ends.forEach((end) => end());
  }
}
