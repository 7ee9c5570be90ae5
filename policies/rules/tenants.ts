import { appRole, databaseName, mark, migrateRole, type Owner } from "../../config/names";
import type { Resources } from "../../config/fleet";
import type { ExpectedSubstation, Intent } from "./intent";

/** What the name of a substation's database or role tells. */
export interface TenantName {
  /** Name of its database, and of its group role. */
  readonly database: string;
  readonly part: "group" | "migrate" | "app";
}

const database = /^ss_[a-z2-7]{16}/;
const exact = /^(ss_[a-z2-7]{16})(?:_(migrate|app))?$/;

/** Undefined where it is no name of ours. */
export function parseTenantName(name: string): TenantName | undefined {
  const [, found, part = "group"] = exact.exec(name) ?? [];
  return found === undefined ? undefined : { database: found, part: part as TenantName["part"] };
}

/** Whether it is, or passes for, a substation's: twins like `ss_…_app2` too. */
export const looksLikeTenant = (name: string): boolean => database.test(name);

/** The three roles of a database. */
export const rolesOf = (name: string): readonly string[] => [name, migrateRole(name), appRole(name)];

const indices = new WeakMap<Intent, ReadonlyMap<string, ExpectedSubstation>>();

/** The substation that a file asks for and whose database has this name. */
export function substationOf(name: string, intent: Intent): ExpectedSubstation | undefined {
  let index = indices.get(intent);
  if (!index) {
    const expected = [...intent.substations.values()];
    index = new Map(expected.map((s) => [databaseName(s.owner.platform, s.owner.id), s]));
    indices.set(intent, index);
  }
  return index.get(name);
}

/** Connections that a substation's roles and database may hold at once: while one container replaces another, both are connected. */
export function connectionLimits({ databaseConnections }: Resources): {
  readonly app: number;
  readonly migrate: number;
  readonly database: number;
} {
  const [app, migrate] = [2 * databaseConnections, 2];
  return { app, migrate, database: app + migrate };
}

export const sameOwner = (a: Owner | undefined, b: Owner | undefined): boolean =>
  a?.platform === b?.platform && a?.group === b?.group && a?.id === b?.id;

interface Named {
  readonly name: string;
  readonly owner: Owner | undefined;
}

/** Faults of a database's or a role's name: it must follow from its owner, who must have a file, and nothing else may look like it. */
export function* nameFaults(
  thing: "Role" | "Database",
  { name, owner }: Named,
  planned: boolean,
  intent: Intent,
) {
  const ours = owner?.platform === intent.platform.name;
  if (owner) {
    const wanted = databaseName(owner.platform, owner.id);
    const names = thing === "Role" ? rolesOf(wanted) : [wanted];
    if (!names.includes(name))
      yield `${thing} ${name} is marked as ${owner.id}'s and must then be named ${names.join(" or ")}`;
    if (ours && !sameOwner(intent.substations.get(owner.id)?.owner, owner))
      yield `${thing} ${name} must belong to a substation that has a file, but ${owner.group}/${owner.id} has none`;
  } else if (planned || looksLikeTenant(name)) {
    const parsed = parseTenantName(name);
    const fits = parsed && (thing === "Role" || parsed.part === "group");
    if (!fits || !substationOf(parsed.database, intent))
      yield `${thing} ${name} must be one of a substation that has a file`;
  }
  if (planned && owner && !ours)
    yield `${thing} ${name} must be of the platform ${intent.platform.name}, but is of ${owner.platform}`;
}

/** Faults of the mark that a live database or role of a substation carries as its comment. */
export function* markFaults(thing: "Role" | "Database", { name, owner }: Named, intent: Intent) {
  const parsed = parseTenantName(name);
  const expected = parsed && substationOf(parsed.database, intent)?.owner;
  if (expected && !sameOwner(owner, expected))
    yield `${thing} ${name} must carry the comment "${mark(expected)}" but carries ${owner ? `"${mark(owner)}"` : "no mark"}`;
}

/** What was found where something else must be: for the end of a message. */
export const seen = (value: string | number | boolean | undefined): string =>
  value === undefined ? "nothing that is known" : String(value);
