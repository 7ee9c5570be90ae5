import { isPlatformStack } from "../config/stack-config";
import { settleCutRuns, type CutRun } from "./journal";
import type { Workspace } from "./pulumi";
import { platformOf, projectSettings, readPlatform } from "./read-platform";
import { repair, type Repair } from "./repair";

export interface StackRepair extends Repair {
  /** What a killed run had begun to do to substations; the repair was the answer to it, and the journals say so. */
  readonly cut: readonly CutRun[];
}

/**
 * `repair` for a stack of this project: finds out what it stands on. To be called with its lock held.
 * @param gone a host of which a person says that it is gone for good: whatever it had begun is dead
 */
export async function repairStack(workspace: Workspace, name: string, gone?: string): Promise<StackRepair> {
  const settings = projectSettings(workspace);
  const isPlatform = isPlatformStack(name);
  const host = platformOf(settings, name);
  const repaired = await repair(workspace, {
    project: settings.project,
    name,
    gone,
    scope: { platform: settings.setting(host, "name") ?? "", group: isPlatform ? undefined : name },
    platform: () => (isPlatform ? Promise.resolve(undefined) : readPlatform(workspace, host)),
  });
  return {
    ...repaired,
    cut: isPlatform ? [] : settleCutRuns(workspace.root, name, new Set(repaired.skipped), gone),
  };
}

/** What was done as sentences, without full stops; none where there was nothing to do. */
export const repairLines = (done: StackRepair): string[] => [
  ...done.cut.map(({ id, action, step }) => `"${action}" of ${id} was cut off${step ? ` at ${step}` : ""}`),
  ...done.brokenLocks.map((who) => `broke the lock of ${who}, which is dead`),
  ...done.torn.map((file) => `removed ${file}, which was half written and kept the state from being read`),
  ...done.ended.map((name) => `ended ${name}, which its engine had left behind`),
  ...done.adopted.map((what) => `adopted ${what}`),
  ...done.removed.map(
    (what) => `removed the container ${what}, which was not recorded; the next update makes it anew`,
  ),
  ...done.forgotten.map((what) => `forgot ${what}, which was begun and not made`),
  ...done.skipped.map((id) => `left ${id} for later, since its file has problems`),
];
