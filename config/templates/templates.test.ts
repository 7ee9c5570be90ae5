import { substationSchema } from "../schema";
import { fleetOf, goodFile } from "../testFleet";
import { defaultTemplate } from "./index";
import { largestInitialData } from "./use";

/** An operator's own template, right in every way: tests change one thing. */
const own = `title: 测试
description: 为测试
variables:
  hours: { description: 客服时间, default: 9–22 }
  slogan: { description: 一句话 }
categories:
  gameCards: { steam: Steam 平台 }
goods:
  - { module: gameCards, category: steam, title: "{{category}} {{faceValue}} 元", faceValues: ["50.00", "9.99"], mainPrice: 97% }
  - { module: gameCards, category: qq, key: monthly, title: "{{title}}月卡", description: "{{slogan}}", mainPrice: "15.00", sampleCards: 3 }
  - { module: gameCards, title: "{{category}} 点卡", faceValues: ["30.00"], mainPrice: 100% }
  - { module: phoneTopUp, category: mobile, title: "移动 {{faceValue}}", mainPrice: 99.5% }
notices:
  - { key: hours, text: "{{hours}}，{{ owner.contact }}" }
pages:
  - slug: about
    title: 关于{{title}}
    text: |
      {{owner.name}}在{{host}}。

      {{slogan}}
`;
const modules =
  'modules:\n  gameCards: { categories: [xbox, steam, qq] }\n  phoneTopUp: { carriers: [mobile, unicom], faceValues: ["30.00", "50.01"] }\n';
const using = `${goodFile}template: own\nvariables: { slogan: 靠得住 }\n`;
const fleet = (template: string, text = using) =>
  fleetOf({ "templates/own/template.yaml": template, "demo/mengxiang.yaml": text });
const dataOf = (text: string, template = own) => fleet(template, text).groups.get("demo")?.[0]?.initialData;

test("the template that the schema calls the default is the one that is meant", () => {
  expect(substationSchema.shape.template.unwrap().meta()?.["default"]).toBe(defaultTemplate);
});

test("a category that is called like what every object has gets no title from there", () => {
  const data = dataOf(`${using}modules:\n  gameCards: { categories: [constructor] }\n`);
  expect(data?.categories).toEqual([]);
  expect(data?.goods.map(({ title }) => title)).toEqual(["constructor 点卡"]);
});

test("a template is filled with the substation's values, for what its modules sell", () => {
  const { lines, fileCount } = fleet(own, using + modules);
  expect(lines).toEqual([]);
  expect(fileCount).toBe(3);
  const card = { module: "gameCards", description: "", sampleCards: 0 };
  const topUp = { ...card, module: "phoneTopUp", category: "mobile" };
  expect(dataOf(using + modules)).toEqual({
    categories: [{ module: "gameCards", name: "steam", title: "Steam 平台" }],
    goods: [
      { ...card, key: "steam/5000", category: "steam", faceValue: 5000, title: "Steam 平台 50.00 元", mainPrice: 4850 }, // prettier-ignore
      {
        ...card,
        key: "steam/999",
        category: "steam",
        faceValue: 999,
        title: "Steam 平台 9.99 元",
        mainPrice: 969,
      }, // 9.6903, rounded down // prettier-ignore
      { ...card, key: "qq/0/monthly", category: "qq", faceValue: null, title: "梦想点卡月卡", description: "靠得住", mainPrice: 1500, sampleCards: 3 }, // prettier-ignore
      { ...card, key: "xbox/3000", category: "xbox", faceValue: 3000, title: "xbox 点卡", mainPrice: 3000 }, // of no other goods // prettier-ignore
      { ...topUp, key: "mobile/3000", faceValue: 3000, title: "移动 30.00", mainPrice: 2985 },
      { ...topUp, key: "mobile/5001", faceValue: 5001, title: "移动 50.01", mainPrice: 4975 },
    ],
    notices: [{ key: "hours", text: "9–22，微信 mengxiang88" }],
    pages: [{ slug: "about", title: "关于梦想点卡", text: "王小明在mengxiang.substation.test。\n\n靠得住" }],
  });
});

test("goods and categories of a module that is off, or that was never on, are left out", () => {
  const off = using + modules.replace("categories:", "enabled: false, categories:");
  expect(dataOf(off)).toMatchObject({
    categories: [],
    goods: [{ key: "mobile/3000" }, { key: "mobile/5001" }],
  });
  expect(dataOf(using)).toMatchObject({ categories: [], goods: [], notices: [{}], pages: [{}] });
});

test("values are texts: what looks like a variable in one is not filled in once more", () => {
  expect(dataOf(using.replace("靠得住", '"{{title}}"'))?.pages[0]?.text).toMatch(/\{\{title\}\}$/);
});

test("a file without a template has the standard one, which an own one of that name replaces", () => {
  const standard = fleetOf({ "demo/mengxiang.yaml": goodFile + modules }).groups.get("demo")?.[0]
    ?.initialData;
  expect(standard?.goods.map(({ key }) => key)).toEqual([
    "steam/5000",
    "steam/10000",
    "steam/20000",
    "qq/1000",
    "qq/3000",
    "qq/10000",
    "xbox/3000", // prettier-ignore
    "mobile/3000",
    "mobile/5001",
    "unicom/3000",
    "unicom/5001", // prettier-ignore
  ]);
  const mine = own.replace("slogan: { description: 一句话 }", "slogan: { description: 一句话, default: x }");
  const { groups, lines } = fleetOf({
    "templates/standard/template.yaml": mine,
    "demo/mengxiang.yaml": goodFile,
  });
  expect(lines).toEqual([]);
  expect(groups.get("demo")?.[0]?.initialData.notices).toEqual([
    { key: "hours", text: "9–22，微信 mengxiang88" },
  ]);
});

const names = "{{title}}, {{host}}, {{owner.name}}, {{owner.contact}}";
const ofGoods = `${names}, {{category}}, {{faceValue}}`;
// prettier-ignore
test.each<[what: string, from: string, to: string, expected: string[]]>([
  ["a key that there is not", "description: 为测试", "descripton: 为测试", ['1:1  key/missing  description is missing: add it, like description: 点卡和话费，适合大多数店铺.', '2:1  key/unknown  descripton is no key here: did you mean "description"? The keys are title, description, variables, categories, goods, notices, pages, substation.']],
  ["a variable that nobody declares", "{{hours}}，", "{{hour}}，", [`14:25  template/variable  notices[0].text is "{{hour}}，{{ owner.contact }}": nothing is known by the name of {{hour}}; did you mean {{hours}}? There are ${names}, {{hours}}, {{slogan}}.`]],
  ["a face value where there is none to speak of", "关于{{title}}", "关于{{faceValue}}", [`17:12  template/variable  pages[0].title is "关于{{faceValue}}": nothing is known by the name of {{faceValue}}; there are ${names}, {{hours}}, {{slogan}}.`]],
  ["braces that do not close", "{{title}}月卡", "{{title}月卡", ['10:61  template/variable  goods[1].title is "{{title}月卡": it has double braces that do not belong together; write {{name}}.']],
  ["an unknown variable in goods", "{{category}} 点卡", "{{categroy}} 点卡", [`11:33  template/variable  goods[2].title is "{{categroy}} 点卡": nothing is known by the name of {{categroy}}; did you mean {{category}}? There are ${ofGoods}, {{hours}}, {{slogan}}.`]],
  ["a variable of a taken name", "  hours: { description: 客服时间, default: 9–22 }", "  hours: { description: 客服时间, default: 9–22 }\n  title: { description: x }", ["5:3  template/variable  variables.title: {{title}} is filled in without it; choose another name."]],
  ["a variable with a strange name", "  slogan:", "  the-slogan:", [`5:3  template/variable  variables.the-slogan is no name for a variable: it is up to 31 letters and digits, beginning with a small letter.`, `10:89  template/variable  goods[1].description is "{{slogan}}": nothing is known by the name of {{slogan}}; there are ${ofGoods}, {{hours}}, {{the-slogan}}.`, `18:11  template/variable  pages[0].text is "{{owner.name}}在{{host}}。\\n\\n{{slogan}}\\n": nothing is known by the name of {{slogan}}; there are ${names}, {{hours}}, {{the-slogan}}.`]],
  ["a module that there is not", "module: phoneTopUp", "module: phoneTopUps", ['12:15  value/choice  goods[3].module is "phoneTopUps": did you mean "phoneTopUp"? The choices are gameCards, phoneTopUp.']],
  ["a carrier that there is not", "category: mobile", "category: mobil", ['12:37  template/goods  goods[3].category is "mobil": phoneTopUp has mobile, unicom, telecom; write one of these.']],
  ["a share of no face value", '"15.00"', "97%", ['10:114  template/goods  goods[1].mainPrice is "97%": there is no face value that it could be a share of; write an amount, or add faceValues.']],
  ["one amount for two face values", "mainPrice: 97%", 'mainPrice: "48.50"', ['9:124  template/goods  goods[0].mainPrice is "48.50": one amount for several face values; write a share of them, like 97%.']],
  ["an amount as a number", '"15.00"', "15.00", ['10:114  value/type  goods[1].mainPrice is 15.00, a number: text is wanted; put it in quotes: "15.00".']],
  ["goods that cost nothing", '"15.00"', '"0.00"', ['10:114  value/range  goods[1].mainPrice is "0.00": goods that cost nothing are not sold; write more.']],
  ["goods twice", "notices:", '  - { module: phoneTopUp, category: mobile, title: x, faceValues: ["30.00"], mainPrice: "29.00" }\nnotices:', ["13:5  template/repeated  goods[4]: it is for the same articles as goods[3]; give one of them a key, another category or other faceValues."]],
  ["a notice's key twice", "pages:", "  - { key: hours, text: x }\npages:", ['15:12  template/repeated  notices[1].key is "hours": notices[0] has it; write another.']],
  ["a page's address twice", "pages:", "pages:\n  - { slug: about, title: x, text: y }", ['17:11  template/repeated  pages[1].slug is "about": pages[0] has it; write another.']],
  ["a page with an invisible character", "{{owner.name}}在", "{{owner.name}}\u202e在", ["19:21  text/character  Here stands the invisible character U+202E: remove it.", '18:11  value/text  pages[0].text is "{{owner.name}}\\u202e在{{host}}。\\n\\n{{slogan}}\\n": it contains the invisible character U+202E; remove that.']],
  ["a tier's key for new files that is wrong", "title: 测试", "title: 测试\nsubstation: { markup: 15 }", ['2:23  value/type  substation.markup is 15, a number: write "15%"; the form is a percentage from 0% to 100% with at most two decimals, like "12.5%".']],
  ["a variable that is not in quotes", "关于{{title}}", "{{title}}", ['17:12  value/type  pages[0].title is a set of keys: text is wanted, on the same line.', '17:13  yaml/key  This is no text and cannot be a key: put text that begins with "{{" in quotes.']],
  ["no YAML", "title: 测试", "title: '测试", [expect.stringMatching(/^1:8 {2}yaml\/syntax/) as string]],
])("%s is told with its place", (_, from, to, expected) => {
  expect(own).toContain(from);
  const { lines, groups } = fleet(own.replace(from, () => to));
  expect(lines.map((line) => line.replace("stacks/templates/own/template.yaml:", "")).sort()).toEqual([...expected].sort());
  expect(groups.get("demo")).toEqual([]); // who uses it is not opened
});

// prettier-ignore
test.each<[what: string, text: string, expected: string[]]>([
  ["a template that there is not", using.replace("e: own", "e: onw"), ['9:11  template/unknown  template is "onw": did you mean "own"? Those of templates/ and stacks/templates/ are boutique, own, standard.']],
  ["a template that is no word", using.replace("e: own", "e: 5"), ['9:11  value/type  template is 5, a number: text is wanted; put it in quotes: "5".']],
  ["a variable without a value", goodFile + "template: own\n", ["9:1  template/value  variables.slogan is missing: the template own wants it (一句话); add variables: { slogan: … }."]],
  ["a variable without a value beside one that has", using.replace("slogan: 靠得住", "hours: 8–20"), ["10:1  template/value  variables.slogan is missing: the template own wants it (一句话); add variables: { slogan: … }."]],
  ["a variable that is called like what every object has", using.replace("slogan:", "slogan: x, toString:"), ['10:25  template/variable  variables.toString is no variable here: The template own has hours, slogan.']],
  ["a variable that the template does not have", using.replace("slogan:", "slogan: x, sloagn:"), ['10:25  template/variable  variables.sloagn is no variable here: did you mean "slogan"? The template own has hours, slogan.']],
  ["a value that is empty", using.replace("靠得住", '""'), ['10:22  value/text  variables.slogan is "": it has 0 characters; write 1 to 200.']],
  ["a value of two lines", using.replace("靠得住", '"a\\nb"'), ['10:22  value/text  variables.slogan is "a\\nb": it contains a line break; write one line of visible characters.']],
])("%s stops the substation, with its place", (_, text, expected) => {
  expect(fleet(own, text).lines.map((line) => line.replace("stacks/demo/mengxiang.yaml:", ""))).toEqual(expected);
});

test("more data than an update can carry is refused", () => {
  const pages = Array.from(
    { length: 5 },
    (_, i) => `  - { slug: p${i}, title: x, text: "${"页".repeat(19_000)}" }\n`,
  );
  const files = { "demo/mengxiang.yaml": using };
  const big = own + pages.join("");
  expect(fleet(big).lines).toEqual([expect.stringMatching(/file\/too-large/)]); // no file is that long
  const many = modules.replace(
    "[xbox, steam, qq]",
    `[${Array.from({ length: 50 }, (_, i) => `c${i}`).join(", ")}]`,
  );
  const long = own.replace("description: \"{{slogan}}\"", `description: "${"长".repeat(900)}"`).replace("category: qq, ", "")
    .replace("mainPrice: \"15.00\"", `faceValues: [${Array.from({ length: 9 }, (_, i) => `"${i + 1}.00"`).join(", ")}], mainPrice: 97%`); // prettier-ignore
  const { lines, groups } = fleetOf({
    ...files,
    "templates/own/template.yaml": long,
    "demo/mengxiang.yaml": using + many,
  });
  expect(lines).toEqual([
    expect.stringMatching(
      /^stacks\/demo\/mengxiang\.yaml:9:11 {2}template\/too-large {2}The template own comes to 1,[0-9,]+ bytes for this substation, at most 262,144 are loaded: shorten its pages, or sell fewer categories and face values at first\.$/,
    ),
  ]);
  expect(groups.get("demo")).toEqual([]);
  expect(largestInitialData).toBe(262_144);
});

// prettier-ignore
test("what stands in templates/ beside templates is told, and templates are no group", () => {
  const { lines, groups } = fleetOf({ "demo/mengxiang.yaml": goodFile, "templates/README.md": "", "templates/own.yaml": own, "templates/Own/template.yaml": own, "templates/empty/x.md": "" });
  expect(lines).toEqual([
    'stacks/templates/Own:1:1  template/unknown  The template is "Own": its name is up to 31 of a-z, 0-9 and "-", beginning with a letter; rename the folder.',
    "stacks/templates/empty:1:1  file/missing  There is no template.yaml here: write one, or remove the folder.",
    "stacks/templates/own.yaml:1:1  file/misplaced  A template is a folder with a template.yaml in it: move this into one.",
  ]);
  expect([...groups.keys()]).toEqual(["demo"]);
});
