import { join, relative, resolve } from "node:path";
import { loadFleet, type Fleet, type Position, type Problem } from "../../config/fleet";
import { substationIn } from "../../config/hold";
import { git } from "../git";
import { select, type Selected } from "../open/selection";
import { shortages, titleOf } from "../plan/fits";
import { planFleet } from "../plan/fleet";
import type { FleetPlan, GroupPlan, MemberPlan } from "../plan/types";
import { closedIds } from "../lifecycle/archive";
import { noStack, type Workspace } from "../pulumi";
import { checkedOut, commitOf } from "./commits";
import { everySubstation, fileOf, type Review, type ReviewFinding, type ReviewMember } from "./report";
import { membersOf } from "./steps";

export interface ReviewOptions {
  /** A commit, or a name of one. */
  readonly base: string;
  /** Looks at nothing but the files: for changes of people who may not ask our servers. @default false */
  readonly filesOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a merge of the checked out commit would do, and what forbids it: of the substations that its differences from `base` can touch, and of no other. Changes nothing.
 * @param planned plans substations
 * @throws UserError where git does not know the base, or there are changes that are not committed
 */
export async function review(
  workspace: Workspace,
  { base, filesOnly = false, signal }: ReviewOptions,
  planned: typeof planFleet = planFleet,
): Promise<Review> {
  const { root } = workspace;
  const from = await git(root, "merge-base", await commitOf(root, base), "HEAD");
  const { commit, tree } = await checkedOut(root);
  const selected = await select(root, { changedSince: from });
  const fleet = loadFleet(join(root, "stacks"));
  const problems = fleet.problems
    .filter((problem) => concerns(fleet, problem, selected))
    .map(({ code, message, ...place }) => ({ ...inProject(root, place), code, message }));
  const plan = filesOnly
    ? nothing
    : await planned(workspace, { changedSince: from }, { signal, maxTouched: everySubstation });
  const members = plan.groups.flatMap(reviewMembers);
  const held = plan.groups.flatMap((group) => group.members.filter(({ action }) => action === "held"));
  const ids = [...selected.values()].flat();
  const changed = new Set([...members, ...held].map(({ id }) => id));
  return {
    version: 1,
    ...{ base: from, commit, tree },
    scope: filesOnly ? "files" : "plan",
    members,
    unchanged: filesOnly ? 0 : ids.filter((id) => !changed.has(id)).length,
    findings: unique([
      ...problems,
      ...(filesOnly ? deleted(new Set([...(await idsWithFile(root)), ...closedIds(root)]), selected) : []),
      ...plan.groups.flatMap((group) => group.members.flatMap((member) => findingsOf(root, member))),
    ]),
    errors: [
      ...plan.groups.flatMap(({ group, problems }) =>
        problems.map((message) => ({ group, message: saidOf(group, message) })),
      ),
      ...plan.capacity.flatMap((one) => shortages(one).map((message) => ({ group: one.platform, message }))),
    ],
    notes: notesOf(plan),
  };
}

/** A new group has no stack yet. */
const saidOf = (group: string, message: string): string =>
  noStack({ stderr: message })
    ? `there is no stack ${group}: make it with "pulumi stack init ${group}", and commit stacks/Pulumi.${group}.yaml with its files`
    : message;

const nothing: Pick<FleetPlan, "groups" | "capacity"> = { groups: [], capacity: [] };

/** Problems of the files that are touched, and of what is no substation's own. */
function concerns(fleet: Fleet, problem: Problem, selected: Selected): boolean {
  const id = substationIn(fleet, problem);
  return id === undefined || [...selected.values()].some((ids) => ids.includes(id));
}

/** Those that something happens to. */
function reviewMembers({ group, update }: GroupPlan): ReviewMember[] {
  return membersOf(group, update?.steps ?? []).filter(({ id, steps }) => id !== "" || steps.length > 0); // a stack and its providers are made with their first substation
}

function findingsOf(root: string, member: MemberPlan): ReviewFinding[] {
  const { problems, violations } = member;
  const file = fileOf(member);
  return [
    ...violations.map(({ rule, message, file: at }) => ({
      ...(at ? inProject(root, at) : { file }),
      ...{ code: rule, message },
    })),
    // What the files' check says, it says in full; and a rule in its own words.
    ...problems
      .filter(({ code = "" }) => !isOfFiles(code) && !violations.some(({ rule }) => rule === code))
      .map(({ place = `${file}:1:1`, code = "plan", message }) => {
        const [, at = file, line = 1, column = 1] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
        return {
          ...inProject(root, { file: at, line: Number(line), column: Number(column) }),
          code,
          message,
        };
      }),
  ];
}

/** Found without a look at any server. */
const isOfFiles = (code: string): boolean =>
  code.includes("/") && !/^(?:live\/|file\/(?:gone|moved)$)/.test(code);

function notesOf({ capacity }: Pick<FleetPlan, "capacity">): string[] {
  return capacity.flatMap(({ platform, firstToRunOut }) =>
    firstToRunOut && firstToRunOut.more >= 0
      ? `On ${platform} ${titleOf(firstToRunOut.name)} runs out first, after ${firstToRunOut.more} more like these.`
      : [],
  );
}

/** Without our servers nobody knows whether there is data behind a file that is gone. */
const deleted = (files: ReadonlySet<string>, selected: Selected): ReviewFinding[] =>
  [...selected].flatMap(([group, ids]) =>
    ids
      .filter((id) => !files.has(id))
      .map((id) => ({
        file: fileOf({ group, id }),
        line: 1,
        column: 1,
        code: "file/gone",
        message: `The file of ${id} is removed: nothing is closed by removing a file. Bring it back; a closing is asked for with a closing order (docs/closing.md).`,
      })),
  );

const idsWithFile = async (root: string): Promise<ReadonlySet<string>> =>
  new Set([...(await select(root, "all")).values()].flat());

/** Paths as git has them: relative to the project's folder, where those of the program are already. */
const inProject = (root: string, place: Position): Position => ({
  ...place,
  file: relative(root, resolve(place.file)),
});

/** The program finds again what the files' check has found. */
function unique(findings: readonly ReviewFinding[]): ReviewFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
