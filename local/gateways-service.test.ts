import { createHash, createPublicKey } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  askGateways,
  gatewayControl,
  gatewaysUrl,
  runningGateways,
  startGateways,
  stopGateways,
} from "./gateways-service";
import { openInstance, type Instance } from "./home";
import { removeLoopbackAddress } from "./network";
import { isAlive } from "../inventory/process";
import { until } from "./process";
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

asRoot("started once, found again, started anew when its configuration changes, stopped", async () => {
  const start = (dnsPort?: number) => startGateways(instance, dnsPort, silent);
  const settings = await start();
  expect(settings.sandboxGateway).toBe(gatewaysUrl(instance));
  expect(await (await fetch(settings.sandboxGateway)).json()).toEqual({
    gateways: ["alipay", "wechatPay", "epay"],
  });
  expect((await fetch(`${settings.sandboxGateway}/control/`)).status).toBe(404);
  expect(await askGateways(instance)).toBeUndefined();
  const first = runningGateways(instance.home)!;
  const merchant = { kind: "epay", version: "v1", merchant: "1001", key: "k".repeat(32) } as const;
  expect(await gatewayControl(instance).register(merchant)).toBe("new");
  expect(await gatewayControl(instance).register(merchant)).toBe("known");

  expect(await start()).toEqual(settings);
  expect(runningGateways(instance.home)).toEqual(first);

  expect(await start(instance.dnsPort)).toEqual(settings);
  expect(isAlive(first)).toBe(false);
  expect(await askGateways(instance)).toBeUndefined();
  expect(await gatewayControl(instance).register(merchant)).toBe("known");
  expect(await gatewayControl(instance).register({ ...merchant, key: "l".repeat(32) })).toBe("changed");

  fs.rmSync(path.join(instance.home.run, "gateways.json"));
  expect(runningGateways(instance.home)).toBeDefined(); // found by its command line
  expect(await stopGateways(instance.home)).toBe(true);
  expect(await stopGateways(instance.home)).toBe(false);
  expect(await askGateways(instance)).toContain("ECONNREFUSED");
});

asRoot("the key that they sign with lies in files of the owner alone; the other half is told", async () => {
  const { sandboxPublicKey } = await startGateways(instance, undefined, silent);
  const key = fs.readFileSync(path.join(root, "secrets/gateways-key"), "utf8");
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  expect(sandboxPublicKey).toBe(der.toString("base64"));
  for (const file of [
    "gateways/config.json",
    "gateways/merchants.json",
    "secrets/gateways-key",
    "secrets/gateways-token",
  ])
    expect([file, fs.statSync(path.join(root, file)).mode & 0o777]).toEqual([file, 0o600]);
});

asRoot("they end though an answer is still to come", async () => {
  const settings = await startGateways(instance, undefined, silent);
  const control = gatewayControl(instance);
  const which = { kind: "epay", merchant: "1002", outTradeNo: "slow" } as const;
  const key = "k".repeat(32);
  await control.register({ kind: "epay", version: "v1", merchant: which.merchant, key });
  await control.misbehave(which, { answerDelaySeconds: 120 });
  const text = "money=1.00&name=goods&notify_url=http://127.0.0.1/&out_trade_no=slow&pid=1002&type=alipay";
  const sign = createHash("md5").update(`${text}${key}`).digest("hex");
  const asked = fetch(`${settings.sandboxGateway}/epay/mapi.php?${text}&sign=${sign}&sign_type=MD5`).then(
    () => "answered",
    () => "cut off",
  );
  expect(await until(async () => (await control.orders(which)).length === 1, 10_000)).toBe(true);
  const began = performance.now();
  await stopGateways(instance.home);
  expect(performance.now() - began).toBeLessThan(10_000); // after 15 s it is killed
  expect(await asked).toBe("cut off");
});
