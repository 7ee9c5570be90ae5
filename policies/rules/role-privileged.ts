import type { RoleFact } from "./facts";
import { rule, type Rule } from "./rule";
import { looksLikeTenant, seen } from "./tenants";

/** Rules about the roles that are no substation's: none may have more than its work needs. */

const other = ({ name, owner }: RoleFact): boolean => owner === undefined && !looksLikeTenant(name);

export const roleSuperuser = rule("role", {
  id: "role-superuser",
  severity: "critical",
  description: "Checks that nobody is a superuser but the one that the server was initialised with.",
  references: ["P15", "CIS PostgreSQL 4.3"],
  remedy: "ALTER ROLE … NOSUPERUSER, and find out who made it one.",
  *check(role) {
    if (other(role) && role.superuser !== false && role.live?.bootstrap !== true)
      yield `Role ${role.name} must not be a superuser${role.superuser ? "" : ", which cannot be told"}`;
  },
});

export const rolePrivileged = rule("role", {
  id: "role-privileged",
  severity: "high",
  description:
    "Checks that nobody but the provisioner may create roles, and nobody may replicate or bypass row security.",
  references: ["P15", "CIS PostgreSQL 4.3", "CIS PostgreSQL 7.1"],
  remedy: "ALTER ROLE … NOCREATEROLE NOREPLICATION NOBYPASSRLS, and find out who gave it.",
  *check(role, { platform }) {
    if (!other(role) || role.superuser !== false) return; // a superuser has it all, and is found as one
    const cannotBeTold = (value: boolean | undefined) => (value ? "" : ", which cannot be told");
    if (role.createRole !== false && role.name !== platform.provisioner)
      yield `Role ${role.name} must not be able to create roles: only the provisioner is${cannotBeTold(role.createRole)}`;
    if (role.replication !== false)
      yield `Role ${role.name} must not be able to replicate${cannotBeTold(role.replication)}`;
    if (role.bypassRowSecurity !== false)
      yield `Role ${role.name} must not bypass row security${cannotBeTold(role.bypassRowSecurity)}`;
  },
});

export const roleProvisioner = rule("role", {
  id: "role-provisioner",
  severity: "high",
  description:
    "Checks that the provisioner can do what opening a substation takes, holds no more connections than it was given, and runs nothing that a tenant made.",
  references: ["P15", "CIS PostgreSQL 5.5"],
  remedy:
    "ALTER ROLE … CREATEDB CREATEROLE CONNECTION LIMIT 40, and ALTER ROLE … SET search_path = pg_catalog, pg_temp; docs/platform.md has the statements.",
  *check(role, { platform }) {
    if (role.name !== platform.provisioner) return;
    if (role.createDatabase !== true) yield `Role ${role.name} must be able to create databases`;
    if (role.createRole !== true) yield `Role ${role.name} must be able to create roles`;
    const limit = role.connectionLimit;
    if (limit === undefined || limit < 1)
      yield `Role ${role.name} must have a connection limit of its own, so that openings never crowd out the shops, but has ${seen(limit)}`;
    if (role.searchPath.join() !== "pg_catalog,pg_temp")
      yield `Role ${role.name} must look into pg_catalog first and pg_temp last, and nowhere else, so that no schema of a tenant's is in its way, but has ${seen(role.searchPath.join(", ") || "the default")}`;
  },
});

export const privilegedRoleRules: readonly Rule[] = [roleSuperuser, rolePrivileged, roleProvisioner];
