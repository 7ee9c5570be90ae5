import { fleetRule, rule, type RuleInfo, type Rule } from "./rule";
import { serverAccessRules } from "./server-access";
import { looksLikeTenant, parseTenantName } from "./tenants";

/** Rules about the database server: its settings, and who is connected now. */

interface Wanted {
  /** Ends "Setting ssl must be ". */
  readonly must: string;
  readonly fits: (value: string) => boolean;
}

const exactly = (wanted: string): Wanted => ({ must: wanted, fits: (value) => value === wanted });
const atLeastOne = (what: string): Wanted => ({ must: what, fits: (value) => Number(value) >= 1 });

const tls = {
  ssl: exactly("on"),
  ssl_min_protocol_version: { must: "TLSv1.2 or later", fits: (value) => /^TLSv1\.[23]$/.test(value) },
} satisfies Record<string, Wanted>;

const passwords = { password_encryption: exactly("scram-sha-256") };

const log = {
  // A list of stages since PostgreSQL 18, on or off before.
  log_connections: {
    must: "on, or a list with authorization",
    fits: (value) => value.split(",").some((part) => ["on", "all", "authorization"].includes(part.trim())),
  },
  log_disconnections: exactly("on"),
} satisfies Record<string, Wanted>;

const statements = { log_statement: exactly("none") };

const temporaryFiles = {
  temp_file_limit: { must: "a number of kB", fits: (value) => Number(value) >= 0 },
} satisfies Record<string, Wanted>;

const reserved = {
  superuser_reserved_connections: atLeastOne("1 or more"),
  reserved_connections: atLeastOne("1 or more"),
};

/** Names of the settings that an audit must look at. */
export const judgedSettings: readonly string[] = Object.keys({
  ...tls,
  ...passwords,
  ...log,
  ...statements,
  ...temporaryFiles,
  ...reserved,
});

/** Judges some settings. Where none was looked at, as in a plan, it holds its peace; one that is missing among others is a fault. */
const settingRule = (settings: Readonly<Record<string, Wanted>>, info: RuleInfo) =>
  fleetRule({
    ...info,
    needs: ["setting"],
    *check({ setting }) {
      if (setting.length === 0) return;
      for (const [name, { must, fits }] of Object.entries(settings)) {
        const value = setting.find((fact) => fact.name === name)?.value;
        if (value === undefined)
          yield { subject: name, message: `Setting ${name} must be ${must}, and it could not be read` };
        else if (!fits(value))
          yield { subject: name, message: `Setting ${name} must be ${must} but is "${value}"` };
      }
    },
  });

const remedy =
  "Set it in postgresql.conf and reload. To see it, the provisioner must be in pg_read_all_settings.";

export const serverTls = settingRule(tls, {
  id: "server-tls",
  severity: "high",
  description: "Checks that the server speaks TLS 1.2 or later.",
  references: ["P12", "CIS PostgreSQL 6.8"],
  remedy,
});

export const serverPasswords = settingRule(passwords, {
  id: "server-password-encryption",
  severity: "high",
  description: "Checks that the server stores new passwords as SCRAM.",
  references: ["P11", "CIS PostgreSQL 5.12"],
  remedy,
});

export const serverLog = settingRule(log, {
  id: "server-log-connections",
  severity: "medium",
  description: "Checks that the server logs who logs in and who leaves.",
  references: ["P19", "CIS PostgreSQL 3.1.20", "CIS PostgreSQL 3.1.21"],
  remedy,
});

export const serverStatements = settingRule(statements, {
  id: "server-log-statements",
  severity: "medium",
  description: "Checks that the server does not log statements: those that set a password hold it.",
  references: ["S05", "P21"],
  remedy,
});

export const serverTemporaryFiles = settingRule(temporaryFiles, {
  id: "server-temporary-files",
  severity: "medium",
  description: "Checks that one query cannot fill the disk with its temporary files.",
  references: ["P10"],
  remedy,
});

export const serverReserved = settingRule(reserved, {
  id: "server-reserved-connections",
  severity: "medium",
  description:
    "Checks that connections are kept for the superuser and for the main station, whatever the substations do.",
  references: ["P09"],
  remedy,
});

export const sessionTls = rule("session", {
  id: "session-tls",
  severity: "high",
  description: "Checks that a substation is connected over TLS.",
  references: ["P12"],
  remedy: "Find the line of pg_hba.conf that let it in, and what it is that connected.",
  *check({ name, database, address, tls: encrypted }) {
    if (looksLikeTenant(name) && !encrypted)
      yield `Session of role ${name} in database ${database} must be over TLS, from ${address ?? "the socket"}`;
  },
});

export const sessionDatabase = rule("session", {
  id: "session-database",
  severity: "critical",
  description: "Checks that a substation is connected to its own database alone.",
  references: ["P17"],
  remedy: "End it with pg_terminate_backend(), and find out how it got in.",
  *check({ name, database, address }) {
    if (looksLikeTenant(name) && parseTenantName(name)?.database !== database)
      yield `Session of role ${name} must be in its own database and is in ${database}, from ${address ?? "the socket"}`;
  },
});

export const serverRules: readonly Rule[] = [
  ...serverAccessRules,
  serverTls,
  serverPasswords,
  serverLog,
  serverStatements,
  serverTemporaryFiles,
  serverReserved,
  sessionTls,
  sessionDatabase,
];
