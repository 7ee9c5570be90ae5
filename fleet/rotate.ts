import { join } from "node:path";
import { UserError } from "../config/error";
import { loadFleet, type SubstationSpec } from "../config/fleet";
import { appRole, databaseName, labels, migrateRole } from "../config/names";
import type { Platform } from "../config/platform";
import { withSecretVersion } from "../config/raise";
import { parseSecretVersions, secretNames, type SecretName } from "../config/secret-versions";
import { endSessions } from "../inventory/database";
import { containerStart, liveContainers, type LiveContainer } from "../inventory/docker";
import { alone, type Running } from "./lifecycle/alone";
import type { Workspace } from "./pulumi";
import { platformUnder } from "./read-platform";
import { changeFile, findSubstation, whyNot } from "./typed-file";
import { up } from "./up";

/** What a rotation did, for people to read. */
export interface Rotation {
  /** The substation's file, as people name it. */
  readonly file: string;
  readonly secret: SecretName;
  /** The version that runs now. */
  readonly version: number;
  /** False where the file already asked for a newer version than the one that ran: then that was brought about. */
  readonly raised: boolean;
  /** Sessions of the database that were older than the new container, and were ended. */
  readonly endedSessions: number;
}

/**
 * Renews one secret of a substation, or its root and with it all: raises the number in its file, updates its group, and ends the sessions of the database that began
 * before the new container did. No data changes.
 *
 * May be run again after any failure. While the file asks for a newer version than the one that runs, it is not raised once more; a rotation that was killed after the
 * update and before the sessions were ended is made up for by another new secret.
 * @param secret one of `secretNames`
 * @throws UserError where there is no such substation or secret, a file has a problem, or the update fails
 */
export async function rotate(
  workspace: Workspace,
  id: string,
  secret: string = "root",
  options: Running = {},
): Promise<Rotation> {
  const { group } = findSubstation(loadFleet(join(workspace.root, "stacks")), id);
  const name = findSecret(secret);
  return await alone(workspace, group, "rotate", options, () => renew(workspace, id, name, options.signal));
}

async function renew(
  workspace: Workspace,
  id: string,
  name: SecretName,
  signal: AbortSignal | undefined,
): Promise<Rotation> {
  const stacks = join(workspace.root, "stacks");
  const spec = findSubstation(loadFleet(stacks), id);
  const platform = await platformUnder(workspace, spec.group);
  const wanted = spec.secretVersions[name];
  const running = (await shops(platform, id)).map((shop) => versionsOf(shop)[name]);
  const ahead = running.length > 0 && running.every((version) => version < wanted);
  const version = ahead ? wanted : wanted + 1;
  if (!ahead) raise(stacks, spec, name, version);

  const outcome = await up(workspace, spec.group, { confirm: () => Promise.resolve(true), signal });
  if (outcome.kind !== "updated") {
    throw new UserError(
      `${name} of ${id} is not renewed yet: the update of ${spec.group} was ${outcome.kind}. ${spec.file} keeps its new number, ` +
        `${version}; mend the cause and run this again, which finishes it.\n${whyNot(outcome)}`,
    );
  }
  const endedSessions = await endOldSessions(platform, id, name, version);
  return { file: spec.file, secret: name, version, raised: !ahead, endedSessions };
}

function findSecret(name: string): SecretName {
  const found = secretNames.find((known) => known === name);
  if (found) return found;
  throw new UserError(
    `there is no secret "${name}": they are ${secretNames.join(", ")}, where root is all of them at once. Nothing was changed.`,
  );
}

/** Writes the number into the substation's file. */
const raise = (stacks: string, spec: SubstationSpec, name: SecretName, version: number): void =>
  changeFile(stacks, spec, {
    change: (text) => withSecretVersion(text, name, version),
    wrong: (read) =>
      read?.secretVersions[name] === version ? undefined : String(read?.secretVersions[name]),
    what: `changed to ${name}: ${version}`,
    byHand: `Write "secretVersions: { ${name}: ${version} }"`,
  });

/** Serving containers of a substation: two while one replaces another. */
const shops = async (platform: Platform, id: string): Promise<LiveContainer[]> =>
  (await liveContainers()).filter(
    ({ Labels }) =>
      Labels[labels.platform] === platform.name && Labels[labels.id] === id && Labels[labels.role] === "shop",
  );

const versionsOf = ({ Labels }: LiveContainer) => parseSecretVersions(Labels[labels.secrets] ?? "");

/** A changed password ends no session by itself. Both roles' sessions go, whichever was renewed: so an earlier rotation that came to no end is finished too. */
async function endOldSessions(
  platform: Platform,
  id: string,
  name: SecretName,
  version: number,
): Promise<number> {
  const shop = (await shops(platform, id)).find((container) => versionsOf(container)[name] === version);
  if (!shop) {
    throw new UserError(
      `${name} of ${id} is renewed, but its new container is gone, so that older sessions of its database were not ended. Run this again.`,
    );
  }
  const database = databaseName(platform.name, id);
  const started = await containerStart(shop.Id);
  return await endSessions(platform.database, [migrateRole(database), appRole(database)], started);
}
