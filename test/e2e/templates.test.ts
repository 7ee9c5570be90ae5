import * as fs from "node:fs";
import * as path from "node:path";
import { mark } from "../../config/names";
import { inspect, Lab, shopFile } from "./lab";
import { asShop, changesOfUpdate, serving } from "./observe";

/**
 * A template's data on its way into a shop that runs, on the real engine: what is loaded, and that a changed template runs the migration alone. What is loaded
 * once and never again is the subject of storefront/initial-data.test.ts; modules that are switched off and on, that of shop.test.ts.
 */
jest.setTimeout(240_000);

const group = "shops";
const [id, host] = ["xiaodian", "xiaodian.substation.test"];
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.open({ prefix: "tmpl" });
  await lab.ensureStack(group);
});
afterAll(() => lab.close());

const template = (title: string, more = ""): void => {
  const folder = path.join(lab.root, "stacks/templates/own");
  fs.mkdirSync(folder, { recursive: true });
  const text = `title: 小店
description: 为测试
variables: { hours: { description: 客服时间 } }
categories: { gameCards: { steam: Steam 平台 } }
goods:
  - { module: gameCards, category: steam, title: "${title} {{faceValue}}", faceValues: ["50.00", "80.00"], mainPrice: 97%, sampleCards: 5 }
notices: [{ key: hours, text: "{{title}}客服 {{hours}}" }]
pages:
  - { slug: about, title: "关于{{title}}", text: "{{host}} <b>" }
${more}`;
  fs.writeFileSync(path.join(folder, "template.yaml"), text);
};
const write = (lines: string): void => {
  lab.write(group, id, { title: "小店", modules: { gameCards: { categories: ["steam"] } } });
  fs.appendFileSync(lab.file(group, id), `template: own\n${lines}`);
};

test("a variable without a value stops the update before anything is made", async () => {
  template("卡");
  write("");
  const { code, stdout, stderr } = await lab.pulumi(["up", "-s", group, "--yes", "--skip-preview"]);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toMatch(
    /stacks\/shops\/xiaodian\.yaml:7:1 {2}template\/value {2}variables\.hours is missing: the template own wants it \(客服时间\)/,
  );
  expect(await inspect(mark({ platform: lab.name, group, id }), "shop")).toEqual([]);
});

test("a shop opens with its template's goods, notice, category and page, filled with its own values", async () => {
  write("variables: { hours: 9–22 }\n");
  await changesOfUpdate(lab, group);
  const home = (await lab.get(host)).body;
  expect(home).toMatch(/小店客服 9–22.*<h4>Steam 平台<\/h4>.*卡 50\.00.*卡 80\.00/s);
  expect(home).toContain('<a href="/pages/about">关于小店</a>');
  expect((await lab.get(host, "/pages/about")).body).toContain("xiaodian.substation.test &lt;b&gt;");
  // Only the migration is given it; its file goes with it.
  expect(await shopFile(await serving(lab, group, id))).not.toHaveProperty("initialData");
});

test("a changed template brings what is new by another migration, and touches neither the shop's edits nor its container", async () => {
  await asShop(lab, group, id, "UPDATE shop.goods SET title = '我的卡' WHERE face_value = 5000");
  await asShop(lab, group, id, "DELETE FROM shop.notice WHERE body LIKE '%客服%'");
  const before = await serving(lab, group, id);
  template("新卡", "  - { slug: refunds, title: 退换, text: 不退 }\n");
  expect(await changesOfUpdate(lab, group)).toEqual(
    ["create-replacement", "delete-replaced", "replace"].map((step) => `${step} Container xiaodian-migrate`),
  );
  expect((await serving(lab, group, id)).Id).toBe(before.Id);
  expect((await lab.get(host, "/pages/refunds")).status).toBe(200);
  const home = (await lab.get(host)).body;
  expect(home).toMatch(/我的卡.*卡 80\.00/s);
  expect(home).not.toMatch(/新卡|客服/);
  expect(home).toContain('<a href="/pages/refunds">退换</a>');
  expect(await changesOfUpdate(lab, group)).toEqual([]);
});
