import type { RoleFact } from "./facts";
import type { Intent } from "./intent";
import { known } from "./known";
import { privilegedRoleRules } from "./role-privileged";
import { rule, type Rule } from "./rule";
import {
  connectionLimits,
  looksLikeTenant,
  markFaults,
  nameFaults,
  parseTenantName,
  seen,
  substationOf,
} from "./tenants";

/** Rules about the three roles of a substation: its group, the one that migrates, the shop's. */

const tenant = ({ name, owner }: RoleFact): boolean => owner !== undefined || looksLikeTenant(name);

const partOf = ({ name }: RoleFact) => parseTenantName(name)?.part;

const limitsOf = ({ name }: RoleFact, intent: Intent) => {
  const parsed = parseTenantName(name);
  return parsed && substationOf(parsed.database, intent)?.limits;
};

export const roleKnown = known("role", "Role");

export const roleName = rule("role", {
  id: "role-name",
  severity: "critical",
  description:
    "Checks that a role that is, or looks like, a substation's is one of the three that its owner has.",
  references: ["P14", "P01"],
  remedy:
    "Find out who made it. A plan makes the roles of substations that have a file, and no others; a role that somebody made by hand is dropped by hand.",
  check: (role, intent) => nameFaults("Role", role, role.plan !== undefined, intent),
});

export const roleMark = rule("role", {
  id: "role-mark",
  severity: "medium",
  description: "Checks that a live role of a substation carries its owner's mark as its comment.",
  references: ["P14"],
  remedy: "Put the mark back: COMMENT ON ROLE … IS 'substation <platform>/<group>/<id>'.",
  *check(role, intent) {
    if (role.live) yield* markFaults("Role", role, intent);
  },
});

const forbidden = {
  superuser: "be a superuser",
  createDatabase: "be able to create databases",
  createRole: "be able to create roles",
  replication: "be able to replicate",
  bypassRowSecurity: "bypass row security",
} as const satisfies Partial<Record<keyof RoleFact, string>>;

export const roleAttributes = rule("role", {
  id: "role-attributes",
  severity: "critical",
  description: "Checks that a substation's role has no attribute that reaches beyond its own database.",
  references: ["P01", "CIS PostgreSQL 4.3", "CIS PostgreSQL 7.1"],
  remedy:
    "ALTER ROLE … NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS, and find out who gave it.",
  *check(role) {
    if (!tenant(role)) return;
    for (const [attribute, words] of Object.entries(forbidden)) {
      const value = role[attribute as keyof typeof forbidden];
      if (value !== false)
        yield `Role ${role.name} must not ${words}${value === undefined ? ", which cannot be told" : ""}`;
    }
  },
});

export const roleLogin = rule("role", {
  id: "role-login",
  severity: "high",
  description: "Checks that a substation's group role cannot log in, and that its other two can.",
  references: ["P03", "P13"],
  remedy: "ALTER ROLE … NOLOGIN for the group role, LOGIN for the two others.",
  *check(role) {
    const part = partOf(role);
    if (part === "group" && role.login !== false)
      yield `Role ${role.name} must not be able to log in: it only stands for the two that are members of it`;
    if ((part === "app" || part === "migrate") && role.login !== true)
      yield `Role ${role.name} must be able to log in`;
  },
});

export const roleConnectionLimit = rule("role", {
  id: "role-connection-limit",
  severity: "high",
  description: "Checks that a substation's role may hold no more connections than its tier gives.",
  references: ["P09", "CIS PostgreSQL 5.5"],
  remedy: "ALTER ROLE … CONNECTION LIMIT; `up` of the group sets what the file asks for.",
  *check(role, intent) {
    const part = partOf(role);
    if (part !== "app" && part !== "migrate") return; // the group does not log in
    const limits = limitsOf(role, intent);
    const most = limits ? connectionLimits(limits)[part] : Infinity;
    const limit = role.connectionLimit;
    if (limit === undefined || limit < 1 || limit > most)
      yield `Role ${role.name} must have a connection limit ${limits ? `from 1 to ${most}` : "of its own"} but has ${seen(limit)}`;
  },
});

export const roleTimeouts = rule("role", {
  id: "role-timeouts",
  severity: "medium",
  description: "Checks that the shop's role has time-outs, no longer than its tier's.",
  references: ["P10", "CIS PostgreSQL 6.2"],
  remedy:
    "ALTER ROLE … SET statement_timeout, idle_in_transaction_session_timeout. A shop may change them for its session: they guard against mistakes, the connection limit against malice.",
  *check(role, intent) {
    if (partOf(role) !== "app") return;
    const limits = limitsOf(role, intent);
    const timeouts = [
      ["statements", role.statementTimeoutMs, limits?.statementTimeoutMs],
      ["idle transactions", role.idleTransactionTimeoutMs, limits?.idleTransactionTimeoutMs],
    ] as const;
    for (const [words, value, most = Infinity] of timeouts)
      if (value === undefined || value < 1 || value > most)
        yield `Role ${role.name} must have a time-out for ${words}${most === Infinity ? "" : ` of at most ${most} ms`} but has ${value === 0 ? "none" : seen(value)}`;
  },
});

export const roleSearchPath = rule("role", {
  id: "role-search-path",
  severity: "medium",
  description:
    "Checks that a substation's roles look for names in a schema of their own, and never in one that others may write to.",
  references: ["P06", "CIS PostgreSQL 4.10"],
  remedy: "ALTER ROLE … SET search_path = shop.",
  *check(role) {
    const part = partOf(role);
    if (part !== "app" && part !== "migrate") return;
    if (role.searchPath.length === 0)
      yield `Role ${role.name} must have a search path of its own but has none`;
    for (const schema of role.searchPath)
      if (schema === "public" || schema === "$user")
        yield `Role ${role.name} must not look for names in the schema ${schema}`;
  },
});

export const rolePassword = rule("role", {
  id: "role-password",
  severity: "high",
  description:
    "Checks that a substation's roles that log in have a secret password, stored as SCRAM alone, and that its group has none.",
  references: ["P11", "CIS PostgreSQL 5.4", "CIS PostgreSQL 5.12", "S01"],
  remedy: "Give it a new one with `substation rotate`; see that password_encryption is scram-sha-256.",
  *check(role) {
    if (!tenant(role)) return;
    const logsIn = partOf(role) !== "group";
    const { plan, live } = role;
    if (plan && plan.password !== logsIn)
      yield `Role ${role.name} must be given ${logsIn ? "a" : "no"} password`;
    if (plan?.password && plan.passwordSecret === false)
      yield `Role ${role.name} must be given its password as a secret`;
    const wanted = logsIn ? "scram-sha-256" : "none";
    if (live?.password !== undefined && live.password !== wanted)
      yield logsIn
        ? `Role ${role.name} must have a password that is stored as scram-sha-256, not as ${live.password}`
        : `Role ${role.name} must have no password`;
  },
});

export const rolePasswordChanged = rule("role", {
  id: "role-password-changed",
  severity: "critical",
  description:
    "Checks that a live role of a substation still has the password that was given to the substation.",
  references: ["P11"],
  remedy:
    "Somebody else knows a password of it. Renew it with `substation rotate`, and find out who changed it.",
  *check({ name, live }) {
    if (live?.passwordAsGiven === false)
      yield `Role ${name} must have the password that was given to its substation, and has another`;
  },
});

export const roleProtected = rule("role", {
  id: "role-protected",
  severity: "high",
  description: "Checks that a plan protects the roles of substations: with them would go what they own.",
  references: ["P20"],
  remedy: "Set `protect: true`. docs/closing.md says how a substation is closed.",
  *check({ name, plan }) {
    if (plan && !plan.protected) yield `Role ${name} must be protected`;
  },
});

export const roleRules: readonly Rule[] = [
  roleKnown,
  roleName,
  roleMark,
  roleAttributes,
  roleLogin,
  roleConnectionLimit,
  roleTimeouts,
  roleSearchPath,
  rolePassword,
  rolePasswordChanged,
  roleProtected,
  ...privilegedRoleRules,
];
