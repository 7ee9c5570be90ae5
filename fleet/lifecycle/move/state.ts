import { join, relative } from "node:path";
import { UserError } from "../../../config/error";
import { readTree } from "../../../config/tree";
import type { Checkpoint } from "../../checkpoint";
import { asUser, pulumiOk, type Workspace } from "../../pulumi";
import { whyNot } from "../../typed-file";
import { up } from "../../up";
import type { Course } from "./course";

/**
 * Gives what the old group's stack has of a substation to the new one's, secrets re-encrypted by its key. The engine writes the new stack's state first and then the old one's,
 * each whole or not at all: cut off between, both have it.
 * @param component its URN; its parts go with it
 * @throws UserError where the engine cannot
 */
export async function moveState(course: Course, component: string): Promise<void> {
  const { workspace, id, from, to } = course;
  const move = () =>
    asUser(`${id} is not in the stack of ${to} yet: mend the cause, and run this again`, to, () =>
      pulumiOk(workspace, ["state", "move", "--yes", "--source", from, "--dest", to, component]),
    );
  try {
    await move();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (!/provider \S+ already exists in destination stack/.test(error.message)) throw error;
    // The two were last updated with another password of the provisioner's, or another version of a plugin.
    for (const group of [from, to]) await renewProviders(workspace, group);
    await move();
  }
}

/** An update that lays out nothing, and so only tells the stack's providers what they are told now. */
async function renewProviders(workspace: Workspace, group: string): Promise<void> {
  const { groups } = readTree(join(workspace.root, "stacks"), (path) => relative("", path));
  const held = new Set(groups.flatMap(({ files }) => files.map(({ id }) => id)));
  const outcome = await up(workspace, group, { confirm: () => Promise.resolve(true), held });
  if (outcome.kind !== "updated")
    throw new UserError(
      `the providers of ${group} are older than those of the other group, and cannot be renewed: mend the cause, and run this again.\n${whyNot(outcome)}`,
    );
}

/** Takes what the new stack has too out of the old one's state; nothing but the state is touched. */
export async function releaseState({ workspace, id, from }: Course, urns: readonly string[]): Promise<void> {
  await asUser(`${id} is not out of the stack of ${from} yet: run this again`, from, async () => {
    const state = JSON.parse(await pulumiOk(workspace, ["stack", "export", "-s", from])) as Checkpoint;
    const gone = new Set(urns);
    const resources = (state.deployment.resources ?? []).filter(({ urn }) => !gone.has(urn));
    const input = JSON.stringify({ ...state, deployment: { ...state.deployment, resources } });
    await pulumiOk(workspace, ["stack", "import", "-s", from], { input });
  });
}
