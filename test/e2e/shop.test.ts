import { Buyer, sandboxChannel } from "./buyer";
import { Lab } from "./lab";

jest.setTimeout(240_000);

const group = "shops";
const wechat = sandboxChannel.wechatPay();
const alipay = sandboxChannel.alipay();
const epay2 = sandboxChannel.epayV2();
const shops = {
  jia: {
    tier: "standard",
    modules: { gameCards: { categories: ["steam", "qq"] } },
    channels: { alipay, wechat },
  },
  yi: {
    tier: "trial",
    modules: { phoneTopUp: { carriers: ["mobile"], faceValues: ["30.00"] } },
    channels: { epay: sandboxChannel.epayV1() },
  },
  bing: {
    tier: "professional",
    modules: {
      gameCards: { categories: ["qq"] },
      phoneTopUp: { carriers: ["unicom"], faceValues: ["50.00"] },
    },
    channels: { "epay-alipay": epay2, "epay-wechat": { ...epay2, type: "wxpay" } },
  },
} as const;

let lab: Lab;
const buyer = (id: keyof typeof shops) => new Buyer(lab, `${id}.substation.test`);

beforeAll(async () => {
  lab = await Lab.open({ prefix: "shop" });
  for (const [id, fields] of Object.entries(shops)) lab.write(group, id, fields);
  await lab.ensureStack(group);
  for (const id of Object.keys(shops)) await lab.sandbox(id);
  await lab.up(group);
});
afterAll(() => lab.close());

test.each(
  Object.entries(shops).flatMap(([id, { channels }]) =>
    Object.keys(channels).map((channel) => [id, channel]),
  ),
)("%s is bought from through %s", async (id, channel) => {
  const visitor = buyer(id as keyof typeof shops);
  for (const goods of await visitor.goods()) {
    const bought = await visitor.buy(goods, channel);
    expect(bought.delivered).toMatch(/^SAMPLE/);
  }
});
