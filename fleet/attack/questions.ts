/** What can be tried from inside a container. Nothing that is tried stays, also where it goes well. */
export type Question =
  /** Connects and hangs up. Where `control`, a host that nobody is, answers too, something on the way answers for everybody, and nothing can be told. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly control?: string }
  /** Asks for the address of a name. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "read" | "stat"; readonly file: string }
  /** Opens a file for writing, or makes it; writes nothing into it, and removes what it made. */
  | { readonly kind: "open"; readonly file: string }
  | { readonly kind: "folder"; readonly folder: string }
  /** Writes a program into that folder and starts it. */
  | { readonly kind: "execute"; readonly folder: string }
  /** Runs one of busybox's programs. */
  | { readonly kind: "busybox"; readonly args: readonly string[] }
  /** Becomes root. */
  | { readonly kind: "root" }
  /** Lists the processes that belong to another user. */
  | { readonly kind: "strangers" }
  /** Looks for its own secrets in the environment and the command lines of the processes that it can see. */
  | { readonly kind: "leaks" }
  /** Lists what lies in folders under the name that attempts give. */
  | { readonly kind: "traces"; readonly folders: readonly string[] }
  | Statement
  /** Looks for words in everything of the server's catalogs that may be read, its own sessions aside. */
  | (Login & { readonly kind: "search"; readonly words: readonly string[] })
  /** Opens connections and keeps them until one is refused or there are `most`. */
  | (Login & { readonly kind: "connections"; readonly most: number })
  | { readonly kind: "memory"; readonly bytes: number }
  /** Keeps more threads busy than it has cores for. */
  | { readonly kind: "cores"; readonly allowed: number; readonly milliseconds: number }
  /** Starts processes until one is refused or there are `most`; refused past `allowed` is too late. */
  | { readonly kind: "processes"; readonly allowed: number; readonly most: number }
  /** Fills a file. */
  | { readonly kind: "fill"; readonly file: string; readonly bytes: number }
  /** Writes to the standard output of the container's first process. */
  | { readonly kind: "log"; readonly bytes: number };

export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** @default the shop's own, as it lies in its container */
  readonly password?: string;
  /** @default true */
  readonly tls?: boolean;
}

/** One statement on a connection of its own. */
export interface Statement extends Login {
  readonly kind: "sql";
  /** Runs in a transaction that is rolled back, unless `undo` is given. */
  readonly text: string;
  /** Run after a statement that went well and that no transaction takes back. */
  readonly undo?: string;
  /** Takes seconds: goes beside the others. */
  readonly slow?: boolean;
}

/**
 * `ok` with the result; or the code of the error: the system's (`EROFS`), PostgreSQL's SQLSTATE, the signal that ended it (`SIGKILL`); or why it could not be tried.
 */
export type Answer =
  | { readonly ok: unknown }
  | { readonly failed: string; readonly message: string }
  | { readonly missing: string };

/** Names of what an attempt would make, so that it can be found. */
export const intruder = "substation_intruder";
