import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../config/names";
import { hide, plainValues } from "./hide";
import { containerExitCode, containerLog, removeContainer } from "../inventory/docker";

/**
 * Hook for the migration's container: an exit code other than 0 fails the update and shows the last lines of the log. The container is removed, so that the
 * next update, which looks at what is live, runs the migration again.
 * @param secrets what the container was given, and its log must not show
 */
export const reportMigration = (
  owner: Owner,
  secrets: readonly pulumi.Input<string>[],
): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-migrated`, async ({ id, newOutputs }) => {
    const exitCode: unknown = newOutputs?.["exitCode"];
    if (exitCode === 0) return;
    const log = hide(await containerLog(id, 20), await plainValues(secrets));
    await removeContainer(id);
    throw new Error(
      `Substation ${owner.group}/${owner.id}: the migration of its database ended with exit code ${String(exitCode)}. ` +
        `Mend the cause and run the update again. It said last:\n${log || "(nothing)"}`,
    );
  });

/** Hook for the serving container: no container is made for a database that was not migrated. An error of a hook after a creation alone would not hold it up. */
export const requireMigration = (owner: Owner, migrationContainer: string): pulumi.ResourceHook =>
  new pulumi.ResourceHook(`${owner.id}-requires-migration`, async () => {
    if ((await containerExitCode(migrationContainer)) === 0) return;
    throw new Error(
      `Substation ${owner.group}/${owner.id} is not opened: its database was not migrated (see the error of ${owner.id}-migrate).`,
    );
  });
