import { resolve } from "node:path";
import { readCsv, type Cell } from "../../config/csv";
import { displayNames } from "../../config/display-name";
import { quote, type Position, type Problem, type ProblemCode } from "../../config/problem";
import { substationSchema } from "../../config/schema";
import { nearest } from "../../config/suggest";

/** The short names of keys, as columns and options know them. */
export const shortKeys: Readonly<Record<string, string>> = {
  host: "domain.host",
  owner: "owner.name",
  contact: "owner.contact",
};

/** What a row says of one substation. */
export interface Row {
  readonly id: string;
  readonly group?: string;
  /** The template or substation that it is made from. */
  readonly from?: string;
  /** By dotted key; cells without anything in them are left out. */
  readonly values: ReadonlyMap<string, string>;
  /** Where the value of a key stands, or the row begins. */
  at(key?: string): Position;
}

/** Reads a file with one substation a row, and a header that names keys. Rows whose form is wrong are told and left out. */
export function readRows(path: string): {
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
} {
  const file = displayNames()(resolve(path));
  const { rows: all, problems } = readCsv(path, file);
  if (problems.length > 0) return { rows: [], problems };
  const [header, ...body] = all;
  if (!header || body.length === 0) {
    const message =
      "Nothing is to be made: write a header, like id,title,host,owner,contact, and a row for each substation.";
    return { rows: [], problems: [{ file, line: 1, column: 1, code: "csv/row", message }] };
  }
  const columns = header.map(({ text }) => shortKeys[text.trim()] ?? text.trim());
  const wrong = headerProblems(header, columns);
  if (wrong.length > 0) return { rows: [], problems: wrong };
  const unfit = body.map((row) => rowProblems(row, columns));
  return {
    rows: body.filter((_, i) => unfit[i]?.length === 0).map((row) => rowOf(row, columns)),
    problems: unfit.flat(),
  };
}

const problem = (cell: Cell, code: ProblemCode, message: string): Problem => ({
  ...cell.at(),
  code,
  message,
});

/** Columns that are no keys of the typed file. `template` is one of them, and decides what the file is made from, too. */
const special = ["id", "group", "from"];

function headerProblems(header: readonly Cell[], columns: readonly string[]): Problem[] {
  const keys = Object.keys(substationSchema.shape);
  const known = [...special, ...Object.keys(shortKeys), ...keys];
  const wrong = header.flatMap((cell, i): Problem[] => {
    const column = columns[i] ?? "";
    const seen = quote(cell.text, 40);
    const first = columns.indexOf(column);
    if (first < i) {
      const message = `The column is ${seen}, and column ${first + 1} is for the same key: keep one of them.`;
      return [problem(cell, "csv/column", message)];
    }
    const [top = ""] = column.split(".");
    if (special.includes(column) || keys.includes(top)) return [];
    const near = nearest(column, known);
    const meant = near === undefined ? "" : `did you mean "${near}"? `;
    const message = `The column is ${seen}: ${meant}A column is ${known.slice(0, 6).join(", ")}, or a key of the typed file with dots, like modules.gameCards.categories.`;
    return [problem(cell, "csv/column", message)];
  });
  if (columns.includes("id")) return wrong;
  return [...wrong, problem(header[0]!, "csv/column", "There is no column id: add it.")];
}

function rowProblems(row: readonly Cell[], columns: readonly string[]): Problem[] {
  if (row.length !== columns.length) {
    const message = `The row has ${row.length} cells, and the header ${columns.length}: put a text with a comma in quotes.`;
    return [problem(row[0]!, "csv/row", message)];
  }
  const id = row[columns.indexOf("id")];
  return id && id.text.trim() === "" ? [problem(id, "csv/row", "The id is empty: give the row one.")] : [];
}

function rowOf(row: readonly Cell[], columns: readonly string[]): Row {
  const filled = new Map(
    columns.flatMap((column, i) => (row[i]!.text.trim() === "" ? [] : [[column, row[i]!] as const])),
  );
  const text = (column: string): string | undefined => filled.get(column)?.text.trim();
  const [group, from] = [text("group"), text("from") ?? text("template")];
  return {
    id: text("id") ?? "",
    ...(group === undefined ? {} : { group }),
    ...(from === undefined ? {} : { from }),
    values: new Map(
      [...filled].flatMap(([column, cell]) => (special.includes(column) ? [] : [[column, cell.text]])),
    ),
    at(key) {
      const names = key === "from" ? ["from", "template"] : [key];
      const column = columns.findIndex((name) => names.includes(name));
      return (row[column] ?? row[0]!).at();
    },
  };
}
