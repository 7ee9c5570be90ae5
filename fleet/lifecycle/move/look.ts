import { join } from "node:path";
import { UserError } from "../../../config/error";
import { findFile } from "../../../config/find-file";
import { between, isSameSubstation, labels, mark, parseMark } from "../../../config/names";
import { storedSecrets } from "../../../config/stack-secrets";
import { rolesOf } from "../../../inventory/closing";
import { substationOf, urnStack } from "../../../policies/facts/steps";
import type { Checkpoint, Resource } from "../../checkpoint";
import { lookAround, type Live } from "../../live";
import { readState, standingIn, type StandingShop } from "../../standing";
import type { Course } from "./course";
import type { MoveFacts } from "./next";

/** What is so of a substation that is moved, in both groups and on all servers. */
export interface MoveLook {
  readonly facts: MoveFacts;
  /** Of the old stack: the component and its parts. */
  readonly urns: readonly string[];
  /** Of its database, those that are there. */
  readonly roles: readonly string[];
  /** Names of its secrets in the old stack's settings. */
  readonly secrets: readonly string[];
}

const databaseType = "postgresql:index/database:Database";

/** The states of the old stack and of the new one: half a second for each. */
export type States = readonly [Exported | undefined, Exported | undefined];
type Exported = Awaited<ReturnType<typeof readState>>;

export const readStates = async ({ workspace, from, to }: Course): Promise<States> =>
  await Promise.all([readState(workspace, from), readState(workspace, to)]);

/**
 * @param given whether this run has copied its secrets: those that were copied by a run before may have been set anew since
 * @throws UserError where a server cannot be looked at, or another's object has one of its names
 */
export async function lookAtMove(
  course: Course,
  [oldState, newState]: States,
  given: boolean,
): Promise<MoveLook> {
  const { workspace, id, to, platform, database } = course;
  const filed = findFile(join(workspace.root, "stacks"), id).group === to;
  const live = await lookAround(platform);
  const secrets = secretsIn(course, filed || given);
  const [old, now] = [oldState, newState].map((state) => partsOf(state, id));
  const roles = live.roles.filter(({ name }) => rolesOf(database).includes(name));
  const databases = live.databases.filter(({ name }) => name === database);
  const shop = newState && standingIn(newState).get(id)?.shop;
  return {
    urns: old!.map(({ urn }) => urn),
    roles: roles.map(({ name }) => name),
    secrets: secrets.left,
    facts: {
      filed,
      unset: secrets.unset,
      inOld: old!.length > 0,
      inNew: now!.length > 0,
      copied: isCopied(old!, now!),
      lost: [...old!, ...now!].some(({ type }) => type === databaseType) && databases.length === 0,
      marked: markedAs([...databases, ...roles], course),
      laid: isLaid(live, shop, course),
      secretsLeft: secrets.left.length > 0,
    },
  };
}

const partsOf = (state: Checkpoint | undefined, id: string): readonly Resource[] =>
  (state?.deployment.resources ?? []).filter((one) => substationOf(one, "")?.id === id);

/** By what the engine knows each part by, and where it is. */
function isCopied(old: readonly Resource[], now: readonly Resource[]): boolean {
  const key = ({ urn, id = "" }: Resource) => `${urn.slice(`urn:pulumi:${urnStack(urn)}`.length)} ${id}`;
  const there = new Set(now.map(key));
  return old.every((one) => there.has(key(one)));
}

/** @throws UserError where they are somebody else's */
function markedAs(objects: Live["databases"], { platform, id, from, to }: Course): MoveFacts["marked"] {
  const owner = { platform: platform.name, group: to, id };
  const known = new Map<string, MoveFacts["marked"]>([
    [mark(owner), "new"],
    [mark({ ...owner, group: from }), "old"],
    [mark({ ...owner, group: between(from, to) }), "between"],
    [mark({ ...owner, group: between(to, from) }), "between"],
  ]);
  const marks = objects.flatMap(({ name, mark: text }) => (text === null ? [] : [{ name, text }]));
  const stranger = marks.find(({ text }) => !known.has(text));
  if (stranger)
    throw new UserError(`${stranger.name} is marked "${stranger.text}": nothing of it was touched.`);
  const found = new Set(marks.map(({ text }) => known.get(text)));
  return found.size > 1 ? "between" : [...found][0]; // all are marked at once, or by hand
}

/** Whether what can be marked anew by an update is. */
function isLaid(live: Live, shop: StandingShop | undefined, { platform, id, to }: Course): boolean {
  const owner = { platform: platform.name, group: to, id };
  const isOld = (text: string | null | undefined) => {
    const found = parseMark(text);
    return isSameSubstation(found, owner) && found?.group !== to;
  };
  return (
    live.containers.some(({ Id, Labels }) => Id === shop?.id && Labels[labels.mark] === mark(owner)) &&
    !live.containers.some(({ Labels }) => isOld(Labels[labels.mark])) &&
    !live.records.some(({ comment }) => isOld(comment))
  );
}

/** @param given whether what the new settings have is as it is to be */
function secretsIn(
  { workspace, id, from, to }: Course,
  given: boolean,
): { readonly left: readonly string[]; readonly unset: readonly string[] } {
  const namesIn = (group: string) =>
    (storedSecrets(join(workspace.root, "stacks"), group) ?? [])
      .filter((one) => one.id === id)
      .map(({ name }) => name);
  const [left, there] = [namesIn(from), new Set(namesIn(to))];
  return { left, unset: given ? left.filter((name) => !there.has(name)) : left };
}
