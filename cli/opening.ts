import { proveMissing } from "../fleet/prove";
import type { Workspace } from "../fleet/pulumi";
import { statusOf, type SubstationStatus } from "../fleet/status";
import { isProved, provedText, showProof } from "./prove";
import { statusText } from "./status";

export interface Opened {
  readonly found: readonly SubstationStatus[];
  /** Whether all of them are open, or suspended where their files ask for that. */
  readonly open: boolean;
  /** For people: the proofs that failed, step by step, and then the table of `substation status`. */
  readonly text: string;
}

/** The end of an opening: proves those substations of a group that have no valid proof, with a line for each on standard error, and looks which are open. */
export async function openGroup(workspace: Workspace, group: string): Promise<Opened> {
  const { looked, proved } = await proveMissing(workspace, group, showProof());
  const failed = provedText(proved.filter((one) => !isProved(one)));
  const found = await statusOf(workspace.root, looked);
  return {
    found,
    open: found.every(({ ok }) => ok),
    text: `${failed}${failed === "" ? "" : "\n"}${statusText(found)}`,
  };
}
