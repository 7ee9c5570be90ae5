import { relative } from "node:path";
import { loadFleet, type Fleet } from "../../config/fleet";
import { findFile } from "../../config/find-file";
import { withoutHeld } from "../../config/hold";
import { readTree } from "../../config/tree";

/** A substation with what an update of it alone needs. */
export interface Only {
  readonly group: string;
  /** The others of its group, which stay as they are: their files may be wrong, or ahead of what runs. */
  readonly held: ReadonlySet<string>;
  /** The fleet as if there were no others in its group. */
  readonly load: (stacks: string) => Fleet;
}

/** @throws UserError where no file has that id, or two have */
export function onlyOne(stacks: string, id: string): Only {
  const { group } = findFile(stacks, id);
  const { groups } = readTree(stacks, (path) => relative("", path));
  const files = groups.find(({ name }) => name === group)?.files ?? [];
  const held = new Set(files.map((file) => file.id).filter((other) => other !== id));
  return { group, held, load: (folder) => withoutHeld(loadFleet(folder), held) };
}
