import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { UserError } from "../../../config/error";
import { findFile } from "../../../config/find-file";
import { groupFinding, substationsPerGroup } from "../../../config/ids";
import { readTree } from "../../../config/tree";
import { findSubstation } from "../../typed-file";
import { syncFolder } from "../../write-new";
import { onlyOne } from "../only";

/**
 * Puts a substation's file into another group's folder, if it is sound there; else it stays where it is.
 * @throws UserError where it is not, or the group has no room
 */
export function moveFile(stacks: string, id: string, to: string): void {
  const { path } = findFile(stacks, id);
  const finding = groupFinding(to);
  if (finding) throw new UserError(`"${to}" cannot be a group: ${finding.why}. Nothing was moved.`);
  const { groups } = readTree(stacks, (file) => relative("", file));
  const files = groups.find(({ name }) => name === to)?.files ?? [];
  if (files.length >= substationsPerGroup)
    throw new UserError(
      `${to} is full: it has ${files.length} substations, and at most ${substationsPerGroup} share a stack. Nothing was moved.`,
    );
  const folder = join(stacks, to);
  mkdirSync(folder, { recursive: true });
  const there = join(folder, basename(path));
  rename(path, there);
  try {
    sound(stacks, id);
  } catch (error) {
    rename(there, path);
    throw error;
  }
}

/** @throws UserError where its file, where it lies, has a problem; what is wrong with its neighbours does not matter */
export function sound(stacks: string, id: string): void {
  findSubstation(onlyOne(stacks, id).load(stacks), id);
}

/** On the disk when this returns. */
function rename(path: string, there: string): void {
  renameSync(path, there);
  for (const folder of [dirname(there), dirname(path)]) syncFolder(folder);
}
