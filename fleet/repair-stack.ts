import { isPlatformStack } from "../config/stack-config";
import { settleCutRuns, type CutRun } from "./journal";
import type { Workspace } from "./pulumi";
import { platformOf, projectSettings, readPlatform } from "./read-platform";
import { repair, type Repair } from "./repair";

export interface StackRepair extends Repair {
  /** What a killed run had begun to do to substations; the repair was the answer to it, and the journals say so. */
  readonly cut: readonly CutRun[];
}

/** `repair` for a stack of this project: finds out what it stands on. */
export async function repairStack(workspace: Workspace, name: string): Promise<StackRepair> {
  const settings = projectSettings(workspace);
  const isPlatform = isPlatformStack(name);
  const host = platformOf(settings, name);
  const repaired = await repair(workspace, {
    project: settings.project,
    name,
    scope: { platform: settings.setting(host, "name") ?? "", group: isPlatform ? undefined : name },
    platform: () => (isPlatform ? Promise.resolve(undefined) : readPlatform(workspace, host)),
  });
  return { ...repaired, cut: isPlatform ? [] : settleCutRuns(workspace.root, name) };
}
