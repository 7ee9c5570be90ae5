import { mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { UserError } from "../../../config/error";
import { findFile } from "../../../config/find-file";
import { groupFinding, substationsPerGroup } from "../../../config/ids";
import { readTree } from "../../../config/tree";
import { findSubstation } from "../../typed-file";
import { syncFolder } from "../../write-new";
import { onlyOne } from "../only";

/** @throws UserError where no substation can be moved there */
export function refuseGroup(stacks: string, to: string): void {
  const finding = groupFinding(to);
  if (finding) throw new UserError(`"${to}" cannot be a group: ${finding.why}. Nothing was changed.`);
  const { groups } = readTree(stacks, (file) => relative("", file));
  const { files = [] } = groups.find(({ name }) => name === to) ?? {};
  if (files.length < substationsPerGroup) return;
  throw new UserError(
    `${to} is full: it has ${files.length} substations, and at most ${substationsPerGroup} share a stack. Nothing was changed.`,
  );
}

/**
 * Puts a substation's file into another group's folder, if it is sound there; else it stays where it is.
 * @throws UserError where it is not
 */
export function moveFile(stacks: string, id: string, to: string): void {
  const { path } = findFile(stacks, id);
  const there = join(stacks, to, basename(path));
  mkdirSync(dirname(there), { recursive: true });
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
