import { newPair } from "../../storefront/channels/testing";
import { fleetOf, goodFile } from "../testFleet";

const { publicBase64: publicKey } = newPair();

const settings = "config:\n  substation:secret.mengxiang.k: { secure: v1:b3BlbiBzZXNhbWU=:Zm9v }\n";

/** What is found in a file with this channel, from line 9 on. */
const check = (channel: string): readonly string[] =>
  fleetOf({
    "demo/mengxiang.yaml": `${goodFile}channels:\n  pay: { ${channel} }\n`,
    "Pulumi.demo.yaml": settings,
  }).lines;

const alipay = 'kind: alipay, appId: "2021000000000001", secrets: { privateKey: k }, fee: 0.6%';
const epay = 'kind: epay, gateway: "https://pay.example.com", merchantId: "7", type: alipay, fee: 0.6%';

// prettier-ignore
const cases: [fact: string, channel: string, found: string[]][] = [
  ["a public key that is written", `${alipay}, alipayPublicKey: ${publicKey}`, []],
  ["a sandbox without a public key", `${alipay}, sandbox: true`, []],
  ["a sandbox with a public key", `${alipay}, sandbox: true, alipayPublicKey: ${publicKey}`, []],
  ["a real gateway without a public key", alipay, ["10:3  key/missing  channels.pay.alipayPublicKey is missing: add it, like alipayPublicKey: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA…."]],
  ["sandbox: false without a public key, and another mistake", `${alipay}, sandbox: false, weight: 0`, [
    "10:3  key/missing  channels.pay.alipayPublicKey is missing: add it, like alipayPublicKey: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA….",
    "10:114  value/range  channels.pay.weight is 0, a number: write at least 1.",
  ]],
  ["epay v2 in a sandbox without a public key", `${epay}, sandbox: true, version: v2, secrets: { privateKey: k }`, []],
  ["epay v2 without a public key", `${epay}, version: v2, secrets: { privateKey: k }`, ["10:3  key/missing  channels.pay.platformPublicKey is missing, which version v2 wants: add it, like platformPublicKey: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA…."]],
  ["epay v1 with a field of v2", `${epay}, version: v1, secrets: { key: k, privateKey: k }`, ["10:144  channel/field  channels.pay.secrets.privateKey is for version v2, and version is v1: remove it."]],
  ["epay v1 without its key", `${epay}, version: v1, secrets: {}`, ["10:113  key/missing  channels.pay.secrets.key is missing, which version v1 wants: add it, like key: epay-key."]],
  ["epay of a version that does not exist", `${epay}, version: v3, secrets: {}`, ['10:109  value/choice  channels.pay.version is "v3": did you mean "v1"? The choices are v1, v2.']],
];

// prettier-ignore
test("an id that a terminal would obey is refused, and shown without obeying it", () => {
  const files = { "demo/mengxiang.yaml": `${goodFile}channels:\n  "\\e[31mx": { ${epay}, version: v1, secrets: {} }\n` };
  expect(fleetOf(files).lines.map((line) => line.split("  ").slice(1, 3).join("  "))).toEqual([
    'channel/syntax  channels."\\u001b[31mx" is no id for a channel: it is 2 to 20 of a-z, 0-9 and "-", beginning with a letter, not ending with "-", and part of its notify URL.',
    'key/missing  channels."\\u001b[31mx".secrets.key is missing, which version v1 wants: add it, like key: epay-key.',
  ]);
});

test.each(cases)("%s", (_fact, channel, found) => {
  expect(check(channel)).toEqual(found.map((line) => `stacks/demo/mengxiang.yaml:${line}`));
});

test("a secret that another group's settings hold is told from one that nobody has stored: its file was moved", () => {
  const files = {
    "Pulumi.demo.yaml": "config: {}\n",
    "Pulumi.vip.yaml": settings,
    "Pulumi.torn.yaml": "config: [\n",
    "demo/mengxiang.yaml": `${goodFile}channels:\n  pay: { ${alipay} }\n`,
  };
  expect(fleetOf(files).lines.filter((line) => line.includes("secret/"))).toEqual([
    'stacks/demo/mengxiang.yaml:10:74  secret/missing  channels.pay.secrets.privateKey is "k", which the settings of the group vip hold: where the file was moved from there, "substation move mengxiang" brings all of it here.',
  ]);
});
