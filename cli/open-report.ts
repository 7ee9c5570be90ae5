import type { Member, OpenReport } from "../config/open-report";
import { paint } from "./paint";
import { table } from "./table";

/** The table of all members, below it what went wrong and what to do, and the sums in one line. */
export function openReportText({ members, groups, counts, seconds }: OpenReport): string {
  if (members.length === 0) return "there is nothing to open\n";
  const head = ["id", "group", "outcome", "what"].map((word) => paint("bold", word));
  const rows = members.map((member) => [member.id, member.group, outcomeWord(member), whatOf(member)]);
  const failures = members.flatMap(failureText);
  const notes = groups.flatMap(({ group, repaired = [] }) => repaired.map((what) => `${group}: ${what}`));
  const sums = `${counts.open} open, ${counts.unchanged} unchanged, ${counts.failed} failed, ${counts["not-tried"]} not tried, in ${seconds.toFixed(1)} s`;
  const parts = [table([head, ...rows]), failures, notes].filter((lines) => lines.length > 0);
  return `${[...parts.map((lines) => lines.join("\n")), sums].join("\n\n")}\n`;
}

export function outcomeWord({ outcome }: Pick<Member, "outcome">): string {
  switch (outcome) {
    case "open":
    case "unchanged":
      return paint("green", outcome);
    case "failed":
      return paint("red", outcome);
    case "not-tried":
      return paint("yellow", "not tried");
  }
}

/** One line. */
export function whatOf(member: Member): string {
  switch (member.outcome) {
    case "open":
      return `${member.url}, ${member.changes} changes in ${member.seconds.toFixed(1)} s`;
    case "unchanged":
      return member.url;
    case "failed":
      return `at ${member.step}: ${firstLine(member.cause)}`;
    case "not-tried":
      return firstLine(member.why);
  }
}

function failureText(member: Member): string[] {
  if (member.outcome !== "failed") return [];
  const { id, step, cause, remedy, code, place } = member;
  const where = [place, code].filter((word) => word !== undefined).join("  ");
  return [
    `${paint("bold", id)} failed at ${step}${where === "" ? "" : `  ${where}`}`,
    ...cause.split("\n").map((line) => `  ${line}`),
    `  → ${remedy}`,
  ];
}

const firstLine = (text: string): string => {
  const [line = ""] = text.split("\n");
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
};
