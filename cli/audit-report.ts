import { createHash } from "node:crypto";
import { printable } from "../config/problem";
import { exitCodeOf, type AuditReport, type LocatedFinding } from "../fleet/audit/report";
import { severities, type RuleInfo, type Severity } from "../policies/rules/rule";
import type { Paint } from "./paint";
import { table } from "./table";
import { plural } from "./words";

/** A report with those of its findings that are severe enough to be told. */
export interface ShownReport extends AuditReport {
  /** How many findings are left out. */
  readonly hidden: number;
}

/** Leaves out what is less severe than `least`. What could not be looked at stays. */
export function atLeast(report: AuditReport, least: Severity): ShownReport {
  const wanted = new Set<Severity>(severities.slice(0, severities.indexOf(least) + 1));
  const findings = report.findings.filter(({ rule }) => wanted.has(rule.severity));
  return { ...report, findings, hidden: report.findings.length - findings.length };
}

/**
 * For each finding the text that it keeps from audit to audit, until it is mended: a hash of rule, owner and subject. Where a rule finds several faults of one
 * subject, they are numbered. A container's name ends in a hash of what it is made from; that is left out, since an update changes it and mends nothing.
 */
export function fingerprints(findings: readonly LocatedFinding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, kind, subject, owner }) => {
    const lasting = kind === "container" ? subject.replace(/-[a-z2-7]{10}$/, "") : subject;
    const identity = JSON.stringify([rule.id, owner?.platform, owner?.group, owner?.id, lasting]);
    const hash = createHash("sha256").update(identity).digest("hex").slice(0, 16);
    const count = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, count);
    return `${hash}:${count}`;
  });
}

/** For machines. The shape is documented in docs/security.md; keys are added, never changed. */
export function auditJson(report: ShownReport): string {
  const marks = fingerprints(report.findings);
  const shown = {
    platform: report.platform,
    ids: report.ids,
    exitCode: exitCodeOf(report),
    counts: counts(report.findings),
    hidden: report.hidden,
    findings: report.findings.map(({ rule, kind, subject, owner, file, message }, index) => ({
      rule: rule.id,
      severity: rule.severity,
      kind,
      subject,
      owner: owner ?? null,
      file: file ?? null,
      message,
      remedy: rule.remedy,
      references: rule.references,
      fingerprint: marks[index],
    })),
    blind: report.blind,
    looked: report.looked,
    rules: report.rules,
    seconds: report.seconds,
  };
  return `${JSON.stringify(shown, null, 2)}\n`;
}

/** Colours a text. */

/** For people: findings by substation, what to do about each rule's, what nobody looked at, and the sum. */
export function auditText(report: ShownReport, paint: Paint = (_style, text) => text): string {
  const groups = new Map<string, LocatedFinding[]>();
  for (const finding of report.findings) {
    const key = substationOf(finding) ?? "";
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const blocks = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, findings]) => {
      const file = findings.find((finding) => finding.file !== undefined)?.file;
      const title = paint("bold", printable(name || `platform ${report.platform}`));
      return block(file === undefined ? title : `${title}  ${printable(file)}`, findingRows(findings, paint));
    });
  const remedies = rulesOf(report.findings).map(({ id, references, remedy }) => [
    id,
    references.join(", "),
    remedy,
  ]);
  if (remedies.length > 0) blocks.push(block(paint("bold", "What to do"), remedies));
  if (report.blind.length > 0) {
    const rows = report.blind.map(({ what, why }) => [printable(what), printable(why)]);
    blocks.push(block(paint(["bold", "red"], "Could not be looked at"), rows));
  }
  return [...blocks, `${judged(report)}\n${auditSummary(report)}\n`].join("\n");
}

/** "2 findings (1 critical, 1 low), 1 part that could not be looked at". One line. */
export function auditSummary({ findings, blind, hidden }: ShownReport): string {
  const found = Object.entries(counts(findings)).flatMap(([severity, count]) =>
    count > 0 ? `${count} ${severity}` : [],
  );
  return [
    `${plural(findings.length, "finding")}${found.length > 0 ? ` (${found.join(", ")})` : ""}`,
    ...(hidden > 0 ? [`${hidden} less severe not shown`] : []),
    ...(blind.length > 0 ? [`${plural(blind.length, "part")} that could not be looked at`] : []),
  ].join(", ");
}

/** `group/id`: by its mark, else by the file that the audit found for it; undefined for what is the platform's or nobody's. */
const substationOf = ({ owner, file }: LocatedFinding): string | undefined =>
  owner ? `${owner.group}/${owner.id}` : /[^/]+\/[^/]+(?=\.yaml$)/.exec(file ?? "")?.[0];

const block = (title: string, rows: readonly (readonly string[])[]): string =>
  `${title}\n${table(rows)
    .map((line) => `  ${line}\n`)
    .join("")}`;

const colours: Readonly<Record<Severity, Parameters<Paint>[0]>> = {
  critical: ["bold", "red"],
  high: "red",
  medium: "yellow",
  low: "dim",
};

const findingRows = (findings: readonly LocatedFinding[], paint: Paint): string[][] =>
  findings
    .toSorted((a, b) => severities.indexOf(a.rule.severity) - severities.indexOf(b.rule.severity))
    .map(({ rule: { id, severity }, subject, message }) => [
      paint(colours[severity], severity),
      id,
      printable(subject),
      printable(message),
    ]);

/** Each rule once, in the order of its first finding. */
const rulesOf = (findings: readonly LocatedFinding[]): RuleInfo[] => [
  ...new Map(findings.map(({ rule }) => [rule.id, rule])).values(),
];

function counts(findings: readonly LocatedFinding[]): Record<Severity, number> {
  const of = (severity: Severity) => findings.filter(({ rule }) => rule.severity === severity).length;
  return { critical: of("critical"), high: of("high"), medium: of("medium"), low: of("low") };
}

/** What was looked at: "12 containers, 9 roles judged by 74 rules in 1.2 s". */
function judged({ looked, rules, seconds }: AuditReport): string {
  const kinds = Object.entries(looked).flatMap(([kind, count]) =>
    count > 0 ? plural(count, words[kind] ?? kind) : [],
  );
  return `${kinds.join(", ") || "Nothing"} judged by ${plural(rules, "rule")} in ${seconds.toFixed(1)} s`;
}

/** Kinds of facts that people call otherwise. */
const words: Readonly<Record<string, string>> = {
  hba: "pg_hba.conf line",
  record: "DNS record",
  host: "host setting",
  setting: "server setting",
};
