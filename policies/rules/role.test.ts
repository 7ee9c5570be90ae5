import { mark } from "../../config/names";
import type { RoleFact } from "./facts";
import { roleRules } from "./role";
import { expected, limits, neighbour, owner, stranger } from "./testing";
import { finds, passes, testCases, type Case } from "./testing-cases";
import {
  app1,
  database1,
  databaseOf,
  group,
  live,
  migrate1,
  migrator,
  otherRole,
  planned,
  provisioner,
  provisionerRole,
  role,
} from "./testing-database";

const bad = (rule: string, when: string, fact: RoleFact, says: string | readonly string[]): Case =>
  finds(rule, when, { role: [fact] }, says);

const all: readonly RoleFact[] = [role(), migrator(), group()];
const nobody = databaseOf(stranger);

testCases(roleRules, [
  // Every rule passes the good ones: of a plan, and of a server.
  ...roleRules.flatMap(({ id }) => [
    passes(id, "a plan's roles", {
      role: all.map((one) => ({ ...one, plan: { ...planned, password: one.login === true } })),
    }),
    passes(id, "a server's roles", {
      role: [
        ...all.map((one) => ({
          ...one,
          live: one.login ? live : ({ password: "none", passwordAsGiven: undefined } as const),
        })),
        provisionerRole(),
        otherRole({ name: "pg_monitor", login: false }),
        otherRole({
          name: "postgres",
          superuser: true,
          createRole: true,
          replication: true,
          bypassRowSecurity: true,
          live: { password: undefined, passwordAsGiven: undefined, bootstrap: true },
        }),
      ],
    }),
  ]),

  bad("role-known", "an unknown input", role({ unknown: ["superuser"] }), [
    `Role ${app1}: superuser is not known before the update, so it cannot be judged`,
  ]),

  bad(
    "role-name",
    "a mark on another name",
    role({ name: "evil" }),
    `Role evil is marked as mengxiang's and must then be named ${database1} or ${migrate1} or ${app1}`,
  ),
  bad(
    "role-name",
    "a twin without a mark",
    role({ name: `${app1}2`, owner: undefined }),
    `Role ${app1}2 must be one of a substation that has a file`,
  ),
  bad(
    "role-name",
    "an unmarked one that no file asks for",
    role({ name: nobody, owner: undefined }),
    `Role ${nobody} must be one of a substation that has a file`,
  ),
  bad(
    "role-name",
    "a marked one without a file",
    role({}, stranger),
    `Role ${nobody}_app must belong to a substation that has a file, but demo/nobody has none`,
  ),
  bad(
    "role-name",
    "anything else in a plan",
    otherRole({ name: "backup", plan: planned }),
    "Role backup must be one of a substation that has a file",
  ),
  bad(
    "role-name",
    "another platform's in a plan",
    role({ plan: planned }, { ...owner, platform: "other" }),
    `Role ${databaseOf({ ...owner, platform: "other" })}_app must be of the platform local, but is of other`,
  ),
  passes("role-name", "another platform's on the same server", {
    role: [role({ live }, { ...owner, platform: "other" })],
  }),

  bad(
    "role-mark",
    "one that was not marked, or no longer is",
    role({ owner: undefined, live }),
    `Role ${app1} must carry the comment "${mark(owner)}" but carries no mark`,
  ),
  bad(
    "role-mark",
    "a neighbour's mark",
    role({ owner: neighbour, live }),
    `Role ${app1} must carry the comment "${mark(owner)}" but carries "${mark(neighbour)}"`,
  ),

  bad(
    "role-attributes",
    "all that reaches further",
    {
      ...role(),
      superuser: true,
      createDatabase: true,
      createRole: true,
      replication: true,
      bypassRowSecurity: true,
    },
    [
      `Role ${app1} must not be a superuser`,
      `Role ${app1} must not be able to create databases`,
      `Role ${app1} must not be able to create roles`,
      `Role ${app1} must not be able to replicate`,
      `Role ${app1} must not bypass row security`,
    ],
  ),
  bad(
    "role-attributes",
    "what cannot be told",
    group({ bypassRowSecurity: undefined }),
    `Role ${database1} must not bypass row security, which cannot be told`,
  ),
  bad(
    "role-attributes",
    "a twin's",
    role({ name: `${app1}2`, owner: undefined, createRole: true }),
    `Role ${app1}2 must not be able to create roles`,
  ),

  bad(
    "role-login",
    "a group that logs in",
    group({ login: true }),
    `Role ${database1} must not be able to log in: it only stands for the two that are members of it`,
  ),
  bad("role-login", "one of which it cannot be told", migrator({ login: undefined }), [
    `Role ${migrate1} must be able to log in`,
  ]),

  ...[-1, 0, 11, undefined].map((connectionLimit) =>
    bad(
      "role-connection-limit",
      `a limit of ${connectionLimit} for the shop`,
      role({ connectionLimit }),
      `Role ${app1} must have a connection limit from 1 to 10 but has ${connectionLimit ?? "nothing that is known"}`,
    ),
  ),
  bad(
    "role-connection-limit",
    "more than two for the migration",
    migrator({ connectionLimit: 3 }),
    `Role ${migrate1} must have a connection limit from 1 to 2 but has 3`,
  ),
  bad(
    "role-connection-limit",
    "none where no file says how many",
    role({ connectionLimit: -1 }, stranger),
    `Role ${nobody}_app must have a connection limit of its own but has -1`,
  ),
  passes("role-connection-limit", "less than the tier gives", { role: [role({ connectionLimit: 4 })] }),
  finds(
    "role-connection-limit",
    "what a larger tier would give",
    { role: [role()] },
    `Role ${app1} must have a connection limit from 1 to 6 but has 10`,
    {
      substations: new Map([[owner.id, expected(owner, { limits: { ...limits, databaseConnections: 3 } })]]),
    },
  ),

  bad(
    "role-timeouts",
    "none, and one that is too long",
    role({ statementTimeoutMs: 0, idleTransactionTimeoutMs: 30_001 }),
    [
      `Role ${app1} must have a time-out for statements of at most 10000 ms but has none`,
      `Role ${app1} must have a time-out for idle transactions of at most 30000 ms but has 30001`,
    ],
  ),

  bad(
    "role-search-path",
    "none",
    role({ searchPath: [] }),
    `Role ${app1} must have a search path of its own but has none`,
  ),
  bad(
    "role-search-path",
    "schemas that others may write to",
    migrator({ searchPath: ["$user", "public", "shop"] }),
    [
      `Role ${migrate1} must not look for names in the schema $user`,
      `Role ${migrate1} must not look for names in the schema public`,
    ],
  ),

  bad(
    "role-password",
    "none in a plan",
    role({ plan: { ...planned, password: false } }),
    `Role ${app1} must be given a password`,
  ),
  bad(
    "role-password",
    "one for the group",
    group({ plan: planned }),
    `Role ${database1} must be given no password`,
  ),
  bad(
    "role-password",
    "one that is no secret",
    role({ plan: { ...planned, passwordSecret: false } }),
    `Role ${app1} must be given its password as a secret`,
  ),
  ...(["md5", "other", "none"] as const).map((password) =>
    bad(
      "role-password",
      `one that is stored as ${password}`,
      role({ live: { ...live, password } }),
      `Role ${app1} must have a password that is stored as scram-sha-256, not as ${password}`,
    ),
  ),
  bad(
    "role-password",
    "one that the group was given",
    group({ live }),
    `Role ${database1} must have no password`,
  ),
  passes("role-password", "what may not be looked at: the audit says so", {
    role: [role({ live: { password: undefined, passwordAsGiven: undefined } })],
  }),

  bad(
    "role-password-changed",
    "another than was given",
    role({ live: { ...live, passwordAsGiven: false } }),
    `Role ${app1} must have the password that was given to its substation, and has another`,
  ),

  bad(
    "role-protected",
    "one that is not",
    group({ plan: { ...planned, protected: false } }),
    `Role ${database1} must be protected`,
  ),

  bad(
    "role-superuser",
    "a second one",
    otherRole({ name: "ops", superuser: true }),
    "Role ops must not be a superuser",
  ),
  bad(
    "role-superuser",
    "one in a plan",
    { ...role({ name: "ops", owner: undefined, superuser: true }), plan: planned },
    "Role ops must not be a superuser",
  ),
  bad(
    "role-superuser",
    "one of which it cannot be told",
    otherRole({ name: "ops", superuser: undefined }),
    "Role ops must not be a superuser, which cannot be told",
  ),
  bad(
    "role-superuser",
    "a provisioner that is one",
    provisionerRole({ superuser: true }),
    `Role ${provisioner} must not be a superuser`,
  ),

  bad(
    "role-privileged",
    "a role that may do what only some may",
    otherRole({ name: "ops", createRole: true, replication: true, bypassRowSecurity: undefined }),
    [
      "Role ops must not be able to create roles: only the provisioner is",
      "Role ops must not be able to replicate",
      "Role ops must not bypass row security, which cannot be told",
    ],
  ),
  bad(
    "role-privileged",
    "a provisioner that replicates",
    provisionerRole({ replication: true }),
    `Role ${provisioner} must not be able to replicate`,
  ),

  bad(
    "role-provisioner",
    "one that lacks what it needs, and has no limit",
    provisionerRole({ createDatabase: false, createRole: false, connectionLimit: -1 }),
    [
      `Role ${provisioner} must be able to create databases`,
      `Role ${provisioner} must be able to create roles`,
      `Role ${provisioner} must have a connection limit of its own, so that openings never crowd out the shops, but has -1`,
    ],
  ),
  bad(
    "role-provisioner",
    "one that looks into a schema of its own name first, which a tenant can make",
    provisionerRole({ searchPath: [] }),
    `Role ${provisioner} must look into pg_catalog first and pg_temp last, and nowhere else, so that no schema of a tenant's is in its way, but has the default`,
  ),
]);
