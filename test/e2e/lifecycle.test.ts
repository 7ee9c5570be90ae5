import * as fs from "node:fs";
import { resume, suspend } from "../../fleet/lifecycle/suspend";
import { sandboxChannel } from "./buyer";
import { Lab } from "./lab";
import { Purchases } from "./purchases";

/** What becomes of a substation after its opening, on the real engine, with real servers: suspended and resumed, closed and restored. */
jest.setTimeout(300_000);

const group = "shops";
const shop = () => ({
  tier: "standard",
  modules: { gameCards: { categories: ["steam"] } },
  channels: { alipay: sandboxChannel.alipay() },
});
const shops = { jia: shop(), yi: shop() };
const host = "jia.substation.test";

let lab: Lab;
let purchases: Purchases;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "life" });
  for (const [id, fields] of Object.entries(shops)) lab.write(group, id, fields);
  await lab.ensureStack(group);
  for (const id of Object.keys(shops)) await lab.sandbox(id);
  await lab.up(group);
  purchases = new Purchases(lab, group, shops);
});
afterAll(() => lab?.close());

test("a suspended shop says so through the ingress and takes the money that is under way; a broken file beside it does not matter", async () => {
  const begun = await purchases.begin("jia", "alipay");
  const file = fs.readFileSync(lab.file(group, "jia"), "utf8");
  fs.writeFileSync(lab.file(group, "bing"), "title: [\n");
  const done = await suspend(lab.workspace, "jia", "升级中");
  expect(done).toMatchObject({ reason: "升级中", disobeyed: [] });

  const { status, headers, body } = await lab.get(host);
  expect([status, headers["retry-after"]]).toEqual([503, "3600"]);
  expect(body).toMatch(/data-suspended[^]*升级中[^]*QQ 10001/);
  await purchases.pay(begun);
  await purchases.calls(begun.which, 1);
  const books = purchases.books("jia");
  expect(await books.of(begun.which.outTradeNo)).toMatchObject({ order: "delivered", deliveries: 1 });
  const page = await lab.get(host, begun.order);
  expect([page.status, page.body.includes("data-delivered")]).toEqual([503, true]);
  expect((await lab.get("yi.substation.test")).status).toBe(200);
  fs.rmSync(lab.file(group, "bing"));

  const told = await lab.substation("status", "jia", "--json");
  expect([told.code, JSON.parse(told.stdout)]).toMatchObject([
    0,
    [{ id: "jia", ok: true, open: false, suspended: { reason: "升级中" } }],
  ]);

  await resume(lab.workspace, "jia");
  expect(fs.readFileSync(lab.file(group, "jia"), "utf8")).toBe(file);
  expect((await lab.get(host)).status).toBe(200);
  const [goods] = await purchases.visitor("jia").goods();
  expect((await purchases.visitor("jia").buy(goods!, "alipay")).state).toBe("delivered");
});
