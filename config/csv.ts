import { CsvError, parse } from "csv-parse/sync";

import { locator, type Position, type Problem } from "./problem";
import { decode, readSource, type Source } from "./source";

/** Bytes. A thousand substations are some hundred thousand. */
export const largestCsv = 1024 * 1024;

export interface Cell {
  readonly text: string;
  /** Where it begins; of one in quotes, at the quote. */
  at(): Position;
}

export interface Csv {
  /** Lines without anything in them are none. All rows have their own number of cells. */
  readonly rows: readonly (readonly Cell[])[];
  readonly problems: readonly Problem[];
}

/** Reads a CSV file as RFC 4180 says, in UTF-8, with a byte order mark or without (spreadsheets write one). */
export function readCsv(path: string, file: string): Csv {
  return cells(readSource(path, file, largestCsv), file);
}

/** The same for what has been read. */
export const parseCsv = (bytes: Buffer, file: string): Csv => cells(decode(bytes, file), file);

function cells({ text, problems: found }: Source, file: string): Csv {
  const problems = found.filter(({ code }) => code !== "text/bom");
  if (text === undefined) return { rows: [], problems };
  const bytes = Buffer.from(text);
  const locate = locator(file, text);
  const at = (offset: number): Position => locate(bytes.toString("utf8", 0, offset).length);
  try {
    const records = parse(bytes, {
      info: true,
      relax_column_count: true,
      record_delimiter: ["\r\n", "\n"],
      // A cell knows where it ends, and with that where the next one begins.
      cast: (value, { bytes: end }) => ({ value, end }),
    }) as unknown as readonly {
      readonly record: readonly { readonly value: string; readonly end: number }[];
      readonly info: { readonly bytes: number };
    }[];
    let start = 0;
    const rows = records.map(({ record, info }) => {
      const row = record.map(({ value, end }, i): Cell => {
        const begin = i === 0 ? start : (record[i - 1]?.end ?? end) + 1;
        return { text: value, at: () => at(begin) };
      });
      start = info.bytes;
      return row;
    });
    return { rows: rows.filter((row) => row.length > 1 || row[0]?.text !== ""), problems };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const lines = Number(error["lines"]);
    const message = `This is not CSV: ${words[error.code] ?? error.message}.`;
    return {
      rows: [],
      problems: [...problems, { file, line: lines, column: 1, code: "csv/syntax", message }],
    };
  }
}

const words: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a cell that begins with " has no " at its end; a quote within is written ""',
  CSV_INVALID_CLOSING_QUOTE: 'after the closing " of a cell a comma is wanted; a quote within is written ""',
  INVALID_OPENING_QUOTE:
    'a " stands within a cell that does not begin with one; put the cell in quotes, and write "" for it',
};
