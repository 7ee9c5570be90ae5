import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "./config";
import { initialData, later } from "./testing/initial-data";
import { startPostgres, type TestPostgres } from "./testing/postgres";
import { writeSecrets } from "./testing/secrets";
import { gameCards, openTestShop, testChannel, topUp, type TestShop } from "./testing/shop";

jest.setTimeout(60_000);
let dir: string;
let postgres: TestPostgres;
const open: TestShop[] = [];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "storefront-initial-"));
  postgres = await startPostgres();
});
afterEach(async () => {
  for (const shop of open.splice(0)) await shop.close();
});
afterAll(async () => {
  await postgres.dispose();
  rmSync(dir, { recursive: true });
});

async function openShop(name: string, more: Record<string, unknown> = {}): Promise<TestShop> {
  const channels = { zfb: testChannel("zfb") };
  const shop = await openTestShop(dir, postgres, name, { modules: gameCards, channels, ...more });
  open.push(shop);
  return shop;
}

/** All that is loaded from templates, as the shop has it now. */
const state = async (shop: TestShop) =>
  (
    await shop.rows<Record<string, unknown>>(`SELECT
      (SELECT json_agg(g ORDER BY id) FROM shop.goods g) AS goods, (SELECT count(*)::int FROM shop.card) AS cards,
      (SELECT json_agg(n ORDER BY id) FROM shop.notice n) AS notices, (SELECT json_agg(p ORDER BY id) FROM shop.page p) AS pages,
      (SELECT json_agg(c ORDER BY module, name) FROM shop.category c) AS categories`)
  )[0]!;
const titles = (shop: TestShop) =>
  shop
    .rows<{ title: string }>("SELECT title FROM shop.goods ORDER BY id")
    .then((rows) => rows.map((r) => r.title));

test("a new shop begins with the template's goods, stock, categories, notices and pages, and shows them", async () => {
  const shop = await openShop("ss_fresh");
  expect(await state(shop)).toMatchObject({
    goods: [
      {
        module: "gameCards",
        category: "steam",
        face_value: 5000,
        title: "Steam 钱包充值卡 50.00 元",
        main_price: 4850,
      },
      { face_value: 10_000 },
      { face_value: 20_000 },
    ],
    cards: 300,
    notices: [{ body: "「梦想<点>卡」已开通，欢迎光临。" }, { body: "客服每天 9:00–22:00 在线。" }],
    pages: [{ slug: "about", title: "关于 <本店>", body: "第一段 <b>。\n\n第二段。", listed: true }],
    categories: [{ module: "gameCards", name: "steam", title: "Steam <平台>" }],
  });
  const home = (await shop.get("/")).body;
  expect(home).toMatch(/客服每天 9:00–22:00 在线。.*已开通/s); // the newest on top
  expect(home).toContain("<h4>Steam &lt;平台&gt;</h4>");
  expect(home).toContain('<a href="/pages/about">关于 &lt;本店&gt;</a>');
  const page = await shop.get("/pages/about");
  expect(page.status).toBe(200);
  expect(page.body).toContain(
    '<h2>关于 &lt;本店&gt;</h2><div class="text">第一段 &lt;b&gt;。\n\n第二段。</div>',
  );
  expect((await shop.get("/pages/none")).status).toBe(404);
  expect((await shop.get("/pages/../goods")).status).toBe(404);
});

test("what is loaded is loaded once for ever: edited, hidden and deleted items stay so when the template changes; its new items come", async () => {
  const shop = await openShop("ss_once");
  await shop.rows(`UPDATE shop.goods SET title = '我的卡', main_price = 1 WHERE face_value = 5000`);
  await shop.rows("UPDATE shop.goods SET listed = false WHERE face_value = 10000");
  await shop.rows(
    "DELETE FROM shop.card WHERE goods_id = (SELECT id FROM shop.goods WHERE face_value = 20000)",
  );
  await shop.rows("DELETE FROM shop.goods WHERE face_value = 20000");
  await shop.rows("DELETE FROM shop.notice");
  await shop.rows("UPDATE shop.page SET body = '我的话', listed = false");
  await shop.rows("UPDATE shop.category SET title = '我的分类'");
  const edited = await state(shop);

  await shop.restart();
  expect(await state(shop)).toEqual(edited);

  const change = <T extends object>(items: readonly T[], by: Partial<T>): T[] =>
    items.map((item) => ({ ...item, ...by }));
  const changed = {
    categories: change(initialData.categories, { title: "新分类" }),
    goods: [...change(initialData.goods, { title: "新标题", mainPrice: 9, sampleCards: 500 }), later],
    notices: [...change(initialData.notices, { text: "新公告" }), { key: "second", text: "第二条" }],
    pages: [
      ...change(initialData.pages, { text: "新的话" }),
      { slug: "refunds", title: "退换", text: "不退" },
    ],
  };
  await shop.restart({
    initialData: changed,
    modules: { gameCards: { enabled: true, categories: ["steam", "qq"] } },
  });
  const after = await state(shop);
  expect(after).toEqual({
    ...edited,
    goods: [
      ...(edited["goods"] as object[]),
      expect.objectContaining({ title: later.title, category: "qq" }),
    ],
    cards: (edited["cards"] as number) + later.sampleCards,
    notices: [expect.objectContaining({ body: "第二条" })],
    pages: [...(edited["pages"] as object[]), expect.objectContaining({ slug: "refunds" })],
  });
  const home = (await shop.get("/")).body;
  expect(home).toMatch(/<h4>我的分类<\/h4>.*我的卡.*Q 币充值卡 10\.00 元/s);
  expect(home).not.toMatch(/新标题|新分类|新公告|\/pages\/about/);
  expect((await shop.get("/pages/about")).body).toContain("我的话"); // not linked, and still there
});

test("goods of a module that is switched on later are loaded then; switched off and on again they are as they were", async () => {
  const shop = await openShop("ss_later");
  expect((await titles(shop)).some((title) => title.includes("话费"))).toBe(false);
  await shop.restart({ modules: { ...gameCards, ...topUp } });
  expect((await titles(shop)).at(-1)).toBe("中国移动 话费 30.00 元");
  expect((await shop.get("/")).body).toContain("<h4>中国移动</h4>");
  await shop.rows("UPDATE shop.goods SET title = '改名' WHERE module = 'phoneTopUp'");
  await shop.restart();
  await shop.restart({ modules: { ...gameCards, ...topUp } });
  expect((await titles(shop)).at(-1)).toBe("改名");
});

test("goods that the settings do not sell take no room of those that they do, and these stand in the settings' order", async () => {
  const shop = await openShop("ss_many");
  const settings = { categories: ["qq", "steam"] };
  const mobile = { enabled: true, carriers: ["mobile"], faceValues: [3000, 5000] };
  await shop.restart({ modules: { gameCards: { enabled: true, ...settings }, phoneTopUp: mobile } });
  const add = (module: string, category: string, faceValue: string, title: string, count = 1) =>
    shop.rows(
      `INSERT INTO shop.goods (module, category, face_value, title, main_price)
       SELECT $1, $2, ${faceValue}, $3, 1 FROM generate_series(1, $4)`,
      [module, category, title, count],
    );
  await add("gameCards", "another", "NULL", "别的平台", 600);
  await add("phoneTopUp", "mobile", "1", "别的面值", 600);
  await add("gameCards", "qq", "7", "任意面值");
  await add("phoneTopUp", "mobile", "5000", "五十元");
  await add("phoneTopUp", "mobile", "NULL", "无面值");
  const { body } = await shop.get("/");
  const shown = [...body.matchAll(/<a href="\/goods\/\d+">([^<]+)<\/a>/g)].map(([, title]) => title);
  expect(shown).toEqual([
    "任意面值",
    "Steam 钱包充值卡 50.00 元",
    "Steam 钱包充值卡 100.00 元",
    "Steam 钱包充值卡 200.00 元",
    "五十元",
    "无面值",
    "中国移动 话费 30.00 元",
  ]);
});

test("a file without initial data, as an older platform writes it, loads nothing and takes nothing away", async () => {
  const shop = await openShop("ss_without", { initialData: undefined });
  expect(await state(shop)).toMatchObject({
    goods: null,
    pages: null,
    categories: null,
    cards: 0,
    notices: [{}],
  });
  expect((await shop.get("/")).status).toBe(200);
  await shop.restart({ initialData });
  const loaded = await state(shop);
  expect(loaded["cards"]).toBe(300);
  await shop.restart({ initialData: undefined });
  expect(await state(shop)).toEqual(loaded);
});

test("a shop's own page of the same address is not touched", async () => {
  const shop = await openShop("ss_own", { initialData: undefined });
  await shop.rows("INSERT INTO shop.page (slug, title, body) VALUES ('about', '我的', '我的')");
  await shop.restart({ initialData });
  expect(await shop.rows("SELECT title FROM shop.page")).toEqual([{ title: "我的" }]);
});

test("initial data that is not as it must be is refused, with every key", () => {
  const bad = {
    goods: [{ ...later, mainPrice: 1.5, faceValue: "10" }],
    notices: "x",
    pages: [{ slug: "../x", title: "", text: "x" }],
  };
  const folder = writeSecrets(join(dir, "bad"), postgres, "ss_bad", "migrate", { initialData: bad });
  const seen = (): unknown => loadConfig(folder);
  expect(seen).toThrow(ConfigError);
  expect(seen).toThrow(
    /initialData\.goods\[0\]\.faceValue must be a whole number from 1 to 100000000, found "10"/,
  );
  expect(seen).toThrow(/initialData\.goods\[0\]\.mainPrice must be a whole number/);
  expect(seen).toThrow(/initialData\.notices must be a list of objects, found "x"/);
  expect(seen).toThrow(/initialData\.pages\[0\]\.slug must match .*, found "\.\.\/x"/);
  expect(seen).toThrow(/initialData\.pages\[0\]\.title must be a text that is not empty/);
});
