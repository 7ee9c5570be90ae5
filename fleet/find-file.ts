import { relative } from "node:path";
import { UserError } from "../config/error";
import { nearest } from "../config/suggest";
import { readTree } from "../config/tree";

/**
 * A substation's file and its group, by its name alone: what stands in the file may be wrong.
 * @throws UserError where there is none, or two
 */
export function findFile(stacks: string, id: string): { readonly group: string; readonly path: string } {
  const { groups } = readTree(stacks, (path) => relative("", path));
  const all = groups.flatMap(({ name, files }) => files.map((file) => ({ ...file, group: name })));
  const [found, another] = all.filter((file) => file.id === id);
  if (found && another)
    throw new UserError(
      `there are two files for ${id}, ${found.path} and ${another.path}: remove one. Nothing was changed.`,
    );
  if (found) return found;
  const ids = all.map((file) => file.id);
  throw new UserError(`there is no substation "${id}" in ${stacks}: ${others(id, ids)} Nothing was changed.`);
}

/** What else `word` may have meant, as the end of a message. */
export const others = (word: string, known: readonly string[]): string => {
  const near = nearest(word, known);
  return near === undefined ? `those are ${known.join(", ") || "none"}.` : `did you mean "${near}"?`;
};
