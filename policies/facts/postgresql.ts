import type { DatabaseFact, GrantFact, MembershipFact, RoleFact } from "../rules/facts";
import type { Inputs } from "./inputs";
import type { PlannedResource, TypeReaders } from "./resource";

/** Where an input is absent, the provider's default counts: it is what PostgreSQL will be told. */
function roleFact(inputs: Inputs, { name, opts, owner }: PlannedResource): RoleFact {
  return {
    name: inputs.string("name") ?? name,
    owner,
    login: inputs.booleanOr("login", false),
    superuser: inputs.booleanOr("superuser", false),
    createDatabase: inputs.booleanOr("createDatabase", false),
    createRole: inputs.booleanOr("createRole", false),
    replication: inputs.booleanOr("replication", false),
    bypassRowSecurity: inputs.booleanOr("bypassRowLevelSecurity", false),
    connectionLimit: inputs.numberOr("connectionLimit", -1),
    statementTimeoutMs: inputs.numberOr("statementTimeout", 0),
    idleTransactionTimeoutMs: inputs.numberOr("idleInTransactionSessionTimeout", 0),
    searchPath: inputs.strings("searchPaths"),
    plan: {
      protected: opts.protect ?? false,
      password: [inputs.has("password"), inputs.has("passwordWo")].includes(true),
      passwordSecret: undefined,
    },
    unknown: inputs.unknown(),
  };
}

/** Memberships that a role is made with. */
function membershipsOfRole(inputs: Inputs, { name, owner }: PlannedResource): MembershipFact[] {
  const member = inputs.string("name") ?? name;
  const inherit = inputs.booleanOr("inherit", true);
  return inputs.strings("roles").map((role) => ({
    name: member,
    owner,
    role,
    admin: false,
    inherit,
    set: true, // PostgreSQL's default, and the provider says nothing else
    through: [],
    unknown: inputs.unknown(),
  }));
}

function membershipFact(inputs: Inputs, { name, owner }: PlannedResource): MembershipFact {
  return {
    name: inputs.string("role") ?? name,
    owner,
    role: inputs.string("grantRole") ?? "",
    admin: inputs.booleanOr("withAdminOption", false) ?? true,
    inherit: undefined, // the member's own setting decides
    set: true,
    through: [],
    unknown: inputs.unknown(),
  };
}

function databaseFact(inputs: Inputs, { name, opts, owner }: PlannedResource): DatabaseFact {
  return {
    name: inputs.string("name") ?? name,
    owner,
    ownedBy: inputs.string("owner"),
    connectionLimit: inputs.numberOr("connectionLimit", -1),
    allowConnections: inputs.booleanOr("allowConnections", true),
    isTemplate: inputs.booleanOr("isTemplate", false) ?? true,
    plan: {
      protected: opts.protect ?? false,
      ignored: opts.ignoreChanges ?? [],
      template: inputs.string("template"),
    },
    unknown: inputs.unknown(),
  };
}

const grantedOn = ["database", "schema", "table", "sequence", "function"] as const;

/** One fact for each object that the grant names; for all of a schema, that schema stands for them. */
function grantFacts(inputs: Inputs, { name, owner }: PlannedResource): GrantFact[] {
  const type = inputs.string("objectType");
  const database = inputs.string("database") ?? "";
  const schema = inputs.string("schema");
  const named = inputs.strings("objects");
  const objects =
    type === "database"
      ? [database]
      : named.length > 0
        ? named.map((object) => `${schema ?? ""}.${object}`)
        : [schema ?? ""];
  const fact = {
    name: inputs.string("role") ?? name,
    owner,
    database,
    on: grantedOn.find((on) => on === type) ?? ("other" as const),
    privileges: inputs.strings("privileges").map((privilege) => privilege.toUpperCase()),
    grantable: inputs.booleanOr("withGrantOption", false) ?? true,
    unknown: inputs.unknown(),
  };
  return objects.map((object) => ({ ...fact, object }));
}

export const postgresqlTypes: TypeReaders = {
  "postgresql:index/role:Role": {
    kinds: ["membership", "role"],
    facts: (inputs, resource) => ({
      membership: membershipsOfRole(inputs, resource),
      role: [roleFact(inputs, resource)],
    }),
    // How the provider drops a role, and how the server stores a password, which is its own setting to say.
    harmless: [
      "encrypted",
      "encryptedPassword",
      "passwordWoVersion",
      "skipDropRole",
      "skipReassignOwned",
      "validUntil",
    ],
  },
  "postgresql:index/grantRole:GrantRole": {
    kinds: ["membership"],
    facts: (inputs, resource) => ({ membership: [membershipFact(inputs, resource)] }),
    harmless: [],
  },
  "postgresql:index/database:Database": {
    kinds: ["database"],
    facts: (inputs, resource) => ({ database: [databaseFact(inputs, resource)] }),
    harmless: ["encoding", "lcCollate", "lcCtype", "tablespaceName"],
  },
  "postgresql:index/grant:Grant": {
    kinds: ["grant"],
    facts: (inputs, resource) => ({ grant: grantFacts(inputs, resource) }),
    harmless: [],
  },
};
