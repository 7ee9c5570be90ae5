/** What is so of a substation that is to be closed, as it was just looked at. Nothing else decides what is done next. */
export interface ClosingFacts {
  /** Milliseconds since 1970, by the clock that is behind: this machine's or the database server's. */
  readonly now: number;
  /** Of the order. */
  readonly graceMs: number;
  /** Of the order. It gives leave to nothing: a person may have written it. */
  readonly removing: { readonly export: string | undefined } | undefined;
  /** Whether a container of it runs that sells. */
  readonly selling: boolean;
  /** Whether its stack has something of it. */
  readonly standing: boolean;
  /** Whether its database is there. */
  readonly database: boolean;
  /** Whether its stack says that there is a database, and its server has none. */
  readonly lost: boolean;
  /** Whether nobody but us may connect to it. */
  readonly frozen: boolean;
  readonly roles: boolean;
  /** Containers, volumes and records with its mark that its stack does not have. */
  readonly strays: readonly string[];
  /** Of its channels, encrypted in the settings of its group's stack. */
  readonly secrets: boolean;
  /** Whether the certificate of this very removal is written. */
  readonly certified: boolean;
  /** Those that were made for this order, are as they were written, and are not void; oldest first. */
  readonly exports: readonly { readonly name: string; readonly takenAt: number; readonly last: boolean }[];
}

/** What a closing does next. Each may be cut off at any moment, and be done again. */
export type ClosingStep =
  /** Takes out of the order that a removal has begun, since none has. */
  | "unmark"
  /** Lets it sell nothing. */
  | "suspend"
  /** Keeps all its data in files; the grace begins. */
  | "export"
  /** Shuts its database for everybody, keeps all data once more, and writes into the order that the removal begins. */
  | "retire"
  /** Takes it out of its stack: record, containers, volumes. Database and roles stay on the server. */
  | "remove"
  /** Removes database and roles. */
  | "drop"
  /** Takes its channels' secrets out of the settings. */
  | "forget"
  /** Writes the certificate and moves its files to closed/. */
  | "archive";

export type Next =
  | { readonly step: ClosingStep }
  /** The grace: nothing is done before. Milliseconds since 1970. */
  | { readonly until: number }
  /** Only a person can help. */
  | { readonly stuck: string };

/**
 * The order of a closing. Data goes with `drop` alone, and there only where the grace since the first export for this order is over, and an export that was made after the
 * database was shut has been read back.
 */
export function nextStep(facts: ClosingFacts): Next {
  const { removing, exports } = facts;
  if (facts.lost)
    return {
      stuck:
        "its stack has a database that its server does not: see that the platform's databaseHost is the right one, and bring the database back",
    };
  if (!facts.standing && !facts.database) return afterData(facts);
  if (facts.selling) return { step: removing ? "unmark" : "suspend" };
  const [first] = exports;
  if (!first) return { step: "export" };
  const due = first.takenAt + facts.graceMs;
  if (facts.now < due) return { until: due };
  const kept = exports.some(({ name, last }) => last && name === removing?.export);
  if (!kept || (facts.database && !facts.frozen)) return { step: "retire" };
  if (facts.standing) return { step: "remove" };
  return strays(facts) ?? { step: "drop" };
}

/** Nothing that holds data is there: never, or not any more. */
function afterData(facts: ClosingFacts): Next {
  const { removing, exports, certified } = facts;
  if (!removing) return { step: "retire" };
  const stuck = strays(facts);
  if (stuck) return stuck;
  if (facts.roles) return { step: "drop" };
  if (facts.secrets) return { step: "forget" };
  const isKept = certified || exports.some(({ name }) => name === removing.export);
  if (removing.export !== undefined && !isKept)
    return { stuck: `its last export, ${removing.export}, is not as it was written, or gone: bring it back` };
  return { step: "archive" };
}

/** @throws Error for a step that was done in this run and did not bring about what it is for: it would be done for ever */
export function mustProgress<Step extends string>(done: readonly Step[], step: Step): void {
  if (done.includes(step)) throw new Unchanged(step);
}

/** Doing a step has not changed what asks for it. */
export class Unchanged extends Error {
  override readonly name = "Unchanged";
  constructor(readonly step: string) {
    super(`"${step}" was done, and yet it is to be done again`);
  }
}

const strays = (facts: ClosingFacts): Next | undefined =>
  facts.strays.length === 0
    ? undefined
    : {
        stuck: `${facts.strays.join(", ")} bear its mark, and its stack does not have them: remove them by hand, or adopt them with "substation repair"`,
      };
