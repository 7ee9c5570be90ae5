import * as pulumi from "@pulumi/pulumi";
import type { ChannelSpec } from "../config/channels/types";
import { mainStationPublicKey, mintToken } from "../config/main-station-token";
import { databaseName } from "../config/names";
import { channelConfig, type ChannelSecrets } from "./channels";
import { derive } from "./secrets";
import type { SubstationArgs } from "./substation";
import { lay } from "./testing/lay";
import { platform, scopes } from "./testing/sample";

// These tests hold what reaches a shop's file, and what makes its containers anew. They do not prove that a shop can be paid.

const container = "docker:index/container:Container";
const db = databaseName("local", "mengxiang");

const limited = { minimum: 100, maximum: 50_000, dailyCap: 2_000_000, feeBasisPoints: 60, weight: 1 };
const alipay: ChannelSpec = {
  ...{ id: "alipay", kind: "alipay", title: "支付宝", enabled: true, sandbox: true, ...limited },
  gateway: "https://openapi.alipay.com/gateway.do",
  fields: { appId: "2021000000000001", alipayPublicKey: "MIIB" },
  secrets: { privateKey: "alipay-key" },
};
const epay: ChannelSpec = {
  ...{ id: "epay-2", kind: "epay", title: "易支付", enabled: false, sandbox: false, ...limited },
  gateway: "https://pay.example.com",
  fields: { version: "v1", merchantId: "1001", type: "alipay" },
  secrets: { key: "epay-key" },
};
const sold: Partial<SubstationArgs> = {
  modules: {
    gameCards: { enabled: true, categories: ["steam"], syncIntervalMs: 600_000 },
    phoneTopUp: { enabled: false, carriers: ["mobile"], faceValues: [3000, 5000] },
  },
  channels: [alipay, epay],
  platform: { ...platform, sandboxGateway: "http://10.87.255.1:9180", sandboxPublicKey: "the sandbox's" },
};
const values = { alipay: "the alipay channel's private key", epay: "the epay channel's merchant key" };
/** Made anew for each run: outputs belong to the run that made them. */
const channelSecrets = (version = "one"): ChannelSecrets => ({
  alipay: { privateKey: { value: pulumi.secret(values.alipay), version } },
  "epay-2": { key: { value: pulumi.secret(values.epay), version: "two" } },
});
const laySold = (change: Partial<SubstationArgs> = {}) =>
  lay({ ...sold, channelSecrets: channelSecrets(), ...change });

/** What the mocks show of an input that is marked as a secret. */
function secretly(input: unknown): { content: string }[] {
  const { [pulumi.runtime.specialSigKey]: mark, value } = input as Record<string, unknown>;
  expect(mark).toBe(pulumi.runtime.specialSecretSig);
  return value as { content: string }[];
}
test("substation.json says what is sold, by which channels and where they call; the migration's is without the channels' secrets", async () => {
  const { find } = await laySold();
  const [migrate, shop] = secretly(find(container, "mengxiang-migrate")["uploads"]).map(
    ({ content }) => JSON.parse(content) as Record<string, unknown>,
  );
  const of = (name: string) => derive("secret of mengxiang-root", name);
  const url = "http://mengxiang.substation.test:8080";
  const plain = (user: string, password: string) => ({
    contract: 1,
    platform: "local",
    group: "demo",
    id: "mengxiang",
    title: "梦想点卡",
    tier: "trial",
    mainStation: { scopes, publicKey: mainStationPublicKey(platform.mainStationSigningKey) },
    host: "mengxiang.substation.test",
    url,
    revenueShareBasisPoints: 1250,
    markupBasisPoints: 1500,
    modules: {
      gameCards: { enabled: true, categories: ["steam"], syncIntervalMs: 600_000 },
      phoneTopUp: { enabled: false, carriers: ["mobile"], faceValues: [3000, 5000] },
    },
    channels: {
      alipay: {
        ...{ kind: "alipay", title: "支付宝", enabled: true, sandbox: true, ...limited },
        gateway: "http://10.87.255.1:9180/alipay",
        notifyUrl: `${url}/pay/alipay/notify`,
        returnUrl: `${url}/pay/alipay/return`,
        fields: { appId: "2021000000000001", alipayPublicKey: "the sandbox's" },
      },
      "epay-2": {
        ...{ kind: "epay", title: "易支付", enabled: false, sandbox: false, ...limited },
        gateway: "https://pay.example.com",
        notifyUrl: `${url}/pay/epay-2/notify`,
        returnUrl: `${url}/pay/epay-2/return`,
        fields: { version: "v1", merchantId: "1001", type: "alipay" },
      },
    },
    database: {
      host: "10.0.0.1",
      port: 5432,
      name: db,
      user: `${db}_${user}`,
      appRole: `${db}_app`,
      schema: "shop",
      maxConnections: 3,
      ca: "PEM",
      password: of(password),
    },
  });
  expect(migrate).toEqual({
    ...plain("migrate", "migrate-password"),
    initialData: { categories: [], goods: [], notices: [], pages: [] },
  });
  expect(shop).toEqual({
    ...plain("app", "app-password"),
    secrets: {
      sessionKey: of("session-key"),
      mainStationToken: mintToken(
        { platform: "local", id: "mengxiang", scopes, jti: of("main-station-token-id") },
        platform.mainStationSigningKey,
      ),
      callbackSigningKey: of("callback-signing-key"),
      channels: { alipay: { privateKey: values.alipay }, "epay-2": { key: values.epay } },
    },
  });
});

test("a channel's secret is in the serving container's file alone: in no name, label or other input, and the file is secret", async () => {
  const { resources, get } = await laySold();
  const migrate = get(container, "mengxiang-migrate");
  expect(migrate.options.additionalSecretOutputs).toEqual(["uploads"]);
  const [plain, shop] = secretly(migrate.inputs["uploads"]);
  for (const value of Object.values(values)) {
    expect(JSON.stringify(shop)).toContain(value);
    const elsewhere = resources.map((one) =>
      one === migrate ? { ...one, inputs: { ...one.inputs, uploads: plain } } : one,
    );
    expect(JSON.stringify(elsewhere)).not.toContain(value);
  }
});

test("another version of a channel's secret makes both containers anew, and nothing else; its value alone does not", async () => {
  const names = ({ find }: Awaited<ReturnType<typeof lay>>) =>
    ["mengxiang-migrate", "mengxiang"].map((name) => find(container, name)["name"]);
  const before = await laySold();
  const after = await laySold({ channelSecrets: channelSecrets("another") });
  const changed = after.resources.filter(
    ({ type, name, inputs }) => JSON.stringify(inputs) !== JSON.stringify(before.find(type, name)),
  );
  expect(changed.map(({ name }) => name).sort()).toEqual(["mengxiang", "mengxiang-migrate"]);
  for (const [at, name] of names(after).entries()) expect(name).not.toBe(names(before)[at]);
  const { privateKey } = channelSecrets()["alipay"]!;
  const sameVersion = {
    ...channelSecrets(),
    alipay: { privateKey: { ...privateKey!, value: pulumi.secret("x") } },
  };
  expect(names(await laySold({ channelSecrets: sameVersion }))).toEqual(names(before));
  expect(names(await lay({ ...sold, channelSecrets: channelSecrets() }, true))).toEqual(names(before)); // in a preview too
});

test("a sandbox channel never falls back to the real gateway", async () => {
  await expect(laySold({ platform })).rejects.toThrow(
    "a sandbox channel on a platform without sandbox gateways",
  );
});

test("the sandbox's key stands wherever its kind has the gateway's, and nowhere else", () => {
  const sandbox = { gateway: "http://10.87.255.1:9180", publicKey: "the sandbox's" };
  const fieldsOf = (channel: ChannelSpec) =>
    (channelConfig("http://shop", [channel], sandbox)[channel.id] as ChannelSpec).fields;
  const v2 = { ...epay, fields: { ...epay.fields, version: "v2", platformPublicKey: "real" } };
  expect(fieldsOf(v2)).toEqual(v2.fields);
  expect(fieldsOf({ ...v2, sandbox: true })).toEqual({ ...v2.fields, platformPublicKey: "the sandbox's" });
  expect(fieldsOf({ ...epay, sandbox: true })).toEqual(epay.fields); // v1 has a shared key
  expect(fieldsOf({ ...alipay, fields: { appId: "1" } })).toEqual({
    appId: "1",
    alipayPublicKey: "the sandbox's",
  });
});
