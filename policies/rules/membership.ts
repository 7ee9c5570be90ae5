import type { MembershipFact } from "./facts";
import type { Intent } from "./intent";
import { known } from "./known";
import { rule, type Rule } from "./rule";
import { looksLikeTenant, parseTenantName } from "./tenants";

/** Rules about who is a member of which role. A membership that goes through others is there because each of its links is: most rules judge links. */

const predefined = (role: string): boolean => role.startsWith("pg_");

/** What the provisioner needs: to send tenants away before a database is dropped; to see settings and sessions when it audits. */
const provisionerMayBeIn = ["pg_signal_backend", "pg_read_all_settings", "pg_read_all_stats"];

/** Roles whose members read and write files, or run programs, as the server does: as good as a superuser. */
const serverAccess = ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"];

const by = ({ through }: MembershipFact): string =>
  through.length === 0 ? "" : ` (through ${through.join(", ")})`;

const isProvisioner = ({ name }: MembershipFact, { platform }: Intent): boolean =>
  name === platform.provisioner;

/** What PostgreSQL 16 gives to a role's creator: it may give the role away, and is not it. */
const administersOnly = ({ admin, inherit, set }: MembershipFact): boolean =>
  admin && inherit === false && set === false;

const remedy = "REVOKE the membership, and find out who granted it.";

export const membershipKnown = known("membership", "Membership");

export const membershipPredefined = rule("membership", {
  id: "membership-predefined",
  severity: "critical",
  description: "Checks that no role of a substation is in a predefined role (pg_…), be it through others.",
  references: ["P02", "CIS PostgreSQL 4.3"],
  remedy,
  *check(m) {
    if (looksLikeTenant(m.name) && predefined(m.role))
      yield `Role ${m.name} must be in no predefined role but is a member of ${m.role}${by(m)}`;
  },
});

export const membershipOwnGroup = rule("membership", {
  id: "membership-own-group",
  severity: "critical",
  description: "Checks that a substation's roles are members of their own group alone, be it through others.",
  references: ["P02", "P13", "CIS PostgreSQL 4.9"],
  remedy,
  *check(m) {
    if (!looksLikeTenant(m.name) || predefined(m.role)) return;
    const member = parseTenantName(m.name);
    if (member === undefined || member.part === "group" || m.role !== member.database)
      yield `Role ${m.name} must be in no role but its own group and is a member of ${m.role}${by(m)}`;
  },
});

export const membershipStranger = rule("membership", {
  id: "membership-stranger",
  severity: "critical",
  description:
    "Checks that nobody but a substation's own two roles, and the provisioner, is a member of its roles.",
  references: ["P02", "P13"],
  remedy,
  *check(m, intent) {
    if (m.through.length > 0 || !looksLikeTenant(m.role) || isProvisioner(m, intent)) return;
    const [member, role] = [parseTenantName(m.name), parseTenantName(m.role)];
    const own = role?.part === "group" && member?.database === role.database && member.part !== "group";
    if (!own) yield `Role ${m.role} must have no member but its substation's own roles and has ${m.name}`;
  },
});

export const membershipAdmin = rule("membership", {
  id: "membership-admin",
  severity: "critical",
  description: "Checks that a substation's role can let nobody into its group.",
  references: ["P02"],
  remedy: "REVOKE ADMIN OPTION FOR … , and find out who granted it.",
  *check(m) {
    if (looksLikeTenant(m.name) && m.admin) yield `Role ${m.name} must not administer ${m.role}${by(m)}`;
  },
});

export const membershipProvisioner = rule("membership", {
  id: "membership-provisioner",
  severity: "high",
  description:
    "Checks that the provisioner administers what it made without having its rights, and is in no other role.",
  references: ["P15", "P16"],
  remedy:
    "REVOKE … FROM the provisioner GRANTED BY the provisioner: an update that was killed may have left it. It is in pg_signal_backend, pg_read_all_settings and pg_read_all_stats alone.",
  *check(m, intent) {
    if (!isProvisioner(m, intent) || m.through.length > 0) return;
    if (!looksLikeTenant(m.role)) {
      if (!provisionerMayBeIn.includes(m.role)) yield `Role ${m.name} must not be a member of ${m.role}`;
    } else if (!administersOnly(m))
      yield `Role ${m.name} must administer ${m.role} alone, and can act as it or has its rights`;
  },
});

export const membershipOfProvisioner = rule("membership", {
  id: "membership-of-provisioner",
  severity: "critical",
  description: "Checks that nobody can act as the provisioner, or has its rights.",
  references: ["P15"],
  remedy,
  *check(m, { platform }) {
    if (m.role === platform.provisioner && m.through.length === 0 && !administersOnly(m))
      yield `Role ${m.role} must have no member and has ${m.name}`;
  },
});

export const membershipServerAccess = rule("membership", {
  id: "membership-server-access",
  severity: "high",
  description:
    "Checks that nobody reads or writes the server's files, or runs programs on it, by a predefined role.",
  references: ["P02", "CIS PostgreSQL 4.3"],
  remedy,
  *check(m) {
    if (serverAccess.includes(m.role) && !looksLikeTenant(m.name))
      yield `Role ${m.name} must not be a member of ${m.role}${by(m)}, which is as good as a superuser`;
  },
});

export const membershipRules: readonly Rule[] = [
  membershipKnown,
  membershipPredefined,
  membershipOwnGroup,
  membershipStranger,
  membershipAdmin,
  membershipProvisioner,
  membershipOfProvisioner,
  membershipServerAccess,
];
