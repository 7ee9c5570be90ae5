import { UserError } from "../../config/error";
import { withGroupLock } from "../group-lock";
import type { Workspace } from "../pulumi";

export interface Running {
  /** Asks the engine to stop after the steps under way. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each step as it begins, and of whom it waits for. */
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
  { signal, note = () => undefined }: Running,
  work: () => Promise<T>,
): Promise<T> {
  const onWait = (holder: string): void => note(`waiting: ${holder} works on ${group}`);
  const locked = await withGroupLock(workspace, group, { what, signal, onWait }, work);
  if (locked.kind === "done") return locked.result;
  throw new UserError(`${locked.holder} works on ${group}: nothing was done; run this again.`);
}
