import { join } from "node:path";
import { loadFleet } from "../config/fleet";
import { formatHeld, holderVariable, holdVariable } from "../config/hold";
import { removingIds } from "../config/lifecycle/order";
import { thisProcess } from "./owner";
import { substationOf } from "../policies/facts/steps";
import { readState } from "./standing";
import type { Workspace } from "./pulumi";

/**
 * How an update leaves some substations as they are: the program and the policy pack learn their ids, so that they are neither laid out nor missed, and the engine keeps
 * what stands of them.
 * @returns `at` is the workspace to run in; `exclude` holds the URNs of all that stands of them: of what is excluded alone, the engine neither changes nor reads anything
 */
export async function heldOptions(
  workspace: Workspace,
  stack: string,
  held: ReadonlySet<string>,
): Promise<{ readonly at: Workspace; readonly exclude: string[] }> {
  const { closings } = loadFleet(join(workspace.root, "stacks"));
  const all = new Set([...held, ...removingIds(closings.values(), stack)]);
  const { pid, start } = thisProcess();
  const names = { [holdVariable]: formatHeld(all), [holderVariable]: `${pid}.${start}` };
  const at = { ...workspace, env: { ...workspace.env, ...names } }; // also where none is held: the caller's environment may name some
  if (all.size === 0) return { at, exclude: [] };
  const { resources = [] } = (await readState(workspace, stack))?.deployment ?? {};
  const exclude = new Set(
    resources.filter((resource) => all.has(substationOf(resource, "")?.id ?? "")).map(({ urn }) => urn),
  );
  return { at, exclude: [...exclude] };
}

/** An update of named resources alone keeps all others by itself, and the engine takes either list, not both. */
export const keeping = (
  exclude: string[],
  target: readonly string[] | undefined,
): { readonly exclude?: string[] } => (target ? {} : { exclude });
