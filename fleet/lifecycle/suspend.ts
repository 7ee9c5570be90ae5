import { join } from "node:path";
import { UserError } from "../../config/error";
import { today } from "../../config/lifecycle/day";
import { withoutSuspension, withSuspension } from "../../config/lifecycle/key";
import type { Suspension } from "../../config/lifecycle/suspension";
import { textFinding } from "../../config/text";
import { targets } from "../prove/target";
import type { Workspace } from "../pulumi";
import { changeFile, findSubstation, whyNot } from "../typed-file";
import { up } from "../up";
import { alone, type Running } from "./alone";
import { disobeyed } from "./obeys";
import { onlyOne } from "./only";

/** What a suspension came to. */
export interface Suspended extends Suspension {
  readonly group: string;
  /** The substation's file, as people name it. */
  readonly file: string;
  /** What its image does not keep of docs/image-contract.md, seen through the ingress; empty where the shop is suspended indeed. */
  readonly disobeyed: readonly string[];
}

/**
 * Suspends a substation: writes it into its file, updates it and no other, and looks through the ingress whether it is so. May be run again after any failure, and with
 * another reason.
 * @throws UserError where there is no such substation, its file cannot be changed, or the update fails
 */
export async function suspend(
  workspace: Workspace,
  id: string,
  reason: string,
  options: Running = {},
): Promise<Suspended> {
  const finding = textFinding(reason, 1, 200);
  if (finding) throw new UserError(`--reason: ${finding.why}. Nothing was changed.`);
  const stacks = join(workspace.root, "stacks");
  const { group, held, load } = onlyOne(stacks, id);
  return await alone(workspace, group, "suspend", options, async () => {
    const spec = findSubstation(load(stacks), id);
    const suspended = { since: spec.suspended?.since ?? today(), reason };
    changeFile(
      stacks,
      spec,
      {
        change: (text) => withSuspension(text, suspended),
        wrong: (read) => (read?.suspended?.reason === reason ? undefined : JSON.stringify(read?.suspended)),
        what: "changed to suspended",
        byHand: `Write "suspended: { since: ${suspended.since}, reason: … }"`,
      },
      load,
    );
    await updateOne(workspace, {
      id,
      group,
      held,
      what: "suspended",
      file: spec.file,
      signal: options.signal,
    });
    const [target] = await targets(workspace, { group, only: new Set([id]) });
    if (!target?.standing?.shop) throw new Error(`${id} is not in its stack after its update`);
    return { ...suspended, group, file: spec.file, disobeyed: await disobeyed(target, target.standing) };
  });
}

/**
 * Lets a suspended substation sell again: takes the suspension out of its file, and updates it and no other. May be run again after any failure.
 * @throws UserError as `suspend`
 */
export async function resume(
  workspace: Workspace,
  id: string,
  options: Running = {},
): Promise<Pick<Suspended, "group" | "file">> {
  const stacks = join(workspace.root, "stacks");
  const { group, held, load } = onlyOne(stacks, id);
  return await alone(workspace, group, "resume", options, async () => {
    const spec = findSubstation(load(stacks), id);
    changeFile(
      stacks,
      spec,
      {
        change: withoutSuspension,
        wrong: (read) => (read && !read.suspended ? undefined : JSON.stringify(read?.suspended)),
        what: 'changed to have no "suspended"',
        byHand: 'Take away "suspended"',
      },
      load,
    );
    await updateOne(workspace, { id, group, held, what: "resumed", file: spec.file, signal: options.signal });
    return { group, file: spec.file };
  });
}

interface One extends Pick<Running, "signal"> {
  readonly id: string;
  readonly group: string;
  readonly held: ReadonlySet<string>;
  /** "suspended" */
  readonly what: string;
  readonly file: string;
}

/** Brings about what the substation's file says, and leaves all others of its group as they are. */
export async function updateOne(
  workspace: Workspace,
  { id, group, held, what, file, signal }: One,
): Promise<void> {
  const confirm = () => Promise.resolve(true);
  const outcome = await up(workspace, group, { confirm, held, signal });
  if (outcome.kind === "updated") return;
  throw new UserError(
    `${id} is not ${what} yet: the update of ${group} was ${outcome.kind}. ${file} says what is to be; mend the cause and run this again, ` +
      `which finishes it.\n${whyNot(outcome)}`,
  );
}
