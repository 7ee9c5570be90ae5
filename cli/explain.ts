import { Command } from "commander";
import { explain, type Bound, type ExplainedField, type Explanation } from "../config/explain";
import { formatProblem } from "../config/fleet";
import { nearestStacks } from "./check";
import { table } from "./table";
import { plural } from "./words";

interface Options {
  readonly json?: boolean;
  readonly stacks?: string;
}

/** Fields that are told one below the other, with all that is known of each; more are told in a table. */
const mostInFull = 5;

export function explainCommand(): Command {
  return new Command("explain")
    .description(
      "Says of a substation's fields what they are, where that comes from, and what else could set it. Asks no server.",
    )
    .argument("<id>", "the substation")
    .argument("[field]", "a field, like markup, or the beginning of several, like channels.alipay")
    .option("--json", "as JSON")
    .option(
      "--stacks <dir>",
      'folder of the typed files (default: "stacks" here or in the nearest folder above)',
    )
    .addHelpText(
      "after",
      "\nExit code: 0 explained, 1 no such substation or field, or its files have problems.",
    )
    .action((id: string, field: string | undefined, { json, stacks }: Options) => {
      const found = explain(stacks ?? nearestStacks(), id, field);
      process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : explanationText(found));
      if (found.problems.length > 0) process.exitCode = 1;
    });
}

export function explanationText({ id, group, file, fields, problems }: Explanation): string {
  const told =
    fields.length <= mostInFull
      ? fields.flatMap(inFull)
      : [
          `${id} of group ${group}, ${file}`,
          "",
          ...table([["field", "value", "from", "may be, or why"], ...fields.map(row)]),
        ];
  const wrong =
    problems.length > 0
      ? ["", `${plural(problems.length, "problem")}: nothing is opened or changed until they are mended`]
      : [];
  return `${[...told, ...wrong, ...problems.map(formatProblem)].join("\n")}\n`;
}

function row(one: ExplainedField): readonly string[] {
  const { field, bounds, why = "" } = one;
  const may = bounds.map(({ text }) => text).join("; ");
  return [field, valueText(one), from(one), may === "" ? why : may];
}

const valueText = ({ value, source }: ExplainedField): string =>
  value ?? (source === "file" ? "(not shown)" : source === "nowhere" ? "(none)" : "(not known here)");

function inFull(one: ExplainedField): string[] {
  const { field, why, bounds, otherwise } = one;
  const lines: [string, string][] = [
    ["from", [from(one), why].filter((text) => text !== undefined && text !== "").join(": ")],
    ...bounds.map((bound): [string, string] => ["may be", boundText(bound)]),
    ["or by", otherwise],
  ];
  return [`${field} = ${valueText(one)}`, ...lines.map(([name, text]) => `  ${name.padEnd(8)}${text}`)];
}

/** Who says it, and where. */
function from({ source, at }: ExplainedField): string {
  const who = source === "file" && at ? "" : source;
  return [who, at && `${at.file}:${at.line}:${at.column}`].filter(Boolean).join(" ");
}

const boundText = ({ text, at }: Bound): string =>
  at ? `${text} (${at.file}:${at.line}:${at.column})` : text;
