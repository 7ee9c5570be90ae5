import { parseYaml } from "../document";
import { fleetOf, goodFile } from "../testFleet";
import { moduleProblems } from "./check";
import type { Module } from "./types";

const cards = "modules:\n  gameCards:\n    categories: [steam, qq]\n";
const topUp = '  phoneTopUp:\n    carriers: [mobile, unicom]\n    faceValues: ["30.00", "100.50"]\n';
const alone = (text: string): string[] =>
  fleetOf({ "demo/mengxiang.yaml": text }).lines.map((line) =>
    line.replace("stacks/demo/mengxiang.yaml:", ""),
  );

test("modules become what stands in substation.json, switched on or off", () => {
  const text = `${goodFile}${cards}    syncInterval: 1h\n${topUp}    enabled: false\n`;
  const { groups, problems } = fleetOf({ "demo/mengxiang.yaml": text });
  expect(problems).toEqual([]);
  expect(groups.get("demo")?.[0]?.modules).toEqual({
    gameCards: { enabled: true, categories: ["steam", "qq"], syncIntervalMs: 3_600_000 },
    phoneTopUp: { enabled: false, carriers: ["mobile", "unicom"], faceValues: [3000, 10_050] },
  });
  const [unsaid] = fleetOf({ "demo/mengxiang.yaml": goodFile + cards }).groups.get("demo") ?? [];
  expect(unsaid?.modules).toEqual({
    gameCards: { enabled: true, categories: ["steam", "qq"], syncIntervalMs: 600_000 },
  });
});

const trial = goodFile.replace("standard", "trial");
const moneyForm = 'the form is an amount in yuan with two decimals, in quotes, like "50.00"';
// prettier-ignore
test.each<[what: string, text: string, expected: string[]]>([
  ["a module that there is not", goodFile + cards.replace("gameCards", "gameCrads"), ['10:3  key/unknown  modules.gameCrads is no key here: did you mean "gameCards"? The keys are gameCards, phoneTopUp.']],
  ["a module without its settings", `${goodFile}modules:\n  gameCards:\n`, ["10:3  value/type  modules.gameCards is empty: give it a value, with categories below it, or remove the key."]],
  ["a setting that is missing", `${goodFile}modules: { gameCards: { enabled: true } }\n`, ["9:12  key/missing  modules.gameCards.categories is missing: add it, like categories: [steam, qq]."]],
  ["a setting of another module", goodFile + cards.replace("categories", "carriers"), ["10:3  key/missing  modules.gameCards.categories is missing: add it, like categories: [steam, qq].", "11:5  key/unknown  modules.gameCards.carriers is no key here: the keys are enabled, categories, syncInterval."]],
  ["text for a list", goodFile + cards.replace("[steam, qq]", "steam"), ['11:17  value/type  modules.gameCards.categories is "steam": a list is wanted, like [first, second].']],
  ["nothing in a list", goodFile + cards.replace("[steam, qq]", "[]"), ["11:17  value/range  modules.gameCards.categories is a list: write at least 1 value."]],
  ["a category in capitals", goodFile + cards.replace("qq", "QQ"), ['11:25  value/text  modules.gameCards.categories[1] is "QQ": write up to 31 of a-z, 0-9 and "-", beginning with a letter.']],
  ["a category twice", goodFile + cards.replace("qq", "steam"), ['11:25  value/repeated  modules.gameCards.categories[1] is "steam": it stands in the list already; remove one of them.']],
  ["a carrier that there is not", `${goodFile}modules:\n${topUp.replace("unicom", "unicorn")}`, ['11:24  value/choice  modules.phoneTopUp.carriers[1] is "unicorn": did you mean "unicom"? The choices are mobile, unicom, telecom.']],
  ["an amount as a number", `${goodFile}modules:\n${topUp.replace('"30.00"', "30.00")}`, [`12:18  value/type  modules.phoneTopUp.faceValues[0] is 30.00, a number: write "30.00"; ${moneyForm}.`]],
  ["an amount with three decimals", `${goodFile}modules:\n${topUp.replace("100.50", "100.505")}`, [`12:27  unit/money  modules.phoneTopUp.faceValues[1] is "100.505": write "100.50" or "100.51"; ${moneyForm}.`]],
  ["synchronisation that never rests", `${goodFile}${cards}    syncInterval: 1s\n`, ['12:19  value/range  modules.gameCards.syncInterval is "1s": the least that works is 1m; write that or more.']],
  ["a switch that is a word", `${goodFile}${cards}    enabled: on\n`, ['12:14  value/type  modules.gameCards.enabled is "on": true or false is wanted.']],
  ["a module that the tier does not allow", `${trial}modules:\n${topUp}`, ["10:3  module/tier  modules.phoneTopUp is on: the tier trial (体验版) allows gameCards; choose another tier, or write enabled: false below modules.phoneTopUp."]],
  ["the same, switched off", `${trial}modules:\n${topUp}    enabled: false\n`, []],
  ["too little memory for the modules", `${goodFile}resources: { memory: 72 MB }\n${cards}${topUp}`, ["9:22  module/resources  resources.memory is 72 MB: the shop needs 64 MB, gameCards 8 MB, phoneTopUp 4 MB more, 76 MB together; write that or more, or switch a module off."]],
  ["enough for one of them", `${goodFile}resources: { memory: 72 MB }\n${cards}${topUp}    enabled: false\n`, []],
])("%s", (_, text, expected) => {
  expect(alone(text)).toEqual(expected);
});

test("a module needs and excludes others, and holds processes, as its registry says", () => {
  const module = (more: Partial<Module>): Module => ({
    title: "",
    description: "",
    settings: {},
    needs: { memoryBytes: 0, processes: 3 },
    goods: { faceValues: false },
    normalise: () => ({}),
    sold: () => ({ categories: [] }),
    ...more,
  });
  const registry = {
    orders: module({ requires: ["goods"] }),
    goods: module({ excludes: ["auction"] }),
    auction: module({}),
  };
  const [spec] = fleetOf({ "demo/mengxiang.yaml": goodFile }).groups.get("demo") ?? [];
  const tier = { ...spec?.tier, modules: ["orders", "goods", "auction"] } as unknown as NonNullable<
    typeof spec
  >["tier"];
  const found = (text: string, processes = 64): string[] =>
    moduleProblems(
      parseYaml("f", text),
      tier,
      { memoryBytes: 2 ** 30, cpus: 1, processes },
      [],
      registry,
    ).map(({ line, column, code, message }) => `${line}:${column}  ${code}  ${message}`);

  expect(found("modules:\n  orders: {}\n  goods: {}\n")).toEqual([]);
  expect(found("modules:\n  orders: {}\n  goods: { enabled: false }\n")).toEqual([
    "2:3  module/requires  modules.orders is on: it needs goods; add that below modules, or write enabled: false below modules.orders.",
  ]);
  expect(found("modules:\n  goods: {}\n  auction: {}\n")).toEqual([
    "2:3  module/excludes  modules.goods is on: it cannot be on beside auction; switch that off, or write enabled: false below modules.goods.",
  ]);
  expect(found("tier: small\nmodules:\n  goods: {}\n", 18)).toEqual([
    "1:7  module/resources  The tier's processes is 18: the shop needs 16, goods 3 more, 19 together; choose a larger tier, or switch a module off.",
  ]);
});
