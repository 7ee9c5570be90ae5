import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  askGateways,
  demoMerchants,
  gatewayControl,
  gatewaysUrl,
  runningGateways,
  startGateways,
  stopGateways,
} from "./gateways-service";
import { openInstance, type Instance } from "./home";
import { removeLoopbackAddress } from "./network";
import { isAlive } from "./process";
import { silent } from "./progress";

/** The gateways as a process of an instance. Only root can put the address that containers reach them at on the loopback interface. */
const asRoot = process.getuid?.() === 0 ? test : test.skip;
jest.setTimeout(60_000);

const root = fs.mkdtempSync(path.join(os.tmpdir(), "gateways-service-"));
let instance: Instance;
beforeAll(async () => {
  instance = await openInstance(root, { SUBSTATION_NAME: `unit-${process.pid}` });
});
afterAll(async () => {
  await stopGateways(instance.home);
  removeLoopbackAddress(instance.databaseAddress);
  fs.rmSync(root, { recursive: true });
});

test("there are no merchants before the first start, and the error says what to do", () => {
  expect(() => demoMerchants(instance.home)).toThrow("local start");
});

asRoot("started once, found again, started anew when its configuration changes, stopped", async () => {
  const start = (dnsPort?: number) => startGateways(instance, dnsPort, silent);
  const url = await start();
  expect(url).toBe(gatewaysUrl(instance));
  expect(await (await fetch(url)).json()).toEqual({ gateways: ["alipay", "wechatPay", "epay"] });
  expect((await fetch(`${url}/control/`)).status).toBe(404);
  expect(await askGateways(instance)).toBeUndefined();
  const first = runningGateways(instance.home)!;

  const merchants = demoMerchants(instance.home);
  await start();
  expect(runningGateways(instance.home)).toEqual(first);
  expect(demoMerchants(instance.home)).toEqual(merchants);

  await start(instance.dnsPort);
  expect(isAlive(first)).toBe(false);
  expect(await askGateways(instance)).toBeUndefined();
  expect(demoMerchants(instance.home)).toEqual(merchants);

  fs.rmSync(path.join(instance.home.run, "gateways.json"));
  expect(runningGateways(instance.home)).toBeDefined(); // found by its command line
  expect(await stopGateways(instance.home)).toBe(true);
  expect(await stopGateways(instance.home)).toBe(false);
  expect(await askGateways(instance)).toContain("ECONNREFUSED");
});

asRoot(
  "every demo merchant is known to its gateway; each secret lies in files of the owner alone",
  async () => {
    await startGateways(instance, undefined, silent);
    const merchants = demoMerchants(instance.home);
    expect(
      Object.entries(merchants).map(([name, { kind, fields, secrets }]) => [
        name,
        kind,
        Object.keys(fields).sort().join(" "),
        Object.keys(secrets).sort().join(" "),
      ]),
    ).toEqual([
      ["alipay", "alipay", "alipayPublicKey appId", "privateKey"],
      [
        "wechatPay",
        "wechatPay",
        "appId certificateSerial merchantId platformPublicKey platformPublicKeyId",
        "apiV3Key privateKey",
      ],
      ["epayV1", "epay", "merchantId type version", "key"],
      ["epayV2", "epay", "merchantId platformPublicKey type version", "privateKey"],
      ["alipay2", "alipay", "alipayPublicKey appId", "privateKey"],
    ]);
    // A key that the merchant alone has is not in the gateways' own configuration.
    const config = fs.readFileSync(path.join(instance.home.gateways, "config.json"), "utf8");
    for (const { secrets } of Object.values(merchants))
      if (secrets["privateKey"])
        expect(config).not.toContain(JSON.stringify(secrets["privateKey"]).slice(40, 200));
    for (const file of ["gateways/config.json", "secrets/sandbox-merchants.json", "secrets/gateways-token"])
      expect([file, fs.statSync(path.join(root, file)).mode & 0o777]).toEqual([file, 0o600]);
    const fresh = await gatewayControl(instance).newMerchant("epayV1");
    const asked = new URLSearchParams({
      act: "order",
      pid: fresh.merchant,
      key: fresh.secrets["key"]!,
      out_trade_no: "none",
    });
    const answer = await fetch(`${gatewaysUrl(instance)}/epay/api.php?${asked.toString()}`);
    expect(await answer.json()).toEqual({ code: -1, msg: "订单号不存在" });
  },
);
