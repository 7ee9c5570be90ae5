import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stateOf, type Owner, type OwnerState } from "../owner";
import type { Entry, Subject } from "./entry";
import { journalFile, JournalFile, journalFolder, parseJournal, type Lines } from "./file";

/** An action that was begun and not seen to end. */
export interface CutRun extends Subject {
  readonly run: string;
  readonly action: string;
  /** The part that was under way; undefined where none was, or nobody knows. */
  readonly step: string | undefined;
  /** Undefined where the journal is damaged: then nothing is known, and whoever holds the group's lock must look at everything. */
  readonly writer: Owner | undefined;
  /** "dead" is what a repair is for. */
  readonly owner: OwnerState;
}

/**
 * Actions on substations that were begun and have not ended: those of a run that is under way ("alive"), and those that were cut ("dead").
 * @param gone a host of which a person says that it is gone for good
 */
export function cutRuns(root: string, group?: string, gone?: string): readonly CutRun[] {
  const folder = journalFolder(root);
  return (group === undefined ? names(folder) : [group]).flatMap((of) =>
    names(join(folder, of))
      .filter((name) => name.endsWith(".jsonl"))
      .flatMap((name) => cutRun(root, { group: of, id: name.slice(0, -".jsonl".length) }, gone) ?? []),
  );
}

/**
 * Substations whose last action failed. A part may have been made and its answer lost, or given as an error: the state does not know of it then, and only a repair finds it.
 */
export const failedRuns = (root: string, group: string): readonly Subject[] =>
  names(join(journalFolder(root), group))
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => ({ group, id: name.slice(0, -".jsonl".length) }))
    .filter((subject) => {
      const last = lastWhole(parseJournal(readFileSync(journalFile(root, subject))));
      return last?.phase === "failed" && last.repaired === undefined;
    });

/**
 * Writes down that cut and failed actions were looked into, and that whatever they left is recorded or gone. To be called after a repair, with the group's lock held.
 * @param except ids of those that could not be looked into
 * @param gone a host of which a person says that it is gone for good
 * @returns those that were dead
 */
export function settleCutRuns(
  root: string,
  group: string,
  except: ReadonlySet<string> = new Set(),
  gone?: string,
): readonly CutRun[] {
  const dead = cutRuns(root, group, gone).filter(({ id, owner }) => owner === "dead" && !except.has(id));
  for (const cut of dead) settle(root, cut, cut);
  for (const subject of failedRuns(root, group)) {
    const last = lastWhole(parseJournal(readFileSync(journalFile(root, subject))));
    if (last && !except.has(subject.id)) settle(root, subject, last);
  }
  return dead;
}

function settle(root: string, subject: Subject, { run, action }: Pick<Entry, "run" | "action">): void {
  const file = new JournalFile(journalFile(root, subject));
  const why = "it did not come to its end, and has been repaired";
  file.append({ run, action, phase: "failed", why, repaired: true }, true);
  file.close();
}

/** The last line about a whole action. */
const lastWhole = ({ entries }: Lines): Entry | undefined =>
  entries.findLast((line) => line !== undefined && line.step === undefined);

function cutRun(root: string, subject: Subject, gone: string | undefined): CutRun | undefined {
  const open = lastOpen(parseJournal(readFileSync(journalFile(root, subject))));
  return open && { ...subject, ...open, owner: open.writer ? stateOf(open.writer, gone) : "dead" };
}

/** The last action, where it was begun and has no end; an unknown one, where something has damaged what was written after the last one that is known of. */
function lastOpen({ entries }: Lines): Pick<CutRun, "run" | "action" | "step" | "writer"> | undefined {
  const at = entries.findLastIndex((line) => line !== undefined && line.step === undefined);
  const parts = entries.slice(at + 1);
  if (parts.includes(undefined))
    return { run: "unknown", action: "unknown", step: undefined, writer: undefined };
  const last = entries[at];
  if (last?.phase !== "begun") return undefined;
  const phases = new Map(parts.map((line) => [line?.step, line?.phase]));
  const step = [...phases].findLast(([, phase]) => phase === "begun")?.[0];
  return { run: last.run, action: last.action, step, writer: last.writer };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
