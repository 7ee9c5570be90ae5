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

/** Columns of a terminal: what is written in Chinese takes two each. */
const width = (cell: string): number =>
  [...stripVTControlCharacters(cell)].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0);

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
