import { join, relative, resolve } from "node:path";
import { loadFleet, type Fleet, type Position, type Problem } from "../../config/fleet";
import { substationIn } from "../../config/hold";
import { mapBounded } from "../../inventory/bounded";
import { select, type Selected } from "../open/selection";
import { planUpdate, type UpdatePlan } from "../plan";
import { noStack, type StepMetadata, type Workspace } from "../pulumi";
import { checkedOut, commitOf, git } from "./git";
import type { Review, ReviewFinding, ReviewMember } from "./report";
import { membersOf } from "./steps";

export interface ReviewOptions {
  /** A commit, or a name of one. */
  readonly base: string;
  /** Looks at nothing but the files: for changes of people who may not ask our servers. @default false */
  readonly filesOnly?: boolean;
  /** Of the substations that the changes touch, these only. @default all */
  readonly only?: readonly string[] | undefined;
  /** Previews at one time. @default 2 */
  readonly engines?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a merge of the checked out commit would do, and what forbids it: of the substations that its differences from `base` can touch, and of no other. Changes nothing.
 * @throws UserError where git does not know the base, or there are changes that are not committed
 */
export async function review(
  workspace: Workspace,
  { base, filesOnly = false, only, engines = 2, signal }: ReviewOptions,
): Promise<Review> {
  const { root } = workspace;
  const from = await git(root, "merge-base", await commitOf(root, base), "HEAD");
  const { commit, tree } = await checkedOut(root);
  const touched = await select(root, { changedSince: from });
  const selected = new Map(
    [...touched].map(([group, ids]) => [group, ids.filter((id) => only?.includes(id) ?? true)]),
  );
  const fleet = loadFleet(join(root, "stacks"));
  const all = await select(root, "all");
  const problems = fleet.problems.filter((problem) => concerns(fleet, problem, selected));
  const held = new Set(problems.map((problem) => substationIn(fleet, problem) ?? ""));
  const common = held.has(""); // a problem that is no single substation's: nobody can say what the plan would be
  const groups = common || filesOnly ? [] : [...selected];
  const looked = await mapBounded(engines, groups, async ([group, ids]) => {
    const tried = new Set(ids.filter((id) => !held.has(id)));
    // Everything else is left as it is, by the review as by the opening that will follow.
    const others = (all.get(group) ?? []).filter((id) => !tried.has(id));
    return tried.size === 0 ? nothing : await reviewGroup(workspace, group, new Set(others), signal);
  });
  const members = looked
    .flatMap((one) => one.members)
    .map((member) => ({ ...member, file: fileOf(member, all) }));
  const changed = new Set(members.map(({ id }) => id));
  return {
    version: 1,
    ...{ base: from, commit, tree },
    scope: filesOnly ? "files" : "plan",
    members: members.filter(({ id, steps }) => id !== "" || steps.length > 0),
    unchanged: [...selected.values()].flat().filter((id) => !changed.has(id) && !held.has(id)).length,
    findings: unique([
      ...problems.map(({ code, message, ...place }) => ({ ...inProject(root, place), code, message })),
      ...(filesOnly ? deleted(selected, all) : []),
      ...looked.flatMap(({ findings }) => findings),
    ]),
    errors: looked.flatMap(({ errors }) => errors),
    notes: [],
  };
}

/** Problems of the files that are touched, and of what is no substation's own. */
function concerns(fleet: Fleet, problem: Problem, selected: Selected): boolean {
  const id = substationIn(fleet, problem);
  return id === undefined || [...selected.values()].some((ids) => ids.includes(id));
}

interface GroupReview {
  readonly members: readonly Omit<ReviewMember, "file">[];
  readonly findings: readonly ReviewFinding[];
  readonly errors: Review["errors"];
}

const nothing: GroupReview = { members: [], findings: [], errors: [] };

async function reviewGroup(
  workspace: Workspace,
  group: string,
  held: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<GroupReview> {
  const planned: StepMetadata[] = [];
  const onEvent = ({ resourcePreEvent }: { resourcePreEvent?: { readonly metadata: StepMetadata } }) => {
    if (resourcePreEvent) planned.push(resourcePreEvent.metadata);
  };
  const plan = await planUpdate(workspace, group, { held, signal, onEvent });
  const { findings, errors } = said(plan);
  return {
    members: membersOf(group, planned),
    findings: [
      ...plan.violations.map(({ rule, message, file }) => ({
        ...(file ? inProject(workspace.root, file) : { file: `stacks/${group}` }),
        code: rule,
        message,
      })),
      ...findings,
    ],
    errors: errors.map((message) => ({ group, message })),
  };
}

/** What the program refuses, it says as `substation check` does, among the engine's words. */
function said({ errors, stack }: UpdatePlan): {
  readonly findings: ReviewFinding[];
  readonly errors: string[];
} {
  const findings: ReviewFinding[] = [];
  const others: string[] = [];
  for (const error of errors) {
    const lines = error.split("\n");
    const problems = lines.flatMap((line) => {
      const [, file, at, column, code, message] =
        /^(\S+):(\d+):(\d+) {2}([a-z-]+\/[a-z-]+) {2}(.+)$/.exec(line) ?? [];
      return file === undefined
        ? []
        : { file, line: Number(at), column: Number(column), code: code!, message: message! };
    });
    findings.push(...problems);
    if (problems.length === 0)
      others.push(
        noStack({ stderr: error })
          ? `there is no stack ${stack}: make it with "pulumi stack init ${stack}", and commit stacks/Pulumi.${stack}.yaml with its file`
          : error,
      );
  }
  return { findings, errors: others };
}

/** Without our servers nobody knows whether there is data behind a file that is gone. */
const deleted = (selected: Selected, all: Selected): ReviewFinding[] => {
  const known = new Set([...all.values()].flat());
  return [...selected].flatMap(([group, ids]) =>
    ids
      .filter((id) => !known.has(id))
      .map((id) => ({
        file: `stacks/${group}/${id}.yaml`,
        line: 1,
        column: 1,
        code: "file/gone",
        message: `The file of ${id} is removed: nothing is closed by removing a file. Bring it back; a closing is asked for with a closing order (docs/closing.md).`,
      })),
  );
};

function fileOf({ id, group }: Pick<ReviewMember, "id" | "group">, all: Selected): string {
  return id === "" || !all.has(group) ? `stacks/${group}` : `stacks/${group}/${id}.yaml`;
}

/** Paths as git has them: relative to the project's folder, where those of the program are already. */
const inProject = (root: string, place: Position): Position => ({
  ...place,
  file: relative(root, resolve(place.file)),
});

/** The program finds again what the files' check has found. */
function unique(findings: readonly ReviewFinding[]): ReviewFinding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
