import { stripVTControlCharacters } from "node:util";

/** Lines of a table for people: columns are as wide as their widest cell, colours not counted. The last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, width(cell))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

const width = (cell: string): number => stripVTControlCharacters(cell).length;
