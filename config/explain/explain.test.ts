import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";

import { databaseName } from "../names";
import { formatProblem } from "../problem";
import { goodFile, goodTiers } from "../testFleet";
import { explain, type ExplainedField, type Explanation } from "./index";

const sold = `markup: 15%
modules:
  gameCards:
    categories: [steam, qq]
channels:
  ali:
    kind: alipay
    sandbox: true
    appId: "2021000000000001"
    secrets: { privateKey: ali-key }
    dailyCap: "300.00"
    fee: 0.6%
  ee:
    kind: epay
    version: v1
    gateway: https://pay.example.com/
    merchantId: "7"
    type: alipay
    secrets: { key: ee-key }
    enabled: false
    fee: 1%
resources:
  memory: 96 MB
secretVersions: { appPassword: 3 }
variables: { phone: 138 0000 0000 }
`;
const others = {
  "templates/standard/template.yaml": `title: 标准店铺
description: 点卡和话费
variables:
  hours: { description: 客服在线时间, default: 9:00–22:00 }
  phone: { description: 电话, default: 无 }
`,
  "Pulumi.platform.yaml": `config:
  substation:name: local
  substation:zone: substation.test
  substation:ingressPort: "8080"
  substation:storefrontImage: ghcr.io/substation/storefront:1
  substation:sandboxGateway: http://10.87.255.1:9180
`,
  "Pulumi.demo.yaml": "config:\n  substation:secret.mengxiang.ali-key: { secure: v1:YQ==:Yg== }\n",
};

/** What is said where the files are these, paths as below `stacks/`; null takes one away. */
function explained(
  change: Readonly<Record<string, string | null>> = {},
  field?: string,
): Explanation & { readonly told: Readonly<Record<string, ExplainedField>> } {
  const root = mkdtempSync(join(tmpdir(), "substation-explain-"));
  try {
    const files = { "tiers.yaml": goodTiers, "demo/mengxiang.yaml": goodFile + sold, ...others, ...change };
    for (const [path, content] of Object.entries(files)) {
      if (content === null) continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const found = JSON.parse(
      JSON.stringify(explain(root, "mengxiang", field)).replaceAll(root, "stacks"),
    ) as Explanation;
    return { ...found, told: Object.fromEntries(found.fields.map((one) => [one.field, one])) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** `value | source place: why`. */
const brief = ({ value, source, at, why }: ExplainedField): string =>
  `${value ?? "-"} | ${source}${at ? ` ${at.file}:${at.line}:${at.column}` : ""}${why ? `: ${why}` : ""}`;
const file = "stacks/demo/mengxiang.yaml";
const platform = "stacks/Pulumi.platform.yaml";
const db = databaseName("local", "mengxiang");
const url = "http://mengxiang.substation.test:8080";

test("every field of a substation, with its value, where that comes from and stands", () => {
  const { fields, problems, group, file: named } = explained();
  // The key of ee is not stored, and ee is not enabled: told, as everything in a file is.
  expect(problems.map(({ line, column, code }) => [line, column, code])).toEqual([
    [27, 21, "secret/missing"],
  ]);
  expect([group, named]).toEqual(["demo", file]);
  expect(Object.fromEntries(fields.map((one) => [one.field, brief(one)]))).toEqual({
    id: `mengxiang | derived: the name of ${file}`,
    group: "demo | derived: the folder of its file: a Pulumi stack",
    platform: "platform | default: the stack that it stands on",
    url: `${url} | derived ${platform}:4:27: domain.host, and the platform's ingressPort`,
    title: `梦想点卡 | file ${file}:1:8`,
    tier: `standard | file ${file}:2:7`,
    "owner.name": `王小明 | file ${file}:4:9`,
    "owner.contact": `微信 mengxiang88 | file ${file}:5:12`,
    "owner.crmId": "- | nowhere: the file does not say it",
    "domain.host": `mengxiang.substation.test | file ${file}:7:9`,
    image: `ghcr.io/substation/storefront:1 | platform ${platform}:5:31: the platform's own, pinned by id`,
    revenueShare: `12.5% | file ${file}:8:15`,
    markup: `15% | file ${file}:9:9`,
    template: "standard | default",
    "variables.hours": "9:00–22:00 | template stacks/templates/standard/template.yaml:4:42",
    "variables.phone": `138 0000 0000 | file ${file}:33:21`,
    "modules.gameCards.enabled": "true | default",
    "modules.gameCards.categories": `steam, qq | file ${file}:12:17`,
    "modules.gameCards.syncInterval": "10m | default",
    "modules.phoneTopUp": "off | default: 话费充值 is not in the file",
    "channels.ali.kind": `alipay | file ${file}:15:11`,
    "channels.ali.title": "支付宝 | default: what a channel of kind alipay has",
    "channels.ali.sandbox": `true | file ${file}:16:14`,
    "channels.ali.minimum": "0.01 | default: what a channel of kind alipay has",
    "channels.ali.maximum": "300.00 | default: what a channel of kind alipay has",
    "channels.ali.dailyCap": `300.00 | file ${file}:19:15`,
    "channels.ali.fee": `0.6% | file ${file}:20:10`,
    "channels.ali.weight": "1 | default: what a channel of kind alipay has",
    "channels.ali.enabled": "true | default: what a channel of kind alipay has",
    "channels.ali.appId": `2021000000000001 | file ${file}:17:12`,
    "channels.ali.alipayPublicKey": "- | platform: the sandbox's own key",
    "channels.ali.secrets.privateKey": `ali-key | file ${file}:18:28: stored, encrypted, in Pulumi.demo.yaml`,
    "channels.ali.gateway": `http://10.87.255.1:9180/alipay | platform ${platform}:6:30: the platform's sandbox, since channels.ali.sandbox is true`,
    "channels.ali.notifyUrl": `${url}/pay/ali/notify | derived: of the shop's url and the channel's id; unique`,
    "channels.ali.returnUrl": `${url}/pay/ali/return | derived: of the shop's url and the channel's id; unique`,
    "channels.ee.kind": `epay | file ${file}:22:11`,
    "channels.ee.title": "易支付 | default: what a channel of kind epay has",
    "channels.ee.sandbox": "false | default: what a channel of kind epay has",
    "channels.ee.minimum": "0.01 | default: what a channel of kind epay has",
    "channels.ee.maximum": "50000.00 | default: what a channel of kind epay has",
    "channels.ee.dailyCap": "1000000.00 | default: what a channel of kind epay has",
    "channels.ee.fee": `1% | file ${file}:29:10`,
    "channels.ee.weight": "1 | default: what a channel of kind epay has",
    "channels.ee.enabled": `false | file ${file}:28:14`,
    "channels.ee.version": `v1 | file ${file}:23:14`,
    "channels.ee.gateway": `https://pay.example.com/ | file ${file}:24:14`,
    "channels.ee.merchantId": `7 | file ${file}:25:17`,
    "channels.ee.type": `alipay | file ${file}:26:11`,
    "channels.ee.secrets.key": `ee-key | file ${file}:27:21: not stored yet: substation secret set mengxiang ee-key`,
    "channels.ee.notifyUrl": `${url}/pay/ee/notify | derived: of the shop's url and the channel's id; unique`,
    "channels.ee.returnUrl": `${url}/pay/ee/return | derived: of the shop's url and the channel's id; unique`,
    "resources.memory": `96 MB | file ${file}:31:11`,
    "resources.cpus": "0.5 | tier stacks/tiers.yaml:17:31",
    "resources.processes": "64 | tier stacks/tiers.yaml:17:47",
    "resources.databaseConnections": "5 | tier stacks/tiers.yaml:17:72",
    "secretVersions.root": "1 | default",
    "secretVersions.migratePassword": "1 | default",
    "secretVersions.appPassword": `3 | file ${file}:32:32`,
    "secretVersions.sessionKey": "1 | default",
    suspended: "no | default: `substation suspend` writes it",
    "secretVersions.mainStationToken": "1 | default",
    "secretVersions.callbackSigningKey": "1 | default",
    "limits.statementTimeout": "10s | tier stacks/tiers.yaml:17:93",
    "limits.idleTransactionTimeout": "30s | tier stacks/tiers.yaml:18:33",
    "limits.temporaryStorage": "32 MB | tier stacks/tiers.yaml:18:56",
    "limits.logSize": "10 MB | tier stacks/tiers.yaml:18:72",
    scopes: "goods:read, orders:create, orders:read | tier stacks/tiers.yaml:24:13",
    "database.name": `${db} | derived: hash of local and the id`,
    "database.roles": `${db}_migrate, ${db}_app | derived: hash of local and the id`,
  });
});

test("what a value may be, and what else could set it, with the one that wins", () => {
  const { told } = explained();
  const of = (field: string) => {
    const { bounds, otherwise } = told[field]!;
    const at = bounds.map(
      (bound) => `${bound.text}${bound.at ? ` (${bound.at.file}:${bound.at.line}:${bound.at.column})` : ""}`,
    );
    return [...at, otherwise];
  };
  expect(of("markup")).toEqual([
    "0% to 30%, by the tier standard (stacks/tiers.yaml:22:13)",
    `at least 0.7%, or the fee of channels.ali sells below the cost (${file}:20:10)`,
    "the tier's 10% (stacks/tiers.yaml:22:43), where the file says nothing; the file wins",
  ]);
  expect(of("revenueShare")).toEqual([
    "5% to 50%, by the tier standard (stacks/tiers.yaml:23:19)",
    "nothing: the file must say it",
  ]);
  expect(of("resources.memory")).toEqual([
    "at most 192 MB, by the tier standard (stacks/tiers.yaml:17:17)",
    "the tier's 192 MB (stacks/tiers.yaml:17:17), where the file says nothing; the file wins",
  ]);
  expect(of("resources.cpus").at(-1)).toBe("the file, by resources.cpus: it would win");
  expect(of("limits.statementTimeout")).toEqual(["nothing in the file: the tier alone says it"]);
  expect(of("domain.host")).toEqual([
    `one label below substation.test (${platform}:3:20)`,
    "nothing: the file must say it",
  ]);
  expect(of("channels.ali.kind")[0]).toBe(
    "one of alipay, wechatPay, epay, by the tier standard (stacks/tiers.yaml:20:15)",
  );
  expect(of("channels.ali.enabled")[0]).toBe(
    "at most 4 enabled, by the tier standard (stacks/tiers.yaml:21:22)",
  );
  expect(of("channels.ali.dailyCap")).toEqual([
    "0.01 to 1000000.00",
    "the default 1000000.00, where the file says nothing; the file wins",
  ]);
  expect(of("channels.ali.gateway")).toEqual([
    "https://openapi.alipay.com/gateway.do, where channels.ali.sandbox is false",
  ]);
  expect(of("modules.phoneTopUp")).toEqual([
    "gameCards, phoneTopUp may be on, by the tier standard (stacks/tiers.yaml:19:14)",
    "the file, by modules.phoneTopUp: it would win",
  ]);
  expect(of("variables.phone")).toEqual([
    "1 to 200 characters",
    "the template's 无 (stacks/templates/standard/template.yaml:5:38), where the file says nothing; the file wins",
  ]);
  expect(of("secretVersions.root")).toEqual([
    "1 to 1000000",
    "the file, by secretVersions.root: it would win",
  ]);
});

test("a field, or the beginning of several; a misspelt one is told with the nearest", () => {
  expect(explained({}, "markup").fields.map(({ field }) => field)).toEqual(["markup"]);
  expect(explained({}, "owner").fields.map(({ field }) => field)).toEqual([
    "owner.name",
    "owner.contact",
    "owner.crmId",
  ]);
  expect(explained({}, "channels.ali").fields).toHaveLength(15);
  const said = (field: string): string => {
    try {
      explained({}, field);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect([said("markp"), said("channels.alli.fee"), said("channels.ali.gate"), said("zzzzzzzz")]).toEqual([
    'there is no field "markp": did you mean "markup"?',
    'there is no field "channels.alli.fee": did you mean "channels.ali.fee"?',
    'there is no field "channels.ali.gate": did you mean "channels.ali.gateway"?',
    'there is no field "zzzzzzzz": they begin with id, group, platform, url, title, tier, owner, domain, image, revenueShare, markup, template, variables, modules, channels, resources, secretVersions, suspended, limits, scopes, database.',
  ]);
});

test("what only the platform knows is said to be not known where its settings are not here", () => {
  const { told } = explained({
    "Pulumi.platform.yaml": null,
    "Pulumi.demo.yaml": "config:\n  x:platform: platform-b\n",
  });
  const missing = "not known here: there is no stacks/Pulumi.platform-b.yaml";
  expect(brief(told["platform"]!)).toBe(
    "platform-b | platform stacks/Pulumi.demo.yaml:2:15: the stack that it stands on",
  );
  expect(
    ["url", "image", "database.name", "channels.ali.gateway", "channels.ee.notifyUrl"].map((field) =>
      brief(told[field]!),
    ),
  ).toEqual([
    `- | derived: mengxiang.substation.test, on a port that is ${missing}`,
    "- | platform: the platform's own; stacks/Pulumi.platform-b.yaml is not here",
    `- | derived: ${missing}`,
    `- | platform: ${missing}`,
    `- | derived: mengxiang.substation.test, on a port that is ${missing}`,
  ]);
});

test("settings of a stack that holds many secrets are read; of more than that is said why they are not", () => {
  const stored = (count: number): string =>
    Array.from(
      { length: count },
      (_, at) => `  x:secret.mengxiang.k${at}: { secure: "v1:${"A".repeat(2300)}" }\n`,
    ).join("");
  const settings = (count: number) => ({
    "demo/mengxiang.yaml": goodFile,
    "Pulumi.demo.yaml": `config:\n${stored(count)}  x:platform: platform-b\n`,
  });
  const { told, problems } = explained(settings(30));
  expect([told["platform"]!.value, problems]).toEqual(["platform-b", []]);
  expect(explained(settings(1900)).problems.map(formatProblem)).toEqual([
    "stacks/Pulumi.demo.yaml:1:1  file/too-large  The file has 4,456,323 bytes: such a file has at most 4,194,304.",
  ]);
});

test("a file with problems is explained as far as it can be read, and its problems are told", () => {
  const broken = goodFile.replace("tier: standard", "tier: standart").replace("12.5%", '"12.5"');
  const { told, problems } = explained({
    "demo/mengxiang.yaml": `${broken}channels:\n  xx: { kind: alipey }\n  yy: 3\n`,
  });
  expect(problems.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
    "2:7 tier/unknown",
    "8:15 unit/share",
    "10:15 value/choice",
    "11:7 value/type",
  ]);
  expect(
    [
      "tier",
      "revenueShare",
      "markup",
      "resources.memory",
      "scopes",
      "channels.xx.kind",
      "channels.yy.kind",
    ].map((field) => brief(told[field]!)),
  ).toEqual([
    `standart | file ${file}:2:7`,
    `12.5 | file ${file}:8:15`,
    "- | tier: its tier is not known",
    "- | tier: its tier is not known",
    "- | tier: its tier is not known",
    `alipey | file ${file}:10:15`,
    "- | nowhere: the file must say it, and does not",
  ]);
});

test("a custom channel has the fields of its descriptor; one without a descriptor is told as far as that goes", () => {
  const descriptor = `title: 河马付
description: Hema Pay.
fields:
  - { name: shopNumber, type: text, description: The shop's number., example: "1001" }
  - { name: key, type: text, secret: true, description: The key., example: hema-key }
merchant: [shopNumber]
limits: { minimum: "0.10", maximum: "2000.00", dailyCap: "50000.00" }
health: { refusal: fail }
adapter:
  image: sha256:${"0".repeat(64)}
  resources: { memory: 32 MB, cpus: 0.1, processes: 8 }
`;
  const pay = (adapter: string) =>
    `${goodFile}channels:\n  pay: { kind: custom, adapter: ${adapter}, shopNumber: "1001", secrets: { key: hema-key }, fee: 1% }\n`;
  const of = (adapter: string) => {
    const files = { "channels/hema.yaml": descriptor, "demo/mengxiang.yaml": pay(adapter) };
    const { told } = explained(files, "channels");
    return Object.fromEntries(
      Object.entries(told).map(([field, one]) => [field.slice("channels.pay.".length), brief(one)]),
    );
  };
  expect(of("hema")).toEqual({
    kind: `custom | file ${file}:10:16`,
    title: "河马付 | default: what a channel of kind custom has",
    sandbox: "false | default: what a channel of kind custom has",
    minimum: "0.10 | default: what a channel of kind custom has",
    maximum: "2000.00 | default: what a channel of kind custom has",
    dailyCap: "50000.00 | default: what a channel of kind custom has",
    fee: `1% | file ${file}:10:92`,
    weight: "1 | default: what a channel of kind custom has",
    enabled: "true | default: what a channel of kind custom has",
    shopNumber: `1001 | file ${file}:10:51`,
    "secrets.key": `hema-key | file ${file}:10:75: not stored yet: substation secret set mengxiang hema-key`,
    adapter: `hema | file ${file}:10:33`,
    notifyUrl: `${url}/pay/pay/notify | derived: of the shop's url and the channel's id; unique`,
    returnUrl: `${url}/pay/pay/return | derived: of the shop's url and the channel's id; unique`,
  });
  expect(Object.keys(of("hippo"))).toEqual(["kind", "adapter", "notifyUrl", "returnUrl"]);
});

test("what somebody may have written in place of a secret's name, or of a key, is never shown", () => {
  const canary = "Canary0123456789abcdefABCDEF0123";
  const text =
    goodFile +
    sold
      .replace("ee-key", canary)
      .replace("appId:", `privateKey: ${canary}\n    alipayPublicKey: ${canary}\n    appId:`);
  const found = explained({ "demo/mengxiang.yaml": text });
  expect(JSON.stringify(found.fields)).not.toContain(canary);
  expect(JSON.stringify(found.problems)).not.toContain(canary);
  expect(brief(found.told["channels.ali.alipayPublicKey"]!)).toBe(
    `- | file ${file}:18:22: written, and not shown here`,
  );
  expect(brief(found.told["channels.ee.secrets.key"]!)).toBe(
    `- | file ${file}:29:21: written, but no name of a secret: not shown here`,
  );
});

test("a channel's id that a terminal would obey is told without obeying it", () => {
  const text = `${goodFile}${sold}`.replace("  ali:", '  "\\e[31mx":');
  const { fields, told } = explained({ "demo/mengxiang.yaml": text });
  expect(told["channels.\\u001b[31mx.kind"]!.otherwise).toBe("nothing: the file must say it");
  expect(told["channels.\\u001b[31mx.title"]!.otherwise).toBe(
    "the file, by channels.\\u001b[31mx.title: it would win",
  );
  expect(told["markup"]!.bounds[1]!.text).toBe(
    "at least 0.7%, or the fee of channels.\\u001b[31mx sells below the cost",
  );
  const texts = fields.flatMap(({ field, value, why, otherwise, bounds }) => [
    ...[field, value, why, otherwise],
    ...bounds.map((bound) => bound.text),
  ]);
  expect(texts.filter((one) => one?.includes("\u001b"))).toEqual([]);
});

test("whatever stands in the file, it is explained and not stumbled over", () => {
  const lines = (goodFile + sold).split("\n");
  const anyLine = fc.constantFrom(
    ...lines,
    "channels: 3",
    "channels: { ali: null }",
    "modules: []",
    "modules: { gameCards: 1 }",
    "owner: x",
    "tier: [1]",
    "- a",
    "resources: { memory: [] }",
    "\t",
    "a: &b c",
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(lines.length - 1), anyLine), { maxLength: 4 }), (edits) => {
      const text = [...lines];
      for (const [at, line] of edits) text[at] = line;
      const { fields } = explained({ "demo/mengxiang.yaml": text.join("\n") });
      expect(fields.find(({ field }) => field === "id")?.value).toBe("mengxiang");
      expect(new Set(fields.map(({ field }) => field)).size).toBe(fields.length);
    }),
    { numRuns: 80 },
  );
});
