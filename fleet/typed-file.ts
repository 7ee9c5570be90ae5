import { readFileSync } from "node:fs";
import { UserError } from "../config/error";
import { formatProblem, loadFleet, problemsFor, type Fleet, type SubstationSpec } from "../config/fleet";
import { others } from "../config/suggest";
import type { Outcome } from "./up";
import { replaceFile } from "./write-new";

/** @throws UserError where there is none of that id, or a file that concerns its group has a problem */
export function findSubstation(fleet: Fleet, id: string): SubstationSpec {
  const all = [...fleet.groups.values()].flat();
  const found = all.find((spec) => spec.id === id);
  if (found) {
    refuse(fleet, found.group);
    return found;
  }
  refuse(fleet); // its own file may be the one that cannot be read
  const which = others(
    id,
    all.map((spec) => spec.id),
  );
  throw new UserError(`there is no substation "${id}" in ${fleet.root}: ${which} Nothing was changed.`);
}

function refuse(fleet: Fleet, group?: string): void {
  const problems = group === undefined ? fleet.problems : problemsFor(fleet, group);
  if (problems.length === 0) return;
  throw new UserError(
    `the typed files have problems, so nothing was changed.\n${problems.map(formatProblem).join("\n")}`,
  );
}

export interface FileChange {
  /** The file's text, changed. @throws Error where that cannot be done */
  readonly change: (text: string) => string;
  /** What the changed file is read as in place of what was meant; undefined where it is right. */
  readonly wrong: (spec: SubstationSpec | undefined) => string | undefined;
  /** "changed to appPassword: 2" */
  readonly what: string;
  /** What a person is to write where this cannot. */
  readonly byHand: string;
}

/**
 * Changes a substation's file, and makes sure that it then says that; else it is left as it was.
 * @param load the fleet as far as its problems matter here
 * @throws UserError
 */
export function changeFile(
  stacks: string,
  { id, group, file }: SubstationSpec,
  { change, wrong, what, byHand }: FileChange,
  load: (stacks: string) => Fleet = loadFleet,
): void {
  const before = readFileSync(file, "utf8");
  try {
    replaceFile(file, change(before));
    const fleet = load(stacks);
    refuse(fleet, group);
    const read = wrong(fleet.groups.get(group)?.find((spec) => spec.id === id));
    if (read !== undefined) throw new Error(`it is then read as ${read}`);
  } catch (error) {
    replaceFile(file, before);
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${file} cannot be ${what}, and was left as it was: ${why}. ${byHand} by hand, and run this again.`,
    );
  }
}

/** What kept an update from being carried out to its end. */
export function whyNot(outcome: Outcome): string {
  if (outcome.kind === "failed") return outcome.output;
  const { violations, errors } = outcome.plan;
  return [...violations.map(({ rule, message }) => `${rule}: ${message}`), ...errors].join("\n");
}
