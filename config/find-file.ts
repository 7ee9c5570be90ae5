import { relative } from "node:path";

import { parseYaml, type Document } from "./document";
import { UserError } from "./error";
import { formatProblem } from "./problem";
import { readSource } from "./source";
import { others } from "./suggest";
import { readTree } from "./tree";

/** A substation's typed file. */
export interface FoundFile {
  readonly id: string;
  readonly group: string;
  readonly path: string;
}

/**
 * The file of a substation, by its name alone: what stands in it may be wrong.
 * @param stacks the folder of the typed files
 * @throws UserError where there is none, or more than one
 */
export function findFile(stacks: string, id: string): FoundFile {
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

/** The group that has the file of a substation; undefined where none has. */
export const groupOf = (stacks: string, id: string): string | undefined =>
  readTree(stacks, (path) => relative("", path)).groups.find(({ files }) =>
    files.some((file) => file.id === id),
  )?.name;

/**
 * A typed file as it stands; it may have problems.
 * @param file how the path is named to people
 * @throws UserError where the file has no text that could be read
 */
export function readDocument(path: string, file: string): Document {
  const { text, problems } = readSource(path, file);
  if (text === undefined) throw new UserError(problems.map(formatProblem).join("\n"));
  return parseYaml(file, text);
}
