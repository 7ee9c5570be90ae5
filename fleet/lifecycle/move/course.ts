import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { UserError } from "../../../config/error";
import { findFile } from "../../../config/find-file";
import { orderSuffix } from "../../../config/lifecycle/order";
import {
  databaseName,
  groupsIn,
  isSameSubstation,
  labels,
  parseMark,
  type Owner,
} from "../../../config/names";
import type { Platform } from "../../../config/platform";
import { isPlatformStack, platformOf, projectSettings } from "../../../config/stack-config";
import { storedSecrets } from "../../../config/stack-secrets";
import { substationOf } from "../../../policies/facts/steps";
import { lookAround, type Live } from "../../live";
import { asUser, type Workspace } from "../../pulumi";
import { platformUnder } from "../../read-platform";
import { stackNames } from "../../stack-names";
import { readState } from "../../standing";
import { refuseGroup } from "./file";

/** From where to where a substation is moved. */
export interface Course {
  readonly workspace: Workspace;
  readonly id: string;
  /** The two groups. */
  readonly from: string;
  readonly to: string;
  readonly platform: Platform;
  /** Of its database and its group role. */
  readonly database: string;
}

/**
 * Finds out where a substation is, and whether it may go where it is to go. What of it stands in another group than its file is on its way: that is finished first.
 * @param wanted the group that is named; undefined to finish what was begun, or was ordered by moving the file
 * @returns undefined where all of it is there already
 * @throws UserError where it may not be moved there
 */
export async function courseOf(
  workspace: Workspace,
  id: string,
  wanted: string | undefined,
): Promise<Course | undefined> {
  const stacks = join(workspace.root, "stacks");
  const { group: file } = findFile(stacks, id);
  if (wanted !== undefined && wanted !== file) refuseGroup(stacks, wanted);
  const settings = projectSettings(workspace);
  const platform = await platformUnder(workspace, file);
  const owner = { platform: platform.name, group: file, id };
  const marked = markedIn(owner, await lookAround(platform));
  // Where it is to go is told then, and what it has there already does not matter.
  const elsewhere =
    marked ?? (wanted === undefined || wanted === file ? await storedIn(workspace, owner) : undefined);
  if (elsewhere === undefined && wanted === file) return undefined;
  if (elsewhere === undefined && wanted === undefined)
    throw new UserError(
      `${id} is in the group ${file}, all of it: name the group that it is to be moved to. Nothing was changed.`,
    );
  if (elsewhere !== undefined && wanted !== undefined && wanted !== file && wanted !== elsewhere)
    throw new UserError(
      `${id} is on its way from ${elsewhere} to ${file}: "substation move ${id}" finishes that first. Nothing was changed.`,
    );
  const to = wanted ?? file;
  const from = to === file ? elsewhere! : file;
  const [one, other] = [platformOf(settings, from), platformOf(settings, to)];
  if (one !== other)
    throw new UserError(
      `${from} stands on ${one}, and ${to} on ${other}: a substation is moved within a platform. Its database and its address are on ${one}. Nothing was changed.`,
    );
  // One that is in its new place does not keep it from getting there, and is carried out then.
  const order = join(stacks, from, `${id}${orderSuffix}.yaml`);
  if (existsSync(order))
    throw new UserError(
      `${relative("", order)} orders that ${id} be closed: it is not moved. "substation restore ${id}" undoes the order. Nothing was changed.`,
    );
  return { workspace, id, from, to, platform, database: databaseName(platform.name, id) };
}

/** The other group that something of a substation says it is of: its database, a container, its record. */
function markedIn(owner: Owner, live: Live): string | undefined {
  const database = databaseName(owner.platform, owner.id);
  return [
    ...live.databases.filter(({ name }) => name === database).map(({ mark }) => mark),
    ...live.containers.map(({ Labels }) => Labels[labels.mark]),
    ...live.records.map(({ comment }) => comment),
  ]
    .map(parseMark)
    .flatMap((one) => (one && isSameSubstation(one, owner) ? groupsIn(one) : []))
    .find((group) => group !== owner.group);
}

/** The other group whose settings have secrets of it, or whose state something: a moving was cut off at its very end, or an opening early. */
async function storedIn(workspace: Workspace, owner: Owner): Promise<string | undefined> {
  const all = await asUser("the backend's stacks cannot be listed", owner.group, () => stackNames(workspace));
  const groups = all.filter((stack) => stack !== owner.group && !isPlatformStack(stack));
  const stacks = join(workspace.root, "stacks");
  const withSecrets = groups.find((group) => storedSecrets(stacks, group)?.some(({ id }) => id === owner.id));
  if (withSecrets !== undefined) return withSecrets;
  for (const group of groups) {
    const { resources = [] } = (await readState(workspace, group))?.deployment ?? {};
    if (resources.some((one) => substationOf(one, "")?.id === owner.id)) return group;
  }
  return undefined;
}
