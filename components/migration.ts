import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../config/names";
import { containerLog, removeContainer } from "../inventory/docker";

/**
 * A hook for the migration's container: an exit code other than 0 stops the opening there, with the last lines of the log. The container is removed,
 * so that the next update, which looks at what is live, runs the migration again.
 */
export const requireExitZero = (owner: Owner): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-migrated`, async ({ id, newOutputs }) => {
    const exitCode: unknown = newOutputs?.["exitCode"];
    if (exitCode === 0) return;
    const log = await containerLog(id, 20);
    await removeContainer(id);
    throw new Error(
      `Substation ${owner.group}/${owner.id}: the migration of its database ended with exit code ${String(exitCode)}. ` +
        `Nothing was opened; run the update again once the cause is mended. It said last:\n${log || "(nothing)"}`,
    );
  });
