import { UserError } from "../../config/error";
import { mapBounded } from "../../inventory/bounded";
import { DockerError } from "../../inventory/docker-api";
import { withGroupLock } from "../group-lock";
import type { Workspace } from "../pulumi";
import { drift, type Drift, type DriftOptions, type DriftScope } from "./drift";
import { mend } from "./mend";
import { sortedFindings } from "./merge";
import { findingKey, type DriftFinding, type DriftReport, type Fix } from "./report";

/**
 * Mends what may be mended without being asked (`repairable.ts`), each group by an update of exactly these objects that every rule allows, and looks at these groups again.
 * What stays as it is, and why, is in the report.
 */
export async function fixDrift(
  workspace: Workspace,
  scope: DriftScope,
  before: Drift,
  options: DriftOptions = {},
  note: (what: string) => void = () => undefined,
): Promise<DriftReport> {
  const started = performance.now();
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
  const { report } = await drift(workspace, { ...scope, groups }, options, note);
  const fixes = fixesOf(fixable, report, failed);
  return {
    ...merged(before.report, report, groups),
    fixes,
    seconds: before.report.seconds + (performance.now() - started) / 1000,
  };
}

/** What became of each finding that was to be mended, as another look tells. @param failed why not, by group */
export function fixesOf(
  fixable: readonly DriftFinding[],
  after: DriftReport,
  failed: ReadonlyMap<string, string>,
): readonly Fix[] {
  const left = new Set(after.findings.map(findingKey));
  const unseen = after.blind.length > 0 ? "nobody could look at all of it again" : undefined;
  return fixable.map((finding): Fix => {
    if (!left.has(findingKey(finding)) && unseen === undefined) return { finding, mended: true };
    const why = failed.get(finding.group ?? "") ?? unseen;
    return { finding, mended: false, ...(why === undefined ? {} : { why }) };
  });
}

/** The first look, with what another saw of some groups in its place: nothing was done to the others. */
export function merged(before: DriftReport, after: DriftReport, groups: readonly string[]): DriftReport {
  const others = before.findings.filter(({ group }) => group === undefined || !groups.includes(group));
  const blind = new Map([...before.blind, ...after.blind].map((one) => [one.what, one]));
  return { ...before, findings: sortedFindings([...others, ...after.findings]), blind: [...blind.values()] };
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
    const keys = new Set(findings.map(findingKey));
    const job = {
      ...{ workspace, group, platform: before.report.platform, options },
      objects: before.seen.filter((one) => keys.has(findingKey(one))),
      held: before.held.get(group) ?? new Set<string>(),
    };
    const locked = await withGroupLock(workspace, group, lock, () => mend(job));
    return locked.kind === "done" ? locked.result : `${locked.holder} works on the group`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    if (error instanceof DockerError) return `the Docker engine refused it: ${error.message}`;
    throw error;
  }
}
