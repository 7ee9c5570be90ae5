import { rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../config/error";
import { thawDatabase } from "../../inventory/closing";
import { Run } from "../journal";
import { repairIfCut } from "../open/recover";
import type { Workspace } from "../pulumi";
import { alone, type Running } from "./alone";
import { voidExports } from "./export/folder";
import { look } from "./look";
import { onlyOne } from "./only";
import { subjectOf } from "./subject";
import { updateOne } from "./suspend";

/** What a restoration did. */
export interface Restored {
  readonly group: string;
  /** The order that was removed, as people name it. */
  readonly order: string;
}

/**
 * Undoes an order to close a substation, as long as nothing was removed: it is then as its file says, with all its data. Exports stay where they are. May be run again after
 * any failure; where the order is gone already, an update of its group finishes it.
 * @throws UserError where nobody has ordered it, its removal has begun, or the update fails
 */
export async function restore(workspace: Workspace, id: string, options: Running = {}): Promise<Restored> {
  const { note = () => undefined, signal } = options;
  const { owner } = await subjectOf(workspace, id);
  const { group } = owner;
  return await alone(workspace, group, "restore", options, async () => {
    await repairIfCut(workspace, group, note);
    const subject = await subjectOf(workspace, id);
    const { order, platform, database } = subject;
    if (order.removing)
      throw new UserError(
        `the removal of ${id} has begun at ${order.removing.since}, so that it cannot be restored: "substation close ${id}" finishes it. Its data is in the export ${order.removing.export ?? "(none)"}.`,
      );
    const { facts, exports } = await look(subject);
    const journal = new Run(workspace.root).begin("restore", { group, id });
    try {
      if (facts.database) await journal.step("thaw", () => thawDatabase(platform.database, database));
      voidExports(exports, `the order was undone at ${new Date().toISOString()}`);
      rmSync(order.file);
      const { held } = onlyOne(join(workspace.root, "stacks"), id);
      const one = { id, group, held, what: "restored", file: subject.file, signal };
      if (facts.standing) await journal.step("update", () => updateOne(workspace, one));
      journal.end();
    } catch (error) {
      journal.end("failed", error instanceof Error ? error.message : String(error));
      throw error;
    }
    return { group, order: order.file };
  });
}
