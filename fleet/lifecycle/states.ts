/** The states of a substation, as docs/lifecycle.md has them: what may be done in each, and how each that is not at rest ends. */

export type LifecycleState =
  "planned" | "opening" | "open" | "suspended" | "moving" | "closing" | "removing" | "closed";

export type LifecycleAction = "open" | "suspend" | "resume" | "move" | "close" | "restore";

export interface StateRules {
  readonly what: string;
  readonly allowed: readonly LifecycleAction[];
  /** Whether it may stay so. */
  readonly atRest: boolean;
  /** Until when it may last; undefined for one at rest. */
  readonly deadline: string | undefined;
  /** What ends it. */
  readonly exit: string;
}

export const stateRules: Readonly<Record<LifecycleState, StateRules>> = {
  planned: {
    what: "it has a file, and was never opened",
    allowed: ["open", "move", "close"],
    atRest: true,
    deadline: undefined,
    exit: "`open`",
  },
  opening: {
    what: "it is in its stack, and not all of it is there",
    allowed: ["open", "suspend", "move", "close"],
    atRest: false,
    deadline: "the end of the run; of one that was killed, the next run",
    exit: "`open` finishes it",
  },
  open: {
    what: "it sells, or is to sell",
    allowed: ["open", "suspend", "move", "close"],
    atRest: true,
    deadline: undefined,
    exit: "`suspend`, or a closing order",
  },
  suspended: {
    what: "it sells nothing; all data is kept",
    allowed: ["open", "suspend", "resume", "move", "close"],
    atRest: true,
    deadline: undefined,
    exit: "`resume`, or a closing order",
  },
  moving: {
    what: "its file is in another group than what stands of it",
    allowed: ["move"],
    atRest: false,
    deadline: "the end of the run; of one that was killed, or of a file that was moved by hand, the next run",
    exit: "`move` finishes it",
  },
  closing: {
    what: "it was ordered to be closed: it sells nothing, and all data is kept, there and in an export",
    allowed: ["open", "close", "restore"],
    atRest: false,
    deadline: "the first export, and the order's grace from then",
    exit: "`close` after the deadline, `restore` before anything is removed",
  },
  removing: {
    what: "its removal has begun; all data is in an export",
    allowed: ["close"],
    atRest: false,
    deadline: "the end of the run; of one that was killed, the next run",
    exit: "`close` finishes it",
  },
  closed: {
    what: "nothing of it is there but its export and its certificate",
    allowed: [],
    atRest: true,
    deadline: undefined,
    exit: "a new file under the same id opens another one, which has nothing of it",
  },
};

/** What is known of a substation without looking at its servers, save for its stack. */
export interface StateFacts {
  /** Whether it has a file. */
  readonly file: boolean;
  readonly order: { readonly removing?: unknown } | undefined;
  /** As its file says; an order says it too. */
  readonly suspended: boolean;
  /** Whether something of it is marked as another group's than its file is in, and can be marked anew. */
  readonly elsewhere: boolean;
  /** Undefined where its stack has nothing of it. */
  readonly standing: { readonly shop: unknown } | undefined;
}

export function stateOf({ file, order, suspended, elsewhere, standing }: StateFacts): LifecycleState {
  if (file && elsewhere) return "moving";
  if (order) return order.removing === undefined ? "closing" : "removing";
  if (!file) return "closed";
  if (!standing) return "planned";
  if (!standing.shop) return "opening";
  return suspended ? "suspended" : "open";
}

export const isAllowed = (state: LifecycleState, action: LifecycleAction): boolean =>
  stateRules[state].allowed.includes(action);
