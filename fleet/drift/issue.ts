import { longestText, type GitHub } from "../github";
import { code, plain, row } from "../review/markdown";
import { sortedFindings } from "./merge";
import type { DriftFinding, DriftReport } from "./report";

/** What became of an issue. */
export interface IssueDone {
  readonly stack: string;
  readonly done: "written" | "closed" | "none";
  readonly number?: number;
}

/**
 * Keeps one issue for each stack that was looked at: written anew while it has drift, closed when it was seen to have none. What nobody could look at closes nothing.
 * @throws GitHubError
 */
export async function keepIssues(github: GitHub, report: DriftReport): Promise<readonly IssueDone[]> {
  const done: IssueDone[] = [];
  const [platformStack] = report.stacks;
  const named = new Set([...report.stacks, ...report.findings.flatMap(({ group }) => group ?? [])]);
  for (const stack of named) {
    const mine = sortedFindings(report.findings.filter(({ group }) => (group ?? platformStack) === stack));
    done.push(await keepIssue(github, report, stack, mine));
  }
  return done;
}

async function keepIssue(
  github: GitHub,
  report: DriftReport,
  stack: string,
  findings: readonly DriftFinding[],
): Promise<IssueDone> {
  const marker = `<!-- substation drift ${report.platform}/${stack} -->`;
  if (findings.length > 0) {
    const title = `Drift in ${stack}: ${findings.length === 1 ? "1 object" : `${findings.length} objects`}`;
    const { number } = await github.putIssue(marker, title, `${marker}\n${issueText(report, findings)}`);
    return { stack, done: "written", number };
  }
  const open = (await github.ownIssues(marker)).filter(({ state }) => state === "open");
  if (open.length === 0 || report.blind.length > 0) return { stack, done: "none" };
  for (const { number } of open) await github.closeIssue(number, "Looked again: there is no drift any more.");
  return { stack, done: "closed", number: open[0]!.number };
}

/** Markdown; as many findings as an issue holds, the worst first. Holds no secret: a finding names objects and properties. */
export function issueText({ blind }: Pick<DriftReport, "blind">, findings: readonly DriftFinding[]): string {
  const head = [
    "What is there is not as the files ask for, or not as the last update left it. `substation drift` wrote this; it writes it anew with each run, and closes it when all is well.",
    "",
    ...(blind.length > 0
      ? [`**Not all could be looked at**: ${blind.map(({ what }) => plain(what)).join("; ")}.`, ""]
      : []),
    "| class | where | object | what | what to do |",
    "| --- | --- | --- | --- | --- |",
  ];
  const lines = [...head];
  let size = head.join("\n").length + 200;
  for (const finding of findings) {
    const line = findingRow(finding);
    if ((size += line.length + 1) > longestText) {
      lines.push(
        "",
        `… and ${findings.length - (lines.length - head.length)} more: \`substation drift\` tells them all.`,
      );
      break;
    }
    lines.push(line);
  }
  return `${lines.join("\n")}\n`;
}

const findingRow = ({ class: bad, group, id, object, what, remedy, file }: DriftFinding): string =>
  row(
    bad,
    plain([group, id].filter(Boolean).join("/") || "platform") +
      (file === undefined ? "" : `<br>${code(file)}`),
    plain(`${object.kind} ${object.name}`),
    what.map(plain).join("<br>"),
    remedy.replaceAll("|", "\\|"),
  );
