import { join } from "node:path";
import { loadFleet, problemsFor } from "../../config/fleet";
import { substationIn, withoutHeld } from "../../config/hold";
import { removingIds } from "../../config/lifecycle/order";
import type { OpenStep } from "../../config/open-report";
import type { Platform } from "../../config/platform";
import { formatProblem, problemsIn, type Position, type Problem } from "../../config/problem";
import { preflight } from "../../inventory/preflight";
import type { UpdatePlan } from "../plan";
import { remedyOf } from "./causes";
import type { Said } from "./watch";

/** Why a substation is not open. */
export interface Failure {
  readonly step: OpenStep;
  readonly cause: string;
  readonly remedy: string;
  readonly code?: string;
  /** `file:line:column` */
  readonly place?: string;
}

/** What keeps members of a group from being opened, each for itself; and what concerns all of it. */
export interface Found {
  readonly members: ReadonlyMap<string, Failure>;
  readonly group: readonly string[];
}

/**
 * Looks for what can be known before anything is planned: problems of files, secrets that are missing, and what is live under a name that is needed.
 * @param held members that are left as they are
 * @throws UserError where a server cannot be looked at
 */
export async function problemsBefore(
  root: string,
  group: string,
  platform: Platform,
  held: ReadonlySet<string>,
): Promise<Found> {
  const stacks = join(root, "stacks");
  const fleet = withoutHeld(loadFleet(stacks), held);
  const problems = problemsFor(fleet, group);
  const idOf = (problem: Problem) => substationIn(fleet, problem);
  const wrong = new Set(problems.flatMap((problem) => idOf(problem) ?? []));
  const sound = (fleet.groups.get(group) ?? []).filter(({ id }) => !wrong.has(id));
  const removing = removingIds(fleet.closings.values(), group);
  const live = await preflight(group, sound, platform, stacks, new Set([...held, ...wrong, ...removing]));
  return sorted([...problems, ...live], idOf);
}

/** Whom a plan that may not be carried out speaks of. */
export function problemsOfPlan(
  root: string,
  group: string,
  { violations, errors }: Pick<UpdatePlan, "violations" | "errors">,
  said: readonly Said[],
): Found {
  const fleet = loadFleet(join(root, "stacks"));
  const members = new Map<string, Failure>();
  const concernsAll: string[] = [];
  const blame = (id: string | undefined, failure: Failure) => {
    if (id === undefined) concernsAll.push(failure.cause);
    else if (!members.has(id)) members.set(id, failure);
  };
  for (const { file, rule, message } of violations)
    blame(file && substationIn(fleet, file), {
      step: "plan",
      cause: message,
      remedy: "Mend its file; docs/security.md says what the rule is for.",
      code: rule,
      ...(file ? { place: placeOf(file) } : {}),
    });
  for (const { id, text } of said) {
    const problems = problemsIn(text);
    if (problems.length > 0) {
      const found = sorted(problems, (problem) => substationIn(fleet, problem));
      for (const [of, failure] of found.members) blame(of, failure);
      concernsAll.push(...found.group);
      continue;
    }
    const named = id ?? new RegExp(`Substation ${group}/([a-z0-9-]+)\\b`).exec(text)?.[1];
    if (named === undefined && !errors.includes(text)) continue; // the engine's last word, which adds nothing
    blame(named, { step: "plan", cause: text, remedy: remedyOf(text) });
  }
  if (members.size === 0 && concernsAll.length === 0) concernsAll.push(...errors);
  return { members, group: concernsAll };
}

function sorted(problems: readonly Problem[], idOf: (problem: Problem) => string | undefined): Found {
  const of = new Map<string, Problem[]>();
  const group: string[] = [];
  for (const problem of problems) {
    const id = idOf(problem);
    if (id === undefined) group.push(formatProblem(problem));
    else of.set(id, [...(of.get(id) ?? []), problem]);
  }
  const members = [...of].map(([id, [first, ...more]]) => [id, failureOf(first!, more.length)] as const);
  return { members: new Map(members), group };
}

function failureOf(problem: Problem, more: number): Failure {
  const { code, message } = problem;
  const isLive = code === "live/foreign" || code === "file/gone" || code === "file/moved";
  return {
    step: isLive ? "preflight" : "check",
    cause: more === 0 ? message : `${message} (and ${more} more)`,
    remedy: isLive
      ? "Clear that up, and open it again."
      : 'Mend the file, and open it again: "npm run substation -- check" shows all that is wrong with it.',
    code,
    place: placeOf(problem),
  };
}

const placeOf = ({ file, line, column }: Position): string => `${file}:${line}:${column}`;
