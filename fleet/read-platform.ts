import { UserError } from "../config/error";
import type { Platform } from "../config/platform";
import { platformOf, projectSettings } from "../config/stack-config";
import { asUser, PulumiFailed, pulumiOk, type Workspace } from "./pulumi";

export { platformOf, projectSettings, type ProjectSettings } from "../config/stack-config";

/** The outputs of a platform's stack; undefined where it has none yet, or they cannot be read. For what goes on without them. */
export async function readPlatform(workspace: Workspace, stack: string): Promise<Platform | undefined> {
  try {
    return await outputsOf(workspace, stack);
  } catch (error) {
    if (error instanceof PulumiFailed) return undefined;
    throw error;
  }
}

/**
 * The outputs of the platform that a group stands on.
 * @throws UserError where it was never set up, or they cannot be read
 */
export async function platformUnder(workspace: Workspace, group: string): Promise<Platform> {
  const stack = platformOf(projectSettings(workspace), group);
  const platform = await asUser(`the platform under ${group}, stack ${stack}, cannot be read`, stack, () =>
    outputsOf(workspace, stack),
  );
  if (platform) return platform;
  throw new UserError(
    `the platform's stack "${stack}", which ${group} stands on, has no outputs: nothing was changed. Run "pulumi up -s ${stack}" first.`,
  );
}

async function outputsOf(workspace: Workspace, stack: string): Promise<Platform | undefined> {
  const shown = await pulumiOk(workspace, ["stack", "output", "-s", stack, "--json", "--show-secrets"]);
  const outputs = JSON.parse(shown) as Partial<Platform>;
  return outputs.database && outputs.dns ? (outputs as Platform) : undefined;
}
