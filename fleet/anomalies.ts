import { join } from "node:path";
import { UserError } from "../config/error";
import { appRole, databaseName } from "../config/names";
import { textFinding } from "../config/text";
import {
  decideAnomaly,
  listAnomalies,
  type Anomaly,
  type Resolution,
  type ShopLogin,
} from "../inventory/anomalies";
import { givenPasswords } from "./audit/passwords";
import { findFile } from "../config/find-file";
import { asUser, type Workspace } from "./pulumi";
import { platformUnder } from "./read-platform";

/** What a person has decided; the texts are not checked yet. */
export interface Wanted {
  readonly as: Resolution;
  readonly by: string;
  readonly note?: string;
}

/**
 * A substation's payments that only a person may decide, and those that were decided. Its file may have problems: money must be looked after all the same.
 * @throws UserError where there is no such substation, or its books cannot be read
 */
export async function anomaliesOf(workspace: Workspace, id: string): Promise<readonly Anomaly[]> {
  const login = await shopLogin(workspace, id);
  return await readable(id, () => listAnomalies(login));
}

/**
 * Writes a person's decision into the shop's books. It moves no money: that was done, or is to be done, at the gateway.
 * @param number the anomaly's, as `anomaliesOf` says it
 * @throws UserError for a text that is no line, a number that is none, and where somebody has decided before
 */
export async function resolveAnomaly(
  workspace: Workspace,
  id: string,
  number: string,
  { as, by, note }: Wanted,
): Promise<Anomaly> {
  oneLine("--by", by, 60);
  if (note !== undefined) oneLine("--note", note, 500);
  if (!/^[1-9][0-9]{0,8}$/.test(number))
    throw new UserError(
      `"${number}" is no number of an anomaly: \`substation anomalies ${id}\` lists them. Nothing was changed.`,
    );
  const login = await shopLogin(workspace, id);
  const decision = { resolution: as, by, note: note ?? null };
  const done = await readable(id, () => decideAnomaly(login, Number(number), decision));
  if (!done)
    throw new UserError(
      `${id} has no anomaly ${number}: \`substation anomalies ${id}\` lists them. Nothing was changed.`,
    );
  const { anomaly, fresh } = done;
  if (!fresh)
    throw new UserError(
      `anomaly ${number} of ${id} was decided before: ${anomaly.decision!.resolution} by ${anomaly.decision!.by} at ${anomaly.decision!.at.toISOString()}. Nothing was changed.`,
    );
  return anomaly;
}

function oneLine(option: string, text: string, most: number): void {
  const finding = textFinding(text, 1, most);
  if (finding) throw new UserError(`${option}: ${finding.why}. Nothing was changed.`);
}

/** The shop's own login, as its stack gave it out. */
async function shopLogin(workspace: Workspace, id: string): Promise<ShopLogin> {
  const { group } = findFile(join(workspace.root, "stacks"), id);
  const [platform, passwords] = await Promise.all([
    platformUnder(workspace, group),
    asUser(`the state of stack ${group} cannot be read`, group, () => givenPasswords(workspace, group)),
  ]);
  const database = databaseName(platform.name, id);
  const user = appRole(database);
  const password = passwords.get(user);
  if (password === undefined)
    throw new UserError(`${id} was not opened yet: the state of stack ${group} does not have its role.`);
  return { server: platform.database, database, user, password };
}

/** What the server refuses, in words that say what to do. */
export async function readable<T>(id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = "", message } = error as { code?: string; message: string };
    const away = /^E[A-Z]+$/.test(code) || silence.includes(message);
    const why = reasons[code] ?? (away ? "see that the database server can be reached from here" : undefined);
    if (why === undefined) throw error;
    throw new UserError(`the books of ${id} cannot be read (${`${code} ${message}`.trim()}): ${why}.`);
  }
}

/** What pg says of a server that does not answer, without a code: to a connection, and to a query. */
const silence = ["timeout expired", "Query read timeout"];

const reasons: Readonly<Record<string, string>> = {
  "42P01": "its image keeps none of this kind, or was never migrated",
  "42703": "its image is older than this command; update the substation first",
  "53300": "all connections of its database are taken; try again in a moment",
  "28000": "pg_hba.conf must let shops' roles in from this machine (docs/payments.md)",
  "28P01": "its password is another than its stack gave out; `substation audit` says more",
};
