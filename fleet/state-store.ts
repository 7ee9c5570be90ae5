import { stateDatabase } from "./state-database";
import { stateFiles } from "./state-files";

/** What a repair reads and removes of a self-managed backend's own book-keeping on one stack. The state itself is left to Pulumi. */
export interface StateStore {
  /** Its address, as in PULUMI_BACKEND_URL. */
  readonly backend: string;
  /** The texts of the locks, by the key that people know each by. */
  locks(): Promise<ReadonlyMap<string, string>>;
  /** Removes a lock, unless another was put in its place since. */
  removeLock(key: string, text: string): Promise<void>;
  /** Removes what a killed write left half done, and what keeps the state from being read. @returns the names */
  removeTorn(): Promise<readonly string[]>;
}

export interface StackName {
  readonly project: string;
  readonly stack: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Of the backend that PULUMI_BACKEND_URL names.
 * @returns undefined for a kind that is only reached through Pulumi, such as s3://: docs/backends.md says what is left to people there
 */
export function stateStore(env: Environment, name: StackName): StateStore | undefined {
  const backend = env["PULUMI_BACKEND_URL"] ?? "";
  return stateFiles(backend, name) ?? stateDatabase(backend, env, name);
}

/** Whether two addresses are of one backend. What stands after the question mark of a folder's says only how files are written there. */
export const isSameBackend = (one: string, other: string): boolean => bare(one) === bare(other);

const bare = (backend: string): string => backend.replace(/^(file:.*?)\?.*$/, "$1").replace(/\/+$/, "");

/** An address as people may see it: without a password. */
export const shownBackend = (backend: string): string =>
  backend.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/, "$1:****@");
