import type { Platform } from "../config/platform";
import { pulumi, type Workspace } from "./pulumi";

export { platformOf, projectSettings, type ProjectSettings } from "../config/stack-config";

/** The outputs of a platform's stack; undefined where it has none yet. */
export async function readPlatform(workspace: Workspace, stack: string): Promise<Platform | undefined> {
  const { code, stdout } = await pulumi(workspace, [
    "stack",
    "output",
    "-s",
    stack,
    "--json",
    "--show-secrets",
  ]);
  const outputs = code === 0 ? (JSON.parse(stdout) as Partial<Platform>) : {};
  return outputs.database && outputs.dns ? (outputs as Platform) : undefined;
}
