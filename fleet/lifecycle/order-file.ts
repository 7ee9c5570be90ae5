import { readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { isMap, parseDocument, stringify, type Document } from "yaml";
import { UserError } from "../../config/error";
import { findFile } from "../../config/find-file";
import { formatProblem, loadFleet } from "../../config/fleet";
import { today } from "../../config/lifecycle/day";
import { minimumGrace } from "../../config/lifecycle/grace";
import { orderSuffix, type ClosingOrder } from "../../config/lifecycle/order";
import { replaceFile, writeNew } from "../write-new";

/** What a person says of a closing. */
export interface Ordered {
  readonly by: string;
  readonly reason: string;
  /** @default the platform's least */
  readonly grace?: string | undefined;
}

/**
 * Writes an order to close a substation beside its file: that alone closes nothing.
 * @returns the file, as people name it
 * @throws UserError where there is no such substation, it was ordered before, or the order would have a problem
 */
export function writeOrder(root: string, id: string, { by, reason, grace }: Ordered): string {
  const stacks = join(root, "stacks");
  const { group, path } = findFile(stacks, id);
  const file = path.replace(/\.yaml$/, `${orderSuffix}.yaml`);
  const order = {
    close: id,
    orderedBy: by,
    reason,
    ordered: today(),
    grace: grace ?? minimumGrace(stacks, group),
  };
  const text = `# yaml-language-server: $schema=../../schemas/closing.schema.json
# An order to close ${id}: docs/closing.md. As long as nothing is removed, \`substation restore ${id}\` undoes it.\n${stringify(order)}`;
  try {
    writeNew(file, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new UserError(`${relative("", file)} is there already: ${id} was ordered to be closed before.`);
  }
  const wrong = loadFleet(stacks).problems.filter((problem) =>
    problem.file.endsWith(`/${id}${orderSuffix}.yaml`),
  );
  if (wrong.length === 0) return relative("", file);
  rmSync(file);
  throw new UserError(
    `this cannot be ordered, and nothing was changed:\n${wrong.map(formatProblem).join("\n")}`,
  );
}

/** Writes into an order that the removal begins, or with which export; all else stays as it is. On the disk when this returns. */
export function markRemoving(
  order: ClosingOrder,
  name: string | undefined,
): NonNullable<ClosingOrder["removing"]> {
  const since = order.removing?.since ?? `${new Date().toISOString().slice(0, 19)}Z`;
  const removing = { since, ...(name === undefined ? {} : { export: name }) };
  change(order, (document) => document.set("removing", removing));
  return removing;
}

/** Takes that out of an order again: nothing was removed. */
export function unmarkRemoving(order: ClosingOrder): void {
  change(order, (document) => document.delete("removing"));
}

function change({ file }: ClosingOrder, how: (document: Document) => void): void {
  const document = parseDocument(readFileSync(file, "utf8"), { version: "1.2", schema: "core" });
  if (!isMap(document.contents)) throw new Error(`${file} holds no order`); // it was read as one
  how(document);
  replaceFile(file, document.toString());
}
