import { BlockList, isIP } from "node:net";
import type { Facts, HbaFact } from "./facts";
import { looksLikeTenant } from "./tenants";

/**
 * What pg_hba.conf lets in, read as PostgreSQL reads it: the first line that matches a connection decides, and a connection that no line matches is refused.
 * https://www.postgresql.org/docs/current/auth-pg-hba-conf.html
 */

/** "plain" is over TCP/IP without encryption. */
export type Transport = "local" | "tls" | "gss" | "plain";

const transports: Readonly<Record<string, readonly Transport[]>> = {
  local: ["local"],
  host: ["tls", "gss", "plain"],
  hostssl: ["tls"],
  hostnossl: ["gss", "plain"],
  hostgssenc: ["gss"],
  hostnogssenc: ["tls", "plain"],
};

export const transportsOf = ({ type }: HbaFact): readonly Transport[] => transports[type] ?? ["plain"];

/** A substation's own database (for others: any substation's), a neighbour's, one that is no substation's, a stream of all changes. */
export type Target = "own" | "neighbour" | "other" | "replication";

/** Somebody who may try: any role of any substation, or one role by its name. */
export interface Person {
  readonly name: string | undefined;
  /** Whether he is, or for some substation may be, a member of a role. Superusers are members of none by being superusers. */
  memberOf(role: string): boolean;
  /** Databases that he reaches by `samerole`. */
  readonly samerole: readonly Target[];
}

export interface Attempt {
  readonly who: Person;
  readonly transport: Transport;
  readonly target: Target;
}

export const anySubstation = ({ membership }: Facts): Person => ({
  name: undefined,
  memberOf: (role) =>
    looksLikeTenant(role) || membership.some((m) => m.role === role && looksLikeTenant(m.name)),
  samerole: ["own"],
});

export const theRole = ({ membership }: Facts, name: string): Person => ({
  name,
  memberOf: (role) => role === name || membership.some((m) => m.role === role && m.name === name),
  samerole: membership.some((m) => m.name === name && looksLikeTenant(m.role)) ? ["own"] : [],
});

/** "maybe" where it depends on which substation, or on an expression that is not evaluated here. */
type Answer = "yes" | "maybe" | "no";

const best = (answers: readonly Answer[]): Answer =>
  answers.includes("yes") ? "yes" : answers.includes("maybe") ? "maybe" : "no";

function userAnswer(user: string, who: Person): Answer {
  if (user === "all") return "yes";
  if (user.startsWith("/")) return "maybe";
  if (user.startsWith("+"))
    return !who.memberOf(user.slice(1)) ? "no" : who.name === undefined ? "maybe" : "yes";
  return who.name === undefined ? (looksLikeTenant(user) ? "maybe" : "no") : user === who.name ? "yes" : "no";
}

function databaseAnswer(database: string, who: Person, target: Target): Answer {
  if (database === "replication" || target === "replication") return database === target ? "yes" : "no";
  if (database === "all") return "yes";
  if (database === "samerole" || database === "samegroup")
    return who.samerole.includes(target) ? "yes" : "no";
  if (database === "sameuser") return "no"; // no database is named like a role that logs in
  if (database.startsWith("/")) return "maybe";
  return looksLikeTenant(database) === (target !== "other") ? "maybe" : "no";
}

function answer(line: HbaFact, { who, transport, target }: Attempt): Answer {
  if (!transportsOf(line).includes(transport)) return "no";
  const user = best(line.users.map((name) => userAnswer(name, who)));
  const database = best(line.databases.map((name) => databaseAnswer(name, who, target)));
  return user === "no" || database === "no" ? "no" : user === "yes" && database === "yes" ? "yes" : "maybe";
}

/** Whether the line at `at` decides about such an attempt from anywhere that it speaks of: no line before it takes all of that. */
export function decides(lines: readonly HbaFact[], at: number, attempt: Attempt): boolean {
  const line = lines[at];
  if (line === undefined || answer(line, attempt) === "no") return false;
  return !lines
    .slice(0, at)
    .some((earlier) => answer(earlier, attempt) === "yes" && addressCovers(earlier.address, line.address));
}

/** Whether nothing that a line could match gets as far, over the transports given. */
export function isShadowed(lines: readonly HbaFact[], at: number, over: readonly Transport[]): boolean {
  const line = lines[at];
  return (
    line !== undefined &&
    lines
      .slice(0, at)
      .some(
        (earlier) =>
          over.every((transport) => transportsOf(earlier).includes(transport)) &&
          addressCovers(earlier.address, line.address) &&
          line.users.every((user) => earlier.users.includes("all") || earlier.users.includes(user)) &&
          line.databases.every(
            (name) =>
              earlier.databases.includes(name) ||
              (earlier.databases.includes("all") && name !== "replication"),
          ),
      )
  );
}

export const isEverywhere = (address: string | undefined): boolean =>
  address === "all" || (address ?? "").endsWith("/0");

/** Whether every address of the second is one of the first. Names and keywords cover themselves alone. */
function addressCovers(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === narrow || wide === "all") return true;
  const [outer, inner] = [range(wide), range(narrow)];
  if (!outer || !inner || outer.family !== inner.family || inner.prefix < outer.prefix) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, outer.family);
  return list.check(inner.address, inner.family);
}

function range(text = ""): { address: string; prefix: number; family: "ipv4" | "ipv6" } | undefined {
  const [address = "", length = ""] = text.split("/");
  const version = isIP(address);
  if (version === 0 || !/^[0-9]{1,3}$/.test(length)) return undefined;
  return { address, prefix: Number(length), family: version === 4 ? "ipv4" : "ipv6" };
}
