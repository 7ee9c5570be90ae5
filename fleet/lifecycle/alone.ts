import { UserError } from "../../config/error";
import { withGroupLock } from "../group-lock";
import type { Workspace } from "../pulumi";

export interface Running {
  /** Asks the engine to stop after the steps under way. */
  readonly signal?: AbortSignal | undefined;
  /** A host that is gone for good, as a person says: what it holds is taken over. */
  readonly gone?: string | undefined;
  /** Hears of each step as it begins, of whom it waits for, and from whom it took over. */
  readonly note?: (what: string) => void;
}

/**
 * Runs `work` while nobody else works on the group, and waits for whoever does.
 * @param what "close"
 * @throws UserError where the waiting was stopped
 */
export async function alone<T>(
  workspace: Workspace,
  group: string,
  what: string,
  { signal, gone, note = () => undefined }: Running,
  work: () => Promise<T>,
): Promise<T> {
  const onWait = (holder: string): void => note(`waiting: ${holder} works on ${group}`);
  const onTakeOver = (holder: string): void => note(`took ${group} over from ${holder}`);
  const locked = await withGroupLock(workspace, group, { what, signal, gone, onWait, onTakeOver }, work);
  if (locked.kind === "done") return locked.result;
  throw new UserError(`${locked.holder} works on ${group}: nothing was done; run this again.`);
}
