import { UserError } from "../../config/error";
import { projectSettings } from "../../config/stack-config";
import { pendingCreations } from "../checkpoint";
import { cutRuns, failedRuns } from "../journal";
import { readLocks } from "../lock";
import type { Workspace } from "../pulumi";
import { repairLines, repairStack } from "../repair-stack";
import { readState } from "../standing";
import { stateStore } from "../state-store";

/**
 * Makes a group ready whose last run was cut, as its journals, the lock of its stack or creations without an end say. To be called with the group's lock held.
 * @param onBegin hears why
 * @returns what was done, for people
 */
export async function repairIfCut(
  workspace: Workspace,
  group: string,
  onBegin: (why: string) => void,
): Promise<readonly string[]> {
  const why = await cutBy(workspace, group);
  if (why === undefined) return [];
  onBegin(why);
  return repairLines(await repairStack(workspace, group));
}

async function cutBy({ root, env }: Workspace, group: string): Promise<string | undefined> {
  const dead = cutRuns(root, group).filter(({ owner }) => owner === "dead");
  if (dead.length > 0) return `a run was cut while it opened ${dead.map(({ id }) => id).join(", ")}`;
  const failed = failedRuns(root, group);
  if (failed.length > 0)
    return `the last run failed with ${failed.map(({ id }) => id).join(", ")}: what it made may not be recorded`;
  const store = stateStore(env, { project: projectSettings({ root }).project, stack: group });
  if ((await readLocks(store)).some(({ owner }) => owner === "dead"))
    return "an update was cut, and left its lock";
  const state = await readState({ root, env }, group);
  if (!state)
    throw new UserError(
      `${group} has no stack in this backend: make it with "pulumi stack init ${group}", or set PULUMI_BACKEND_URL to the backend that has it.`,
    );
  if (pendingCreations(state).length > 0) return "an update ended without knowing what it had made";
  return undefined;
}
