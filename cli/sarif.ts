import { relative, resolve, sep } from "node:path";
import { exitCodeOf, type Blind, type LocatedFinding } from "../fleet/audit/report";
import type { RuleInfo, Severity } from "../policies/rules/rule";
import { fingerprints, type ShownReport } from "./audit-report";

export interface SarifContext {
  /** All rules that were judged by, also those that found nothing. */
  readonly rules: readonly RuleInfo[];
  /** Of this program. */
  readonly version: string;
  /** The project's folder, which paths are relative to. */
  readonly root: string;
  /** Where findings are shown that no substation's file is known for: the platform's settings. Undefined where it has none. */
  readonly platformFile: string | undefined;
}

/**
 * A report as SARIF 2.1.0 (OASIS), for code scanning services. Paths are relative to the project's folder.
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarif(report: ShownReport, { rules, version, root, platformFile }: SarifContext): object {
  const uri = (file: string | undefined) =>
    file && relative(root, resolve(file)).split(sep).map(encodeURIComponent).join("/");
  const marks = fingerprints(report.findings);
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "substation",
            version,
            rules: rules.map(descriptor),
            notifications: [
              { id: notLookedAt, shortDescription: { text: "A part that could not be looked at" } },
            ],
          },
        },
        // Audits of different platforms, or of single substations, do not take each other's findings for mended.
        automationDetails: { id: ["substation-audit", report.platform, ...report.ids, ""].join("/") },
        columnKind: "utf16CodeUnits",
        invocations: [
          {
            executionSuccessful: report.blind.length === 0,
            exitCode: exitCodeOf(report),
            toolExecutionNotifications: report.blind.map(notification),
          },
        ],
        results: report.findings.map((finding, index) => ({
          ruleId: finding.rule.id,
          ruleIndex: indexes.get(finding.rule.id),
          level: levels[finding.rule.severity],
          message: { text: finding.message },
          locations: [location(finding, uri(finding.file ?? platformFile))],
          // The one key that GitHub reads.
          partialFingerprints: { primaryLocationLineHash: marks[index] },
          properties: { severity: finding.rule.severity, kind: finding.kind },
        })),
      },
    ],
  };
}

const notLookedAt = "not-looked-at";

const levels = { critical: "error", high: "error", medium: "warning", low: "note" } as const;

/** GitHub shows ranges of this number as critical (above 9), high (7), medium (4) and low. */
const scores: Readonly<Record<Severity, string>> = {
  critical: "9.5",
  high: "8.0",
  medium: "5.5",
  low: "2.0",
};

const descriptor = ({ id, severity, description, references, remedy }: RuleInfo): object => ({
  id,
  shortDescription: { text: description },
  fullDescription: { text: description },
  help: { text: remedy },
  defaultConfiguration: { level: levels[severity] },
  properties: { tags: [...new Set(["security", ...references])], "security-severity": scores[severity] },
});

const notification = ({ what, why }: Blind): object => ({
  level: "error",
  descriptor: { id: notLookedAt, index: 0 },
  message: { text: `${what}: ${why}` },
});

function location({ owner, subject }: LocatedFinding, uri: string | undefined): object {
  const path = owner ? [owner.platform, owner.group, owner.id, subject] : [subject];
  return {
    ...(uri !== undefined && {
      physicalLocation: {
        artifactLocation: { uri, uriBaseId: "%SRCROOT%" },
        region: { startLine: 1 },
      },
    }),
    logicalLocations: [{ name: subject, fullyQualifiedName: path.join("/"), kind: "resource" }],
  };
}
