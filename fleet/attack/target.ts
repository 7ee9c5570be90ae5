import { join } from "node:path";
import { UserError } from "../../config/error";
import { loadFleet, type SubstationSpec } from "../../config/fleet";
import type { Owner } from "../../config/names";
import type { Workspace } from "../pulumi";
import { platformUnder } from "../read-platform";
import { neighbours } from "./containers";
import type { AttackTarget, Neighbour } from "./facts";

/**
 * What there is to know of a substation of this project for an attack, with one of its neighbours.
 * @throws UserError where no file has that id, or its platform was never set up
 */
export async function attackTarget(workspace: Workspace, id: string): Promise<AttackTarget> {
  const stacks = join(workspace.root, "stacks");
  const specs = [...loadFleet(stacks).groups.values()].flat();
  const spec = specs.find((found) => found.id === id);
  if (!spec) throw new UserError(`there is no substation "${id}" in ${stacks}, or its file has problems.`);
  const platform = await platformUnder(workspace, spec.group);
  const owner: Owner = { platform: platform.name, group: spec.group, id };
  const neighbour = await chooseNeighbour(owner, specs);
  return { platform, owner, limits: spec.resources, stacks, ...(neighbour ? { neighbour } : {}) };
}

/** One that serves and whose file says what its shop is called; of its own group where there is one. */
async function chooseNeighbour(
  owner: Owner,
  specs: readonly SubstationSpec[],
): Promise<Neighbour | undefined> {
  const known = (await neighbours(owner)).flatMap((other): Neighbour[] => {
    const spec = specs.find(({ id, group }) => id === other.id && group === other.group);
    return spec ? [{ owner: other, host: spec.host, title: spec.title }] : [];
  });
  return known.find((one) => one.owner.group === owner.group) ?? known[0];
}
