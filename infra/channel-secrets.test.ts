import * as pulumi from "@pulumi/pulumi";
import type { SubstationSpec } from "../config/fleet";
import { newPair } from "../storefront/channels/testing";
import { channelSecrets } from "./channel-secrets";

const spec = {
  id: "mengxiang",
  group: "demo",
  channels: [
    { id: "alipay", kind: "alipay", secrets: { privateKey: "alipay-key" } },
    { id: "epay-2", kind: "epay", secrets: { key: "epay-key" } },
  ],
  at: ([, channel]: string[]) => ({
    file: "stacks/demo/mengxiang.yaml",
    line: channel === "alipay" ? 12 : 20,
    column: 18,
  }),
} as unknown as SubstationSpec;

const { privatePem: privateKey } = newPair();
const values: Record<string, string> = {
  "secret.mengxiang.alipay-key": privateKey,
  "secret.mengxiang.epay-key": "k".repeat(32),
};
const stored = (name: string, ciphertext: string | undefined) => ({ id: "mengxiang", name, ciphertext });
const both = [stored("alipay-key", "v1:a:b"), stored("epay-key", "v1:c:d")];
const find = (config: Record<string, string | undefined>, settings = both) =>
  channelSecrets([spec], settings, (setting) => config[setting]);

test("each field has the value of the secret that it names, as a secret, and a version that only the encrypted value decides", async () => {
  const { of, problems } = find(values);
  expect(problems).toEqual([]);
  const channels = of.get("mengxiang")!;
  const shown = Object.entries(channels).map(([id, fields]) => [id, Object.keys(fields)]);
  expect(shown).toEqual([
    ["alipay", ["privateKey"]],
    ["epay-2", ["key"]],
  ]);
  const { value, version } = channels["alipay"]!["privateKey"]!;
  expect(await pulumi.isSecret(value)).toBe(true);
  expect(await new Promise((resolve) => value.apply(resolve))).toBe(privateKey);
  const versionIf = (config: Record<string, string>, ciphertext: string) =>
    find(config, [stored("alipay-key", ciphertext), both[1]!]).of.get("mengxiang")!["alipay"]!["privateKey"]!
      .version;
  const another = { ...values, "secret.mengxiang.alipay-key": privateKey.trimEnd() };
  expect(version).toMatch(/^[a-z2-7]{10}$/);
  expect([versionIf(another, "v1:a:b"), versionIf(values, "v1:x:y") === version]).toEqual([version, false]);
});

test.each([
  ["that is not there", "secret/missing", { ...values, "secret.mengxiang.epay-key": undefined }, both],
  [
    "that comes from another settings file",
    "secret/missing",
    values,
    [both[0]!, stored("epay-key", undefined)],
  ],
  ["that the field cannot have", "secret/value", { ...values, "secret.mengxiang.epay-key": "short" }, both],
])(
  "a secret %s is a problem of the line that names it, in words without any value",
  (_, code, config, settings) => {
    const { problems } = find(config, settings);
    expect(problems).toMatchObject([{ file: "stacks/demo/mengxiang.yaml", line: 20, column: 18, code }]);
    const { message } = problems[0]!;
    expect(message).toMatch(
      /^channels\.epay-2\.secrets\.key is epay-key: .*"substation secret set mengxiang epay-key"\.$/,
    );
    for (const value of Object.values(config)) expect(message).not.toContain(value ?? "(none)");
  },
);
