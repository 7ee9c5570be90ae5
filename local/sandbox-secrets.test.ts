import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { secretValueFinding } from "../config/channels/secret-value";
import { secretField } from "../config/channels";
import type { ChannelSpec } from "../config/channels/types";
import { homeAt } from "./home";
import { MadeUpSecrets } from "./sandbox-secrets";

const home = homeAt(fs.mkdtempSync(path.join(os.tmpdir(), "substation-sandbox-secrets-")));
const file = path.join(home.secrets, "sandbox-merchants.json");
beforeAll(() => fs.mkdirSync(home.secrets));
afterAll(() => fs.rmSync(home.root, { recursive: true }));

const channel = (kind: string, fields: Record<string, string>) =>
  ({ id: "pay", kind, fields, secrets: {} }) as unknown as ChannelSpec;
const wechat = channel("wechatPay", { appId: "wx0123456789abcdef", merchantId: "1600000001" });
const epay = (version: string) => channel("epay", { merchantId: "1001", version });

test("a merchant's channels have what was made up for it in common, also after a restart", () => {
  const made = new MadeUpSecrets(home).of(wechat, ["privateKey", "apiV3Key"]);
  for (const [field, value] of Object.entries(made))
    expect([field, secretValueFinding(secretField(wechat, field), value)]).toEqual([field, undefined]);
  const other = { ...wechat, fields: { ...wechat.fields, appId: "wxfedcba9876543210" } };
  expect(new MadeUpSecrets(home).of(other, ["privateKey", "apiV3Key"])).toEqual(made);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("an epay merchant is one, whichever version of the interface a channel speaks", () => {
  const { key } = new MadeUpSecrets(home).of(epay("v1"), ["key"]);
  new MadeUpSecrets(home).of(epay("v2"), ["privateKey"]);
  const kept = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, Record<string, string>>;
  expect(Object.keys(kept)).toEqual(["wechatPay/1600000001", "epay/1001"]);
  expect(Object.keys(kept["epay/1001"]!)).toEqual(["key", "privateKey"]);
  expect(kept["epay/1001"]).toMatchObject({ key });
});

test("of fields that are not asked for, nothing is made up or kept", () => {
  const before = fs.readFileSync(file, "utf8");
  expect(new MadeUpSecrets(home).of(channel("alipay", { appId: "2021000000000001" }), [])).toEqual({});
  expect(fs.readFileSync(file, "utf8")).toBe(before);
});
