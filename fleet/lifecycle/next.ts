/** What is so of a substation that is to be closed, as it was just looked at. Nothing else decides what is done next. */
export interface ClosingFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Of the order. */
  readonly graceMs: number;
  /** Of the order, once something was removed, or is about to be. */
  readonly removing: { readonly export: string | undefined } | undefined;
  /** Whether a container of it runs that sells. */
  readonly selling: boolean;
  /** Whether its stack has something of it. */
  readonly standing: boolean;
  /** Whether its database is there. */
  readonly database: boolean;
  /** Whether nobody but us may connect to it. */
  readonly frozen: boolean;
  readonly roles: boolean;
  /** Containers, volumes and records with its mark that its stack does not have. */
  readonly strays: readonly string[];
  /** Of its channels, encrypted in the settings of its group's stack. */
  readonly secrets: boolean;
  /** Those that were made for this order and are as they were written, oldest first. */
  readonly exports: readonly { readonly name: string; readonly takenAt: number; readonly last: boolean }[];
}

/** What a closing does next. Each may be cut off at any moment, and be done again. */
export type ClosingStep =
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
 * The order of a closing. Data goes with `drop` alone, and there only where the order is due and an export that was made after the database was shut has been read back.
 */
export function nextStep(facts: ClosingFacts): Next {
  const { removing, exports } = facts;
  if (removing) return finishing(facts, removing.export);
  if (!facts.standing && !facts.database) return { step: "retire" }; // it was never opened: there is nothing to be kept
  if (facts.selling) return { step: "suspend" };
  const [first] = exports; // also of one whose database is gone: it is the grace that begins with it
  if (!first) return { step: "export" };
  const due = first.takenAt + facts.graceMs;
  return facts.now < due ? { until: due } : { step: "retire" };
}

function finishing(facts: ClosingFacts, name: string | undefined): Next {
  const kept = facts.exports.find((one) => one.name === name && one.last);
  const holdsData = facts.database || facts.standing;
  if (holdsData && !(kept && (facts.frozen || !facts.database))) return { step: "retire" };
  if (facts.standing) return { step: "remove" };
  if (facts.strays.length > 0)
    return {
      stuck: `${facts.strays.join(", ")} bear its mark, and its stack does not have them: remove them by hand, or adopt them with "substation repair"`,
    };
  if (facts.database || facts.roles) return { step: "drop" };
  if (facts.secrets) return { step: "forget" };
  if (name !== undefined && !kept)
    return { stuck: `its last export, ${name}, is not as it was written, or gone: bring it back` };
  return { step: "archive" };
}
