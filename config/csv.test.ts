import fc from "fast-check";

import { parseCsv } from "./csv";

const read = (text: string | Buffer) => {
  const { rows, problems } = parseCsv(Buffer.from(text as string), "fleet.csv");
  return {
    cells: rows.map((row) => row.map((cell) => cell.text)),
    places: rows.map((row) => row.map((cell) => `${cell.at().line}:${cell.at().column}`).join(" ")),
    problems: problems.map(({ line, column, code, message }) => `${line}:${column}  ${code}  ${message}`),
  };
};

test("cells know where they stand, in quotes or not, after line breaks, wide characters and empty lines", () => {
  const text = 'id,title,host\r\naa,"梦想, ""点""\n卡",x\n\n\r\nbb,𠀀,\n"cc",,y';
  for (const marked of [text, `\uFEFF${text}`]) {
    expect(read(marked)).toEqual({
      cells: [["id", "title", "host"], ["aa", '梦想, "点"\n卡', "x"], ["bb", "𠀀", ""], ["cc", "", "y"]], // prettier-ignore
      places: ["1:1 1:4 1:10", "2:1 2:4 3:4", "6:1 6:4 6:7", "7:1 7:6 7:7"],
      problems: [],
    });
  }
});

// prettier-ignore
test.each<[what: string, text: string | Buffer, expected: string[]]>([
  ["a quote that is not closed", 'a,b\n1,"2\n', ['2:1  csv/syntax  This is not CSV: a cell that begins with " has no " at its end; a quote within is written "".']],
  ["text after a quote", 'a,b\n"x"y,2\n', ['2:1  csv/syntax  This is not CSV: after the closing " of a cell a comma is wanted; a quote within is written "".']],
  ["a quote within a plain cell", 'a,b\nx"y,2\n', ['2:1  csv/syntax  This is not CSV: a " stands within a cell that does not begin with one; put the cell in quotes, and write "" for it.']],
  ["another encoding", Buffer.from([0x61, 0x2c, 0xc3, 0xce, 0xcf, 0xeb]), ['1:3  text/encoding  After "a," stands the byte 0xC3, which is not UTF-8 (is the file in GBK?): save it as UTF-8.']],
  ["an invisible character", "a,b\u202ec\n", ["1:4  text/character  Here stands the invisible character U+202E: remove it."]],
])("%s is told with its place", (_, text, expected) => {
  expect(read(text).problems).toEqual(expected);
});

test("whatever cells are written as RFC 4180 says are read as they were, each at its place", () => {
  const cell = fc.string({
    unit: fc.constantFrom("a", ",", '"', "\n", "\r\n", " ", "点", "𠀀", ";"),
    maxLength: 6,
  });
  const width = fc.integer({ min: 1, max: 4 });
  const rows = width.chain((n) => fc.array(fc.array(cell, { minLength: n, maxLength: n }), { maxLength: 5 }));
  fc.assert(
    fc.property(rows, fc.constantFrom("\n", "\r\n"), fc.boolean(), (table, end, bom) => {
      const written = table.map((row) =>
        row.map((text) => (/[,"\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)),
      );
      const text = written.map((row) => row.join(",") + end).join("");
      const { cells, places, problems } = read((bom ? "\uFEFF" : "") + text);
      expect(problems).toEqual([]);
      const kept = table
        .map((row, i) => ({ row, source: written[i]! }))
        .filter(({ row }) => row.length > 1 || row[0] !== "");
      expect(cells).toEqual(kept.map(({ row }) => row));
      const lines = text.split("\n");
      places.forEach((row, i) =>
        row.split(" ").forEach((place, j) => {
          const [line, column] = place.split(":").map(Number) as [number, number];
          const rest = [lines[line - 1]!.slice(column - 1), ...lines.slice(line)].join("\n");
          expect(rest.startsWith(kept[i]!.source[j]!)).toBe(true);
          expect(
            line === 1 && column === 1
              ? "\n"
              : [...lines.slice(0, line - 1), lines[line - 1]!.slice(0, column - 1)].join("\n").at(-1),
          ).toMatch(/[,\n]/);
        }),
      );
    }),
    { numRuns: 500 },
  );
});
