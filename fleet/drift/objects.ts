import type { LocatedFinding } from "../audit/report";
import type { DriftClass, DriftObject } from "./report";

/** What is one of the objects that an engine's resource, or a finding of the audit, is about. */
export function kindOf(type: string): string {
  const kinds: Readonly<Record<string, string>> = {
    "docker:index/container:Container": "container",
    "docker:index/volume:Volume": "volume",
    "docker:index/network:Network": "network",
    "postgresql:index/database:Database": "database",
    "postgresql:index/role:Role": "role",
    "postgresql:index/grantRole:GrantRole": "role",
    "cloudflare:index/dnsRecord:DnsRecord": "record",
  };
  return kinds[type] ?? (type.split(":").at(-1) ?? type).replace(/^./, (first) => first.toLowerCase());
}

const missing = /^fleet-(\w+)-missing$/;

/** Whether it tells of what a substation lacks, by the substation's name. */
export const isMissing = ({ rule }: Pick<LocatedFinding, "rule">): boolean => missing.test(rule.id);

/** The object that a finding of the audit is about. What is found by looking at all facts together has no kind of its own. */
export function objectOf({
  rule,
  kind,
  subject,
}: Pick<LocatedFinding, "rule" | "kind" | "subject">): DriftObject {
  const found =
    missing.exec(rule.id)?.[1] ?? ofAll[rule.id] ?? (rule.id.startsWith("server-") ? "server" : kind);
  return { kind: found === "membership" ? "role" : found, name: subject };
}

/** What rules about all facts together name as their subject. */
const ofAll: Readonly<Record<string, string>> = {
  "fleet-dangling-record": "record",
  "fleet-unique-host": "host",
  "fleet-adapter-namespace": "container",
  "network-members": "container",
  "volume-users": "container",
};

/** How bad it is that an object of a kind is not what the last update left. */
export function classOfKind(kind: string): DriftClass {
  if (["database", "volume", "randomPassword"].includes(kind)) return "data-at-risk";
  return ["role", "grant", "defaultPrivileges", "network"].includes(kind) ? "security" : "config";
}

/** Of what a rule of the audit found: by the rule, else by its severity. */
export function classOfRule(rule: string, severity: string): DriftClass {
  if (dataAtRisk.has(rule)) return "data-at-risk";
  if (config.has(rule)) return "config";
  return severity === "low" ? "benign" : severity === "medium" ? "config" : "security";
}

const dataAtRisk: ReadonlySet<string> = new Set([
  "fleet-database-missing",
  "fleet-role-missing",
  "fleet-volume-missing",
  "database-mark",
  "database-owner",
]);

/** What a good hand does as well as a bad one, and what leads to nothing worse than that a shop is away or wants too much. */
const config: ReadonlySet<string> = new Set([
  ...["running", "crash-loop", "memory", "swap", "cpus", "processes", "open-files", "restart", "wait"].map(
    (name) => `container-${name}`,
  ),
  ...["container-missing", "record-missing", "adapter-missing", "dangling-record"].map(
    (name) => `fleet-${name}`,
  ),
  ...["memory", "cpus", "connections"].map((name) => `fleet-${name}`),
]);
