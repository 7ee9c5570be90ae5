import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "../../../config/lifecycle/manifest";
import { ExportFolder, folderName, keptExports } from "./folder";

let place: string;
beforeEach(() => (place = mkdtempSync(join(tmpdir(), "substation-exports-"))));
afterEach(() => rmSync(place, { recursive: true }));

const takenAt = "2026-11-23T12:00:00.000Z";
const name = folderName(takenAt);
const manifest: Omit<Manifest, "files"> = {
  version: 1,
  ...{ platform: "local", group: "demo", id: "haitang", host: "haitang.substation.test", takenAt },
  order: { orderedBy: "王小明", reason: "不再经营", ordered: "2026-11-23", grace: "30d" },
  last: true,
  by: { substation: "0.1.0", node: "v24" },
  database: {
    name: "ss_x",
    server: "18.1",
    tables: [{ schema: "shop", name: "card", columns: ["id", "code"], rows: 2, file: "tables/0001.copy" }],
  },
  objects: [],
};
function write(rows = "1\ta\n2\tb\\n\n"): void {
  const folder = new ExportFolder(place, name);
  const table = folder.open("tables/0001.copy");
  for (const piece of [rows.slice(0, 3), rows.slice(3)]) table.write(Buffer.from(piece));
  table.close();
  folder.write("schema.json", "{}");
  folder.finish(manifest);
}
const fault = () => keptExports(place).map((one) => one.fault);

test("an export is there when it is whole, for its owner alone", () => {
  write();
  expect(keptExports(place)).toMatchObject([{ name, fault: undefined, manifest }]);
  const modes = [name, `${name}/manifest.json`, `${name}/tables`, `${name}/tables/0001.copy`].map((path) =>
    (statSync(join(place, path)).mode & 0o777).toString(8),
  );
  expect(modes).toEqual(["700", "600", "700", "600"]);
});

test.each([
  [
    "a row more",
    () => appendFileSync(join(place, name, "tables/0001.copy"), "3\tc\n"),
    "tables/0001.copy was changed",
  ],
  ["another byte", () => writeFileSync(join(place, name, "schema.json"), "[]"), "schema.json was changed"],
  ["a file that is gone", () => rmSync(join(place, name, "schema.json")), "schema.json is gone"],
])("%s is seen", (_, tamper, expected) => {
  write();
  tamper();
  expect(fault()).toEqual([expected]);
});

test("rows that do not come whole make no export, and what a killed run left is none and goes with the next", () => {
  expect(() => write("1\ta\n")).toThrow("tables/0001.copy has 1 rows, not 2");
  expect(keptExports(place)).toEqual([]);
  expect(readdirSync(place)).toEqual([`${name}.partial`]);
  mkdirSync(join(place, "2026-11-24T12-00-00.000Z")); // without a manifest
  write();
  expect(keptExports(place)).toHaveLength(1);
  expect(existsSync(join(place, `${name}.partial`))).toBe(false);
});
