import type { Ran } from "../../cli/testing";
import { sandboxChannel } from "./buyer";
import { Lab } from "./lab";
import { Purchases } from "./purchases";

/**
 * A person looks at a payment that does not fit, and decides: on a real shop, by the command. It does not prove every kind of anomaly, which
 * the shop's own tests do.
 */
jest.setTimeout(180_000);

const group = "shops";
const channels = { alipay: sandboxChannel.alipay() };
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "odd" });
  lab.write(group, "jia", {
    tier: "standard",
    modules: { gameCards: { categories: ["qq"] } },
    channels,
  });
  await lab.ensureStack(group);
  await lab.sandbox("jia");
  await lab.up(group);
});
afterAll(() => lab.close());

const anomalies = (...args: string[]): Promise<Ran> => lab.substation("anomalies", ...args);

test("a wrong sum delivers nothing, is listed with what was seen, and is decided once, with a name", async () => {
  expect(await anomalies("jia")).toEqual({
    code: 0,
    stdout: "jia: no payment waits for a decision\n",
    stderr: "",
  });
  const purchases = new Purchases(lab, group, { jia: { channels } });
  const begun = await purchases.begin("jia", "alipay");
  const { visitor, order, goods, which } = begun;
  await purchases.pay(begun, { wrong: ["amount"] });
  expect((await visitor.until(order, "held")).delivered).toBeUndefined();

  const listed = await anomalies("jia", "--json");
  expect(listed.code).toBe(1);
  const { outTradeNo } = which;
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { id: 1, kind: "amount", outTradeNo, details: { expected: goods.fen, seen: 1 }, decision: null },
  ]);
  expect(listed.stdout + listed.stderr).not.toContain(order.split("/").at(-1)); // whoever has it sees the code
  expect((await anomalies("jia")).stdout).toMatch(/^1 +amount +alipay .* seen 0\.01 /m);

  const decide = (as: string) =>
    anomalies("resolve", "jia", "1", "--as", as, "--by", "王小明", "--note", "退款 R-1");
  expect(await decide("refunded")).toEqual({
    code: 0,
    stdout: "amount 1 of jia: refunded, decided by 王小明\n",
    stderr: "",
  });
  expect((await decide("ignored")).stderr).toContain(
    "anomaly 1 of jia was decided before: refunded by 王小明",
  );
  expect((await anomalies("jia")).code).toBe(0);
  expect((await anomalies("jia", "--all")).stdout).toContain("refunded by 王小明: 退款 R-1");
});
