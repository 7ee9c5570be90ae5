import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..");
const rows = readFileSync(join(root, "docs/reliability.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| F\d\d /.test(line));

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `F${String(from + at).padStart(2, "0")}`);

test("docs/reliability.md has a row for each fault of the list, once", () => {
  expect(rows.map((row) => row.slice(2, 5))).toEqual([...range(1, 25), ...range(28, 33), ...range(38, 43)]);
});

test("each row names a test that is there, or says why there is none", () => {
  for (const row of rows) {
    const [, fault = "", what = "", held = "", measured = ""] = row.split("|").map((cell) => cell.trim());
    expect({ fault, isTold: what.length > 0 }).toEqual({ fault, isTold: true });
    const named = [...held.matchAll(/`([^`]+\.test\.ts)` "([^"]+)"/g)];
    expect({ fault, isHeld: named.length > 0 || /^not tested: /.test(measured) }).toEqual({
      fault,
      isHeld: true,
    });
    for (const [, file = "", name = ""] of named) {
      const path = join(root, file);
      expect({ file, exists: existsSync(path) }).toEqual({ file, exists: true });
      // The beginning of a test's name, in whatever way it is written down.
      const isThere = readFileSync(path, "utf8").split(`"${name}`).length > 1;
      expect({ fault, file, name, isThere }).toEqual({ fault, file, name, isThere: true });
    }
  }
});
