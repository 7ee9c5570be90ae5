import type { ClosingOrder } from "../../config/lifecycle/order";
import { listedExports } from "./export/folder";
import { isFor } from "./look";
import { exportsOf } from "./subject";

/**
 * When the grace of an order is over, in milliseconds since 1970; undefined until its data was exported for the first time. What is removed is decided by exports that were
 * read back, which this does not do.
 * @param root the folder of Pulumi.yaml
 * @param platform its name
 */
export function graceEnd(root: string, order: ClosingOrder, platform: string): number | undefined {
  const owner = { platform, group: order.group, id: order.id };
  const first = listedExports(exportsOf({ root }, owner)).find(
    (one) => !one.isVoid && isFor(one, { owner, order }),
  );
  return first && Date.parse(first.manifest.takenAt) + order.graceMs;
}
