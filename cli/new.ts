import { join } from "node:path";
import { Command } from "commander";
import { UserError } from "../config/error";
import { compareProblems, formatProblem } from "../config/fleet";
import { draftSubstations, writeSubstations, type Fault, type Written } from "../fleet/new/new";
import { readRows, shortKeys } from "../fleet/new/rows";
import type { Asked } from "../fleet/new/wanted";
import { projectRoot } from "./project";
import { plural } from "./words";

interface Options {
  readonly from?: string;
  readonly group?: string;
  readonly set: readonly (readonly [key: string, value: string])[];
  readonly csv?: string;
  readonly json?: boolean;
  readonly title?: string;
  readonly host?: string;
  readonly tier?: string;
  readonly owner?: string;
  readonly contact?: string;
}

/** Options that are keys of the typed file. */
const keyOptions = ["title", "host", "tier", "owner", "contact"] as const;

export function newCommand(): Command {
  return new Command("new")
    .description(
      "Writes the file of a new substation, from a template or as a copy of another one, or of many from a CSV file. What does not pass `check` is not written, and nothing is overwritten.",
    )
    .argument("[id]", "the new substation; with --csv the rows name them")
    .option("--from <name>", 'a template or a substation (default: the template "standard")')
    .option("--group <group>", "its group (default: the copied one's, or the only one)")
    .option("--title <text>", "name of the shop")
    .option("--host <name>", "its host name (default: <id>.<zone of the others>)")
    .option("--tier <tier>", "its tier")
    .option("--owner <name>", "who answers for it")
    .option("--contact <text>", "how to reach the owner")
    .option("--set <key=value>", "any other key, with dots; lists with commas", collect, [])
    .option("--csv <file>", "one substation a row; the header names keys: id, group, title, host, …")
    .option("--json", "print what was written as JSON")
    .addHelpText("after", "\nSecrets and real merchants are never copied. docs/templates.md has examples.")
    .action((id: string | undefined, options: Options, command: Command) => {
      if ((id === undefined) === (options.csv === undefined))
        command.error("error: name one new substation, or a file with --csv", { exitCode: 2 });
      const written = id === undefined ? fromCsv(options) : fromOptions(id, options);
      process.stdout.write(options.json ? `${JSON.stringify(written, null, 2)}\n` : `${report(written)}\n`);
    });
}

function collect(text: string, before: Options["set"]): Options["set"] {
  const cut = text.indexOf("=");
  if (cut <= 0) throw new UserError(`--set ${text}: write --set <key>=<value>, like --set markup=15%.`);
  return [...before, [text.slice(0, cut).trim(), text.slice(cut + 1)]];
}

/** What the options say of every new substation. */
const valuesOf = (options: Options): [string, string][] => [
  ...keyOptions.flatMap((name): [string, string][] => {
    const value = options[name];
    return value === undefined ? [] : [[shortKeys[name] ?? name, value]];
  }),
  ...options.set.map(([key, value]): [string, string] => [key, value]),
];

function fromOptions(id: string, options: Options): readonly Written[] {
  const { from, group } = options;
  const asked = [{ id, group, from, values: new Map(valuesOf(options)) }];
  const { drafts, faults } = draftSubstations(stacks(), asked);
  if (faults.length === 0) return writeSubstations(drafts);
  throw new UserError(`${id} is not written.\n${faults.map(optionFault).join("\n")}`);
}

/** A fault by the option that it comes from. */
function optionFault({ key, code, message }: Fault): string {
  const options = ["from", "group", ...keyOptions];
  const option = options.find((name) => (shortKeys[name] ?? name) === key);
  const place = option ? `--${option}` : key === "id" ? "id" : key === undefined ? "" : `--set ${key}=…`;
  return `${place && `${place}  `}${code}  ${message}`;
}

function fromCsv({ csv = "", ...options }: Options): readonly Written[] {
  const { rows, problems } = readRows(csv);
  const shared = valuesOf(options);
  const asked = rows.map(({ id, group = options.group, from = options.from, values }): Asked => ({
    id,
    group,
    from,
    values: new Map([...shared, ...values]),
  }));
  const { drafts, faults } = draftSubstations(stacks(), asked);
  const found = [
    ...problems,
    ...faults.map(({ index, key, code, message }) => ({ ...rows[index]!.at(key), code, message })),
  ].sort(compareProblems);
  if (found.length === 0) return writeSubstations(drafts);
  const lines = found.map(formatProblem).join("\n");
  throw new UserError(`${plural(found.length, "problem")} in ${csv}; nothing was written.\n${lines}`);
}

const stacks = (): string => join(projectRoot(), "stacks");

/** The files, what they lack still, and what comes next. */
export function report(written: readonly Written[]): string {
  const lines = written.flatMap(({ id, file, from, left, secrets }) => [
    `${file}  from ${from}`,
    ...left.map((line) => `  ${line}`),
    ...(secrets.sandbox.length > 0 ? [`  to do: npm run substation -- sandbox ${id}`] : []),
    ...secrets.real.map((name) => `  to do: npm run substation -- secret set ${id} ${name}`),
  ]);
  const groups = [...new Set(written.map(({ group }) => `npm run up -- ${group}`))];
  const them = written.length === 1 ? "it" : "them";
  return [
    ...lines,
    `${plural(written.length, "file")} written. Read and commit ${them}, then: ${groups.join(", ")}`,
  ].join("\n");
}
