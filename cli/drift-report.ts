import { printable } from "../config/problem";
import {
  driftClasses,
  exitCodeOf,
  type DriftClass,
  type DriftFinding,
  type DriftReport,
} from "../fleet/drift/report";
import type { Paint } from "./paint";
import { plural } from "./words";

/** For machines; keys are added, never changed (docs/drift.md). */
export const driftJson = (report: DriftReport): string =>
  `${JSON.stringify({ exitCode: exitCodeOf(report), ...report }, null, 2)}\n`;

const colours: Readonly<Record<DriftClass, Parameters<Paint>[0]>> = {
  "data-at-risk": "red",
  security: "red",
  config: "yellow",
  benign: "dim",
};

/** For people: the worst first, each object with what is wrong with it and what to do; then what nobody looked at, and the sum. */
export function driftText(report: DriftReport, paint: Paint = (_style, text) => text): string {
  const blocks = report.findings.map((finding) => findingText(finding, paint));
  const fixes = (report.fixes ?? []).map(({ finding, mended, why }) =>
    mended
      ? `${paint("green", "mended")}  ${nameOf(finding)}`
      : `${paint("red", "not mended")}  ${nameOf(finding)}: ${printable(why ?? "it is there still")}`,
  );
  const blind = report.blind.map(({ what, why }) => `  ${printable(what)}: ${printable(why)}`);
  return [
    ...blocks,
    ...(fixes.length > 0 ? [fixes.join("\n")] : []),
    ...(blind.length > 0 ? [[paint("bold", "Could not be looked at"), ...blind].join("\n")] : []),
    driftSummary(report),
  ]
    .map((block) => `${block}\n`)
    .join("\n");
}

function findingText(finding: DriftFinding, paint: Paint): string {
  const { class: bad, seenBy, what, remedy, file } = finding;
  const place = file === undefined ? "" : `  ${printable(file)}`;
  return [
    `${paint(colours[bad], bad)}  ${paint("bold", nameOf(finding))}${place}  (${seenBy.join(", ")})`,
    ...what.map((line) => `  ${printable(line)}`),
    `  → ${printable(remedy)}`,
  ].join("\n");
}

export const nameOf = ({ group, id, object }: DriftFinding): string =>
  printable(`${[group, id].filter(Boolean).join("/") || "platform"} ${object.kind} ${object.name}`);

export function driftSummary(report: DriftReport): string {
  const { findings, blind, hostFindings, stacks, seconds } = report;
  const counts = driftClasses.flatMap((bad) => {
    const count = findings.filter((finding) => finding.class === bad).length;
    return count === 0 ? [] : [`${count} ${bad}`];
  });
  const found =
    counts.length === 0 ? "no drift" : `${plural(findings.length, "object")} drifted: ${counts.join(", ")}`;
  const unseen = blind.length === 0 ? "" : `; ${blind.length} could not be looked at, so this is not all`;
  const host =
    hostFindings === 0 ? "" : `; ${plural(hostFindings, "finding")} about the host: substation audit`;
  return `${found}${unseen}${host} (${plural(stacks.length, "stack")}, ${seconds.toFixed(1)} s)`;
}
