import { labels, mark } from "../../config/names";
import { UserError } from "../../config/error";
import { mapBounded } from "../../inventory/bounded";
import { limitCores, limitProcesses, liveContainers, removeContainer } from "../../inventory/docker";
import { substationOf } from "../../policies/facts/steps";
import type { StepFact } from "../../policies/rules/facts";
import type { Checkpoint, Resource } from "../checkpoint";
import { withGroupLock } from "../group-lock";
import { isAllowed, planUpdate, type UpdatePlan } from "../plan";
import { pulumiOk, type Workspace } from "../pulumi";
import { carryOut } from "../up";
import { drift, type Drift, type DriftOptions, type DriftScope } from "./drift";
import type { Seen } from "./merge";
import { findingKey, type DriftFinding, type DriftReport, type Fix } from "./report";

const container = "docker:index/container:Container";

/**
 * Mends what may be mended without being asked (`repairable.ts`), each group by an update of exactly these objects that every rule allows, and looks at everything again.
 * What stays as it is, and why, is in the report.
 */
export async function fixDrift(
  workspace: Workspace,
  scope: DriftScope,
  before: Drift,
  options: DriftOptions = {},
  note: (what: string) => void = () => undefined,
): Promise<DriftReport> {
  const fixable = before.report.findings.filter((finding) => finding.fixable);
  if (fixable.length === 0) return { ...before.report, fixes: [] };
  const groups = [...new Set(fixable.flatMap(({ group }) => group ?? []))];
  const failed = new Map<string, string>();
  await mapBounded(options.engines ?? 2, groups, async (group) => {
    note(`mending ${group}`);
    const mine = fixable.filter((finding) => finding.group === group);
    const why = await fixGroup(workspace, group, mine, before, options);
    if (why !== undefined) failed.set(group, why);
  });
  note("looking again");
  const { report } = await drift(workspace, scope, options, note);
  const left = new Set(report.findings.map(findingKey));
  const unseen = report.blind.length > 0 ? "nobody could look at all of it again" : undefined;
  const fixes = fixable.map((finding): Fix => {
    if (!left.has(findingKey(finding)) && unseen === undefined) return { finding, mended: true };
    const why = failed.get(finding.group ?? "") ?? unseen;
    return { finding, mended: false, ...(why === undefined ? {} : { why }) };
  });
  return { ...report, fixes };
}

/** With the group's lock held; another run on it is not waited for. @returns why nothing, or not all, was done */
async function fixGroup(
  workspace: Workspace,
  group: string,
  findings: readonly DriftFinding[],
  before: Drift,
  options: DriftOptions,
): Promise<string | undefined> {
  try {
    const lock = { what: "drift --fix", wait: false, signal: options.signal };
    const locked = await withGroupLock(workspace, group, lock, () =>
      mend(workspace, group, findings, before, options),
    );
    return locked.kind === "done" ? locked.result : `${locked.holder} works on the group`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

async function mend(
  workspace: Workspace,
  group: string,
  findings: readonly DriftFinding[],
  { seen, held, report }: Drift,
  { parallel, signal }: DriftOptions,
): Promise<string | undefined> {
  const keys = new Set(findings.map(findingKey));
  const objects = seen.filter((one) => keys.has(findingKey(one)));
  const known = await knownObjects(workspace, group, report.platform);
  const target = [...new Set(objects.flatMap((one) => targetsOf(one, known)))];
  for (const one of objects) await makeWay(one, { platform: report.platform, group });
  const options = { held: held.get(group), target, refresh: true, parallel, signal };
  const plan = await planUpdate(workspace, group, options);
  const fault = planFault(plan, target, new Set(known.map(({ name }) => name)));
  if (fault !== undefined) return fault;
  const { kind, output } = await carryOut(workspace, group, options, () => undefined);
  return kind === "failed" ? output.split("\n").slice(-6).join(" ") : undefined;
}

interface Known {
  readonly urn: string;
  readonly type: string;
  readonly id: string | undefined;
  /** As Docker or the zone knows the object. */
  readonly name: string;
}

/** What the state has of a group's containers and records. */
async function knownObjects(
  workspace: Workspace,
  group: string,
  platform: string,
): Promise<readonly Known[]> {
  const exported = await pulumiOk(workspace, ["stack", "export", "-s", group]);
  const { resources = [] } = (JSON.parse(exported) as Checkpoint).deployment;
  return resources.map((resource: Resource) => ({
    urn: resource.urn,
    type: resource.type,
    id: substationOf(resource, platform)?.id,
    name: String(resource.inputs?.["name"]),
  }));
}

/** A substation's containers go together: an adapter lives in its shop's namespaces. */
const targetsOf = ({ object, id, state }: Seen, known: readonly Known[]): readonly string[] =>
  object.kind === "container"
    ? known.filter((one) => one.type === container && one.id === id).map(({ urn }) => urn)
    : state
      ? [state.urn]
      : [];

/** What an update cannot do by itself. */
async function makeWay(
  { object: { kind, name }, id = "", state, intent, audited }: Seen,
  { platform, group }: { readonly platform: string; readonly group: string },
): Promise<void> {
  if (kind !== "container") return;
  const live = (await liveContainers()).find(({ Names }) => Names.includes(`/${name}`));
  if (!live) return;
  if (state?.op === "delete") {
    // It was made anew by hand, under our name and with our mark: labels cannot be changed in any other way.
    if (live.Labels[labels.mark] !== mark({ platform, group, id }))
      throw new UserError(
        `container ${name} is there and does not have the mark of ${id}: it is not touched`,
      );
    await removeContainer(live.Id);
    return;
  }
  // The provider would make the container anew for it; Docker sets it where the container stands.
  if (state?.diffs.includes("cpus") && intent?.name === name)
    await limitCores(live.Id, Number(intent.inputs["cpus"]));
  // An update sets this again where the container runs, and before it starts those that do not.
  const processes = Number(live.Labels[labels.processes]);
  if (audited.some(({ rule }) => rule.id === "container-processes") && processes > 0)
    await limitProcesses(live.Id, processes);
}

/** What speaks against carrying it out: it must bring back what was there, and nothing that the files ask for beside that. */
function planFault(
  plan: UpdatePlan,
  targets: readonly string[],
  names: ReadonlySet<string>,
): string | undefined {
  if (!isAllowed(plan)) return [...plan.violations.map(({ message }) => message), ...plan.errors].join("; ");
  const strange = plan.steps.find((step) => !isRestoring(step, targets, names));
  if (!strange) return undefined;
  return `the files ask for more than what was there: ${strange.op} ${strange.type.split(":").at(-1)} ${strange.object ?? strange.name}. Run \`npm run up -- ${plan.stack}\`, which shows the plan first`;
}

const isRestoring = (
  { urn, op, type, object }: StepFact,
  targets: readonly string[],
  names: ReadonlySet<string>,
): boolean =>
  targets.includes(urn) &&
  object !== undefined &&
  names.has(object) &&
  (["create", "update"].includes(op) || (type === container && op.includes("replace")));
