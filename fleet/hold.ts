import { formatHeld, holdVariable } from "../config/hold";
import type { Workspace } from "./pulumi";
import { standing } from "./standing";

/**
 * How an update leaves some substations as they are: the program and the policy pack learn their ids, so that they are neither laid out nor missed, and the engine keeps
 * what stands of them.
 * @returns `at` is the workspace to run in; `exclude` holds URNs of components, with which the engine keeps all that is below them
 */
export async function heldOptions(
  workspace: Workspace,
  stack: string,
  held: ReadonlySet<string>,
): Promise<{ readonly at: Workspace; readonly exclude: string[] }> {
  if (held.size === 0) return { at: workspace, exclude: [] };
  const at = { ...workspace, env: { ...workspace.env, [holdVariable]: formatHeld(held) } };
  const found = await standing(workspace, stack);
  const exclude = [...found].filter(([id]) => held.has(id)).map(([, { urn }]) => urn);
  return { at, exclude };
}
