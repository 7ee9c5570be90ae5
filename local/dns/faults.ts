/** A fault that a test puts in front of the API. Off unless a test asks for one. */
export interface Fault {
  /** Only requests of this method. */
  readonly method?: string;
  /** Only requests whose path (with `/client/v4`) matches. */
  readonly path?: RegExp;
  /** Only requests whose body names a record that matches; with a status alone. */
  readonly name?: RegExp;
  /** Requests that it hits, then it is gone. @default until it is taken away */
  readonly times?: number;
  /** How long it holds. @default until it is taken away */
  readonly seconds?: number;
  readonly effect:
    | { readonly kind: "status"; readonly status: number; readonly retryAfterSeconds?: number }
    /** The request is carried out, and the connection is cut instead of an answer. */
    | { readonly kind: "drop" }
    | { readonly kind: "delay"; readonly milliseconds: number };
}

/** The faults in force. */
export class Faults {
  private active: { fault: Fault; left: number; until: number }[] = [];

  /** @param now milliseconds */
  constructor(private readonly now: () => number = Date.now) {}

  /** Puts a fault in force; what it returns takes it away again. */
  inject(fault: Fault): () => void {
    const until = this.now() + (fault.seconds ?? Infinity) * 1000;
    const entry = { fault, left: fault.times ?? Infinity, until };
    this.active.push(entry);
    return () => {
      this.active = this.active.filter((e) => e !== entry);
    };
  }

  /**
   * The effects on this request, in the order in which they were put in force.
   * @param name of the record in its body; where none is given, only faults that ask for none are meant
   */
  hitting(method: string, path: string, name?: string): Fault["effect"][] {
    this.active = this.active.filter(({ until }) => until > this.now());
    const hits = this.active.filter(
      ({ fault }) =>
        (fault.method ?? method) === method &&
        (fault.path?.test(path) ?? true) &&
        (fault.name === undefined ? name === undefined : name !== undefined && fault.name.test(name)),
    );
    for (const hit of hits) hit.left -= 1;
    this.active = this.active.filter((e) => e.left > 0);
    return hits.map((hit) => hit.fault.effect);
  }
}
