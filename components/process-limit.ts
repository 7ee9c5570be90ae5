import * as pulumi from "@pulumi/pulumi";
import { labels } from "../config/names";
import { limitProcesses, liveContainers, processLimitOf, removeContainer } from "../inventory/docker";

/**
 * The most processes and threads that a container may have at one time, counted by the kernel for the container as a whole. The Docker provider has no input for that: the
 * engine is told as soon as the container is made (`processLimit`), and again with every update (`renewProcessLimits`). Before the first, its user's `nproc` alone holds a
 * container; as it does the migration's, which has ended by then.
 */

/** What a container must carry for its limit to be renewed. */
export const processLabel = (processes: number) => ({ label: labels.processes, value: String(processes) });

/**
 * Hook for a container that stays.
 * @param name one of a kind in the stack
 */
export const processLimit = (name: string, processes: number): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${name}-process-limit`, ({ id }) => limitNew(name, id, processes));

/**
 * Sets the limit of a container that was just made. No new one runs without: where that fails, it is removed, and the next update, which looks at what is live, makes it anew.
 * @param name for the error
 */
export async function limitNew(name: string, id: string, processes: number): Promise<void> {
  try {
    await limit(id, processes);
  } catch (error) {
    await removeContainer(id);
    throw failure(`${name}, which was removed again`, processes, error);
  }
}

/**
 * Sets the limits of containers of a platform, or of one of its groups, where they are not what the label says. An update that was stopped may have made a container,
 * and not have come to its hook; and people change limits by hand. One that does not run keeps it for when it is started, as this very update may do.
 */
export async function renewProcessLimits(platform: string, group: string | undefined): Promise<void> {
  const mine = (await liveContainers()).filter(
    ({ Labels, State }) =>
      !["removing", "dead"].includes(State) &&
      Labels[labels.platform] === platform &&
      Labels[labels.group] === group,
  );
  await Promise.all(
    mine.map(async ({ Id, Names, Labels }) => {
      const processes = Number(Labels[labels.processes]);
      if (Number.isNaN(processes) || (await processLimitOf(Id)) === processes) return;
      try {
        await limit(Id, processes);
      } catch (error) {
        throw failure(Names[0]?.slice(1) ?? Id, processes, error);
      }
    }),
  );
}

async function limit(id: string, processes: number): Promise<void> {
  await limitProcesses(id, processes);
  const set = await processLimitOf(id);
  if (set !== processes) throw new Error(`the engine says that it is ${set ?? "not set"}`);
}

const failure = (name: string, processes: number, error: unknown): pulumi.RunError =>
  new pulumi.RunError(
    `No limit of ${processes} processes could be set for container ${name}: ${error instanceof Error ? error.message : String(error)}. ` +
      `The kernel of the Docker host needs the pids cgroup ("docker info" warns where it is missing). Mend that and run the update again.`,
  );
