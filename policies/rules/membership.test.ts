import type { MembershipFact } from "./facts";
import { membershipRules } from "./membership";
import { finds, passes, testCases } from "./testing-cases";
import {
  administers,
  app1,
  app2,
  database1,
  database2,
  membership,
  migrate1,
  provisioner,
} from "./testing-database";

const bad = (rule: string, when: string, change: Partial<MembershipFact>, says: string) =>
  finds(rule, when, { membership: [membership(change)] }, says);

/** What a clean PostgreSQL 18 has once a substation is open: the closure too. */
const good = [
  membership(),
  membership({ name: migrate1 }),
  ...[database1, migrate1, app1].map((role) => administers({ role })),
  administers({ role: database1, through: [app1], inherit: true, set: true, admin: false }),
  membership({ name: provisioner, role: "pg_signal_backend" }),
  membership({ name: "pg_monitor", role: "pg_read_all_stats" }),
  membership({ name: "main_station_app", role: "main_station" }),
];

testCases(membershipRules, [
  ...membershipRules.map(({ id }) => passes(id, "what PostgreSQL has of a substation", { membership: good })),

  bad(
    "membership-known",
    "an unknown input",
    { unknown: ["roles.0"] },
    `Membership ${app1}: roles.0 is not known before the update, so it cannot be judged`,
  ),
  bad(
    "membership-predefined",
    "a predefined role",
    { role: "pg_read_all_data" },
    `Role ${app1} must be in no predefined role but is a member of pg_read_all_data`,
  ),
  bad(
    "membership-predefined",
    "one that is reached through others",
    { role: "pg_write_server_files", through: ["ops", "backup"] },
    `Role ${app1} must be in no predefined role but is a member of pg_write_server_files (through ops, backup)`,
  ),
  ...[database2, "main_station", migrate1].map((role) =>
    bad(
      "membership-own-group",
      `the role ${role}`,
      { role },
      `Role ${app1} must be in no role but its own group and is a member of ${role}`,
    ),
  ),
  bad(
    "membership-own-group",
    "a group that is in another",
    { name: database1, role: database2 },
    `Role ${database1} must be in no role but its own group and is a member of ${database2}`,
  ),
  bad(
    "membership-own-group",
    "a twin",
    { name: `${app1}2` },
    `Role ${app1}2 must be in no role but its own group and is a member of ${database1}`,
  ),
  ...["ops", app2, `${app1}2`].map((name) =>
    bad(
      "membership-stranger",
      `${name} in a substation's group`,
      { name },
      `Role ${database1} must have no member but its substation's own roles and has ${name}`,
    ),
  ),
  bad(
    "membership-stranger",
    "the role that migrates in the shop's",
    { name: migrate1, role: app1 },
    `Role ${app1} must have no member but its substation's own roles and has ${migrate1}`,
  ),
  bad(
    "membership-admin",
    "the option to let others in",
    { admin: true },
    `Role ${app1} must not administer ${database1}`,
  ),
  // What the provider leaves where it is killed while it acts as a role, as PostgreSQL 18 tells it.
  bad(
    "membership-provisioner",
    "what a killed update left",
    { name: provisioner, role: app1, admin: false, inherit: false, set: true },
    `Role ${provisioner} must administer ${app1} alone, and can act as it or has its rights`,
  ),
  bad(
    "membership-provisioner",
    "rights by inheritance, or of which it cannot be told",
    { name: provisioner, admin: true, inherit: undefined, set: false },
    `Role ${provisioner} must administer ${database1} alone, and can act as it or has its rights`,
  ),
  bad(
    "membership-provisioner",
    "the main station's role",
    { name: provisioner, role: "main_station" },
    `Role ${provisioner} must not be a member of main_station`,
  ),
  bad(
    "membership-of-provisioner",
    "somebody who can act as it",
    { name: "ops", role: provisioner },
    `Role ${provisioner} must have no member and has ops`,
  ),
  passes("membership-of-provisioner", "who made it", {
    membership: [administers({ name: "admin", role: provisioner })],
  }),
  bad(
    "membership-server-access",
    "somebody who runs programs on the server",
    { name: "ops", role: "pg_execute_server_program", through: ["backup"] },
    "Role ops must not be a member of pg_execute_server_program (through backup), which is as good as a superuser",
  ),
]);
