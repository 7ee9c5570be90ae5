import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goodFile, goodTiers } from "../config/testFleet";
import { report } from "./new";
import { runCli, type Ran } from "./testing";

const root = mkdtempSync(join(tmpdir(), "substation-cli-new-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(join(root, "stacks"), { recursive: true, force: true });
  mkdirSync(join(root, "stacks/demo"), { recursive: true });
  writeFileSync(join(root, "Pulumi.yaml"), "name: substation\nstackConfigDir: stacks\n");
  writeFileSync(join(root, "stacks/tiers.yaml"), goodTiers);
  writeFileSync(join(root, "stacks/demo/mengxiang.yaml"), goodFile);
});

/** The real command, in a project of its own. */
const substation = (...args: string[]): Promise<Ran> => runCli(args, { cwd: root });

const options = ["--title", "天河点卡", "--owner", "张三", "--contact", "QQ 10002"];

test("a new file is written, passes the check, and is never written again", async () => {
  const args = ["new", "tianhe", "--from", "mengxiang", ...options, "--set", "markup=15%"];
  expect(await substation(...args)).toEqual({
    code: 0,
    stdout:
      "stacks/demo/tianhe.yaml  from mengxiang\n1 file written. Read and commit it, then: npm run up -- demo\n",
    stderr: "",
  });
  const text = readFileSync(join(root, "stacks/demo/tianhe.yaml"), "utf8");
  expect(text).toContain("markup: 15%");
  expect(await substation("check")).toMatchObject({ code: 0, stderr: "3 files, 0 problems\n" });
  const json = await substation("new", "yuexiu", "--json", ...options);
  expect(JSON.parse(json.stdout)).toEqual([
    { id: "yuexiu", group: "demo", file: "stacks/demo/yuexiu.yaml", from: "standard", left: [], secrets: { sandbox: [], real: [] } }, // prettier-ignore
  ]);
  const again = await substation(...args);
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/^substation: tianhe is not written\.\nid {2}id\/taken {2}/);
  expect(readFileSync(join(root, "stacks/demo/tianhe.yaml"), "utf8")).toBe(text);
});

test("what is wrong is told by the option that it comes from", async () => {
  const { code, stderr } = await substation("new", "tianhe", "--owner", "张三", "--host", "x", "--set", "variables.afterSale=9"); // prettier-ignore
  expect(code).toBe(1);
  expect(stderr.split("\n")).toEqual([
    "substation: tianhe is not written.",
    "--title  key/missing  title is missing: each shop has its own.",
    "--contact  key/missing  owner.contact is missing: each shop has its own.",
    expect.stringMatching(/^--host {2}host\/syntax {2}domain\.host is "x": /),
    '--set variables.afterSale=…  template/variable  variables.afterSale is no variable here: did you mean "afterSales"? The template standard has afterSales.',
    "",
  ]);
  for (const wrong of [["new"], ["new", "tianhe", "--csv", "x.csv"]])
    expect(await substation(...wrong)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("name one new substation, or a file with --csv") as string,
    });
  expect((await substation("new", "tianhe", "--set", "x")).stderr).toBe(
    "substation: --set x: write --set <key>=<value>, like --set markup=15%.\n",
  );
});

const header = "id,group,title,host,tier,owner,contact,template,modules.gameCards.categories,markup";
const row = (i: number): string =>
  `shop${i},g${Math.floor(i / 25)},"店铺 ""${i}"", 一号",,standard,王${i},QQ 1000${i},standard,"steam, qq",12.5%`;
const rows = (count: number): string[] => Array.from({ length: count }, (_, i) => row(i));
const csv = (lines: readonly string[]): void =>
  writeFileSync(join(root, "fleet.csv"), `\uFEFF${lines.join("\r\n")}\r\n`);

test("a hundred are written from CSV, and pass the check", async () => {
  csv([header, ...rows(100)]);
  const { code, stdout } = await substation("new", "--csv", "fleet.csv");
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(-2)).toEqual([
    "100 files written. Read and commit them, then: npm run up -- g0, npm run up -- g1, npm run up -- g2, npm run up -- g3",
    "",
  ]);
  expect(await substation("check")).toMatchObject({ code: 0, stderr: "102 files, 0 problems\n" });
  expect(readFileSync(join(root, "stacks/g3/shop99.yaml"), "utf8")).toBe(
    `# yaml-language-server: $schema=../../schemas/substation.schema.json

title: 店铺 "99", 一号
tier: standard
owner:
  name: 王99
  contact: QQ 100099
domain:
  host: shop99.substation.test
revenueShare: 12.5%
markup: 12.5%
template: standard
modules:
  gameCards:
    categories: [steam, qq]
  phoneTopUp:
    carriers: [mobile, unicom, telecom]
    faceValues: ["30.00", "50.00", "100.00"]
`,
  );
});

test("every bad row is told with its place and value, and then none is written", async () => {
  const lines = rows(60);
  const edit = (i: number, from: string, to: string): void => {
    expect(lines[i]).toContain(from);
    lines[i] = lines[i]!.replace(from, to);
  };
  edit(3, "standard", "standrad");
  edit(4, "12.5%", "99%");
  edit(5, "QQ", "QQ,");
  edit(6, "王6", "");
  edit(7, ',standard,"', ',nope,"');
  edit(8, "steam", "Steam");
  for (let i = 25; i < 30; i++) edit(i, ",g1,", ",g0,");
  csv([header, ...lines]);
  const { code, stdout, stderr } = await substation("new", "--csv", "fleet.csv");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr.split("\n")).toEqual([
    "substation: 7 problems in fleet.csv; nothing was written.",
    'fleet.csv:5:26  tier/unknown  tier is "standrad": did you mean "standard"? The tiers of tiers.yaml are trial, standard, professional.',
    expect.stringMatching(
      /^fleet\.csv:6:68 {2}terms\/markup {2}markup is 99%: the tier standard \(标准版\) allows 0% to 30%/,
    ),
    "fleet.csv:7:1  csv/row  The row has 11 cells, and the header 10: put a text with a comma in quotes.",
    "fleet.csv:8:35  key/missing  owner.name is missing: each shop has its own.",
    'fleet.csv:9:47  template/unknown  there is no template or substation "nope": the templates are boutique, standard; the substations mengxiang.',
    expect.stringMatching(
      /^fleet\.csv:10:56 {2}value\/text {2}modules\.gameCards\.categories\[0\] is "Steam": /,
    ),
    // 30 rows, of which two are out already
    expect.stringMatching(
      /^fleet\.csv:29:8 {2}group\/full {2}The group has 28 substations: at most 25 share a stack; move 3 to another group\.$/,
    ),
    "",
  ]);
  expect(readdirSync(join(root, "stacks"))).toEqual(["demo", "tiers.yaml"]);
});

// prettier-ignore
test.each<[what: string, lines: string[], expected: string]>([
  ["a column that there is not", ["id,titel", "aa,x"], 'fleet.csv:1:4  csv/column  The column is "titel": did you mean "title"? A column is id, group, from, host, owner, contact, or a key of the typed file with dots, like modules.gameCards.categories.'],
  ["a key in two columns", ["id,host,domain.host", "aa,x,y"], 'fleet.csv:1:9  csv/column  The column is "domain.host", and column 2 is for the same key: keep one of them.'],
  ["no ids", ["title,host", "a,b"], "fleet.csv:1:1  csv/column  There is no column id: add it."],
  ["no rows", ["id"], "fleet.csv:1:1  csv/row  Nothing is to be made: write a header, like id,title,host,owner,contact, and a row for each substation."],
  ["an empty id", ["id,title", ",x"], "fleet.csv:2:1  csv/row  The id is empty: give the row one."],
  ["no CSV", ["id,title", 'aa,"x'], expect.stringMatching(/^fleet\.csv:[23]:1 {2}csv\/syntax {2}This is not CSV: a cell that begins with "/) as string],
])("%s in a CSV file: it is told with its place", async (_, lines, expected) => {
  csv(lines);
  const { code, stderr } = await substation("new", "--csv", "fleet.csv");
  expect(code).toBe(1);
  expect(stderr.split("\n").slice(1)).toEqual([expected, ""]);
  expect(existsSync(join(root, "stacks/demo/aa.yaml"))).toBe(false);
});

test("what is left to do is said", () => {
  const file = { group: "demo", from: "mengxiang", left: [] };
  const none = { sandbox: [], real: [] };
  expect(
    report([
      { ...file, id: "a1", file: "stacks/demo/a1.yaml", secrets: { sandbox: ["k1", "k2"], real: ["k3"] } },
      { ...file, id: "a2", file: "stacks/demo/a2.yaml", secrets: none, left: ["channels.x was left out"] },
    ]),
  ).toBe(
    [
      "stacks/demo/a1.yaml  from mengxiang",
      "  to do: npm run substation -- sandbox a1",
      "  to do: npm run substation -- secret set a1 k3",
      "stacks/demo/a2.yaml  from mengxiang",
      "  channels.x was left out",
      "2 files written. Read and commit them, then: npm run up -- demo",
    ].join("\n"),
  );
});
