import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { goodFile } from "../config/testFleet";
import { gatewaysUrl } from "./gateways-service";
import { newPrivateKey } from "./gateways/merchants";
import { startGateways } from "./gateways/server";
import { openInstance, secret, type Instance } from "./home";
import { setUpSandbox } from "./sandbox";
import { projectRoot } from "./workspace";

// What is refused, before anything is registered or stored, and what is kept. That shops then work with it, test/e2e/shop.test.ts and secrets.test.ts show.

const root = fs.mkdtempSync(path.join(os.tmpdir(), "substation-sandbox-"));
const workspace = { root, env: { PATH: `${path.join(root, "bin")}:/usr/bin:/bin` } };
const home = path.join(root, "home");
const at = (...names: string[]) => path.join(root, "stacks", ...names);
const channel = "kind: epay, version: v1, gateway: https://pay.example.com, type: alipay, fee: 1%";
const shop = (sandbox: string) =>
  `${goodFile}channels:\n  epay: { ${channel}, ${sandbox}merchantId: "1001", secrets: { key: k } }\n`;
let instance: Instance;

beforeAll(async () => {
  fs.mkdirSync(at("demo"), { recursive: true });
  for (const file of ["Pulumi.yaml", "stacks/tiers.yaml"])
    fs.copyFileSync(path.join(projectRoot, file), path.join(root, file));
  process.env["SUBSTATION_HOME"] = home;
  instance = await openInstance(home, { SUBSTATION_NAME: `unit-${process.pid}` });
});
beforeEach(() => {
  fs.writeFileSync(at("demo/mengxiang.yaml"), shop("sandbox: true, "));
  setting(gatewaysUrl(instance));
});
afterAll(() => {
  delete process.env["SUBSTATION_HOME"];
  fs.rmSync(root, { recursive: true });
});

const setting = (url: string) =>
  fs.writeFileSync(at("Pulumi.platform.yaml"), `config:\n  substation:sandboxGateway: ${url}\n`);
const setUp = () => setUpSandbox(workspace, "mengxiang");

test("a shop without sandbox channels needs nothing", async () => {
  fs.writeFileSync(at("demo/mengxiang.yaml"), shop(""));
  expect(await setUp()).toEqual({ id: "mengxiang", group: "demo", merchants: [], left: [] });
});

test("a file with problems is refused with them; secrets that are missing are none", async () => {
  fs.writeFileSync(at("Pulumi.demo.yaml"), "config: {}\n");
  await expect(setUp()).rejects.toThrow("does not answer"); // so it came as far as the gateways
  fs.writeFileSync(at("demo/mengxiang.yaml"), shop("sandbox: true, weight: 0, "));
  await expect(setUp()).rejects.toThrow(/channels\.epay\.weight is 0/);
});

test("the sandbox of another machine, none, or one that does not run is refused with what to do", async () => {
  await expect(setUp()).rejects.toThrow(
    /^the sandbox at http:\S+ does not answer \(.*\): start it with: npm run/,
  );
  setting("http://192.0.2.7:9180");
  await expect(setUp()).rejects.toThrow(
    `the sandbox of the stack platform is http://192.0.2.7:9180, and this machine's is ${gatewaysUrl(instance)}`,
  );
  fs.rmSync(at("Pulumi.platform.yaml"));
  await expect(setUp()).rejects.toThrow("the stack platform, which demo stands on, has no sandbox");
  process.env["SUBSTATION_HOME"] = path.join(root, "nobody's");
  await expect(setUp()).rejects.toThrow("this machine has no sandbox: start it with");
  process.env["SUBSTATION_HOME"] = home;
});

test("a secret that is stored, which may be a real one, is registered and kept nowhere else", async () => {
  const value = "k".repeat(32);
  const name = "substation:secret.mengxiang.k";
  fs.writeFileSync(at("Pulumi.demo.yaml"), `config:\n  ${name}: { secure: v1:b3BlbiBzZXNhbWU=:Zm9v }\n`);
  fs.mkdirSync(path.join(root, "bin"));
  const settings = JSON.stringify({ [name]: { value, secret: true } });
  fs.writeFileSync(path.join(root, "bin/pulumi"), `#!/bin/sh\necho '${settings}'\n`, { mode: 0o755 });
  const gateways = await startGateways({
    home: instance.home.gateways,
    port: instance.gatewaysPort,
    controlToken: secret(instance.home, "gateways-token"),
    platformPrivateKey: newPrivateKey(),
    reach: { edgeSubnet: instance.edgeSubnet },
    speed: 1,
    onError: (error) => {
      throw error;
    },
  });
  try {
    const merchant = { channel: "epay", kind: "epay", merchant: "1001", stored: [] };
    expect((await setUp()).merchants).toEqual([{ ...merchant, registered: "new" }]);
    expect((await setUp()).merchants).toEqual([{ ...merchant, registered: "known" }]);
    expect(fs.readdirSync(instance.home.secrets)).toEqual(["gateways-token"]);
  } finally {
    await gateways.close();
  }
});
