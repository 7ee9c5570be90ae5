/** What is so of a substation that is moved from one group to another, as it was just looked at. Nothing else decides what is done next. */
export interface MoveFacts {
  /** Whether its file is in the new group. */
  readonly filed: boolean;
  /** Names of secrets that the settings of the new group's stack have to get from the old one's. */
  readonly unset: readonly string[];
  /** Whether the old group's stack, and the new one's, have something of it. */
  readonly inOld: boolean;
  readonly inNew: boolean;
  /** Whether the new stack has all that the old one has of it. */
  readonly copied: boolean;
  /** Whether a stack says that there is a database, and its server has none. */
  readonly lost: boolean;
  /** What its database and roles are marked as; undefined where there is none, or it was never marked. */
  readonly marked: "old" | "between" | "new" | undefined;
  /** Whether its shop's container, and each other container and record of it, is marked as the new group's. */
  readonly laid: boolean;
  /** Whether the settings of the old group's stack still hold secrets of it. */
  readonly secretsLeft: boolean;
}

/** What a moving does next. Each may be cut off at any moment, and be done again; none of them removes data. */
export type MoveStep =
  /** Gives the new group's stack the channels' secrets, encrypted by its key. */
  | "secrets"
  /** Puts its file into the new group's folder: from then on that is what is to be. */
  | "file"
  /** Marks database and roles as between the two, so that neither group is updated with it. */
  | "lift"
  /** Gives its resources, its root secret among them, to the new group's stack, and then takes them from the old one's. */
  | "state"
  /** Takes them from the old stack, where a run was cut off when both had them. */
  | "release"
  /** Marks database and roles as the new group's. */
  | "mark"
  /** Updates it in the new group: its containers and its record get that mark. */
  | "update"
  /** Takes its secrets out of the settings of the old group's stack. */
  | "forget";

export type NextMove =
  | { readonly step: MoveStep }
  /** Only a person can help. */
  | { readonly stuck: string }
  | "done";

/**
 * The order of a moving. Whatever it is cut off after, at least one stack has all that there is, its root secret among it; and where its database says that it is a group's, that
 * group's stack is the one that has it, so that no update makes another root secret.
 */
export function nextMove(facts: MoveFacts): NextMove {
  const { filed, inOld, inNew, marked } = facts;
  if (facts.lost)
    return {
      stuck:
        "its stack has a database that its server does not: see that the platform's databaseHost is the right one, and bring the database back",
    };
  if (facts.unset.length > 0) return { step: "secrets" };
  if (!filed) return { step: "file" };
  if (inOld) {
    if (marked === "old" || marked === "new") return { step: "lift" };
    if (!inNew) return { step: "state" };
    if (facts.copied) return { step: "release" };
    return {
      stuck: "both stacks have something of it, and not the same: something else changed one of them",
    };
  }
  if (!inNew && marked !== undefined)
    return {
      stuck:
        "neither stack has it, and its database is there: bring the state of the old one back, with its root secret, or put its file back and repair that stack",
    };
  if (marked === "old" || marked === "between") return { step: "mark" };
  if (inNew && !facts.laid) return { step: "update" };
  if (facts.secretsLeft) return { step: "forget" };
  return "done";
}
