import { fleetOf, goodFile, goodTiers } from "../testFleet";

const descriptor = `title: 河马付
description: Hema Pay.
fields:
  - name: merchantId
    type: text
    pattern: "^[0-9]{4,12}$"
    form: 4 to 12 digits
    description: The merchant's number.
    example: "1001"
  - name: key
    type: text
    secret: true
    description: The key that signs.
    example: hema-key
merchant: [merchantId]
limits: { minimum: "0.10", maximum: "2000.00", dailyCap: "50000.00" }
health: { refusal: fail }
adapter:
  image: sha256:${"0".repeat(64)}
  resources: { memory: 64 MB, cpus: 0.1, processes: 16 }
`;
const channel = 'kind: custom, adapter: hema, merchantId: "1001", secrets: { key: k }, fee: 1%';
const settings = "config:\n  substation:secret.mengxiang.k: { secure: v1:b3BlbiBzZXNhbWU=:Zm9v }\n";
const tiers = goodTiers.replaceAll("wechatPay, epay]", "wechatPay, epay, custom]");

const load = (options: { descriptor?: string; channel?: string; more?: string; name?: string } = {}) =>
  fleetOf({
    "tiers.yaml": tiers,
    [`channels/${options.name ?? "hema"}.yaml`]: options.descriptor ?? descriptor,
    "demo/mengxiang.yaml": `${goodFile}${options.more ?? ""}channels:\n  pay: { ${options.channel ?? channel} }\n`,
    "Pulumi.demo.yaml": settings,
  });

test("a channel has what its descriptor says", () => {
  const { groups, adapters, fileCount, lines } = load();
  expect(lines).toEqual([]);
  expect([...groups.keys()]).toEqual(["demo"]);
  expect(fileCount).toBe(3);
  const adapter = adapters.byName.get("hema");
  expect(adapter).toMatchObject({
    name: "hema",
    image: `sha256:${"0".repeat(64)}`,
    needs: { memoryBytes: 64 * 2 ** 20, cpus: 0.1, processes: 16 },
    descriptor: { kind: "custom", title: "河马付", merchant: ["merchantId"] },
  });
  expect(groups.get("demo")?.[0]?.channels).toEqual([
    {
      id: "pay",
      kind: "custom",
      title: "河马付",
      enabled: true,
      sandbox: false,
      gateway: "",
      minimum: 10,
      maximum: 200_000,
      dailyCap: 5_000_000,
      feeBasisPoints: 100,
      weight: 1,
      fields: { merchantId: "1001" },
      secrets: { key: "k" },
      adapter,
    },
  ]);
});

const is = (from: string, to: string): string => descriptor.replace(from, to);
// prettier-ignore
test.each<[fact: string, descriptor: string, found: string[]]>([
  ["a key that there is not", is("title:", "titel:"), ['1:1  key/missing  title is missing: add it, like title: 河马付.', '1:1  key/unknown  titel is no key here: did you mean "title"? The keys are title, description, sandbox, gateway, fields, merchant, limits, health, adapter.']],
  ["several bad fields at once", is("type: text", "type: txt").replace("name: key", "name: fee"), ['5:11  value/choice  fields[0].type is "txt": did you mean "text"? The choices are text, publicKey, privateKey, url, choice.', '10:11  descriptor/field  fields[1].name is "fee": there is such a key already; choose another name.']],
  ["a field of its own twice", is("name: key", "name: merchantId"), ['10:11  descriptor/field  fields[1].name is "merchantId": there is such a key already; choose another name.']],
  ["a private key that would stand in the file", is("type: text\n    secret: true", "type: privateKey"), ["11:11  descriptor/field  fields[1].type is privateKey: that is no thing for a file; add secret: true."]],
  ["a secret choice", is("type: text\n    secret", "type: choice\n    choices: [a, b]\n    secret"), ["13:13  descriptor/field  fields[1].secret is true: a choice is no secret; remove it, or write type: text."]],
  ["a pattern that is none", is("{4,12}$", "{4,12$"), ['6:14  descriptor/field  fields[0].pattern is "^[0-9]{4,12$": that is no regular expression; mend it, or remove it.']],
  ["a pattern of a part", is("^[0-9]", "[0-9]"), ['6:14  descriptor/field  fields[0].pattern is "[0-9]{4,12}$": it fits a part of a value too; begin it with ^ and end it with $.']],
  ["an example that does not fit", is('example: "1001"', "example: first"), ['9:14  descriptor/field  fields[0].example is "first", which the field does not take: write 4 to 12 digits.']],
  ["a choice without choices", is('pattern: "^[0-9]{4,12}$"\n    form: 4 to 12 digits', "").replace("type: text", "type: choice"), ["5:11  descriptor/field  fields[0].type is choice: add choices: [first, second]."]],
  ["a condition on nothing", is("secret: true", "secret: true\n    when: { field: version, is: v1 }"), ['13:20  descriptor/field  fields[1].when.field is "version": that must be a field of type choice, without when.']],
  ["a merchant that is a secret", is("[merchantId]", "[key]"), ['15:12  descriptor/merchant  merchant[0] is "key": that must be a field that every channel has and that is no secret (merchantId).']],
  ["limits that contradict each other", is('"0.10"', '"3000.00"'), ['16:20  channel/limits  limits.minimum is "3000.00": that is more than maximum, 2000.00; lower it, or raise maximum.']],
  ["a gateway without a public name", `gateway: https://localhost\n${descriptor}`, ['1:10  value/text  gateway is "https://localhost": its host must be a public name, which a certificate can be for.']],
  ["a gateway with a query", `gateway: https://pay.example.com/?a\n${descriptor}`, ['1:10  value/text  gateway is "https://pay.example.com/?a": write an https address.']],
  ["an image by tag", is(`sha256:${"0".repeat(64)}`, "hema/adapter:1.0"), [expect.stringMatching(/^19:10 {2}image\/tag {2}adapter\.image is "hema\/adapter:1\.0": a tag can be moved/) as string]],
  ["a container without memory", is("64 MB", "1 MB"), ['20:24  value/range  adapter.resources.memory is "1 MB": the least that works is 16 MB; write that or more.']],
])("%s is refused", (_fact, text, found) => {
  const { lines, groups } = load({ descriptor: text });
  expect(lines.map((line) => line.replace("stacks/channels/hema.yaml:", ""))).toEqual(found);
  expect(groups.get("demo")).toEqual([]); // its channel's file is not blamed, and not used
});

const inFile = (line: string): string => `stacks/demo/mengxiang.yaml:${line}`;
// prettier-ignore
test.each<[fact: string, options: Parameters<typeof load>[0], found: string[]]>([
  ["a payment system that there is not", { channel: channel.replace("hema", "hemma") }, ['10:33  channel/adapter  channels.pay.adapter is "hemma": did you mean "hema"? Those of stacks/channels/ are hema.']],
  ["no payment system", { channel: channel.replace("adapter: hema, ", "") }, ["10:3  key/missing  channels.pay.adapter is missing: add it, like adapter: hema."]],
  ["a field that is missing, and one that there is not", { channel: channel.replace("merchantId", "merchantNo") }, ["10:3  key/missing  channels.pay.merchantId is missing: add it, like merchantId: \"1001\".", '10:39  key/unknown  channels.pay.merchantNo is no key here: did you mean "merchantId"? The keys are kind, title, sandbox, minimum, maximum, dailyCap, fee, weight, enabled, merchantId, secrets, adapter.']],
  ["a field that does not fit, and a limit of the descriptor", { channel: `${channel.replace("1001", "12")}, maximum: "2000.01"` }, ['10:51  value/text  channels.pay.merchantId is "12": write 4 to 12 digits.', '10:96  value/range  channels.pay.maximum is "2000.01": the most that is allowed is 2000.00; write that or less.']],
  ["a secret in plain", { channel: `${channel}, key: topsecret` }, [expect.stringMatching(/^10:94 {2}channel\/plain-secret {2}channels\.pay\.key \(not shown\): it is a secret/) as string]],
  ["a secret that is not stored", { channel: channel.replace("key: k", "key: hema-key") }, ['10:75  secret/missing  channels.pay.secrets.key is "hema-key": no secret of that name is stored for mengxiang; store it with "substation secret set mengxiang hema-key".']],
  ["a sandbox that its adapter does not have", { channel: `${channel}, sandbox: true`, descriptor: `sandbox: false\n${descriptor}` }, ["10:98  channel/sandbox  channels.pay.sandbox is true, a truth value: its adapter has none; remove it, or write false."]],
  ["too little memory beside the adapter", { more: "resources: { memory: 96 MB, processes: 24 }\n" }, ["9:22  module/resources  resources.memory is 96 MB: the shop needs 64 MB, the adapter of pay 64 MB more, 128 MB together; write that or more, or remove a channel.", "9:40  module/resources  resources.processes is 24: the shop needs 16, the adapter of pay 16 more, 32 together; write that or more, or remove a channel."]],
  ["a tier that has too few cores", { descriptor: descriptor.replace("cpus: 0.1", "cpus: 0.46") }, ["2:7  module/resources  The tier's cpus is 0.5: the shop needs 0.05, the adapter of pay 0.46 more, 0.51 together; choose a larger tier, or remove a channel."]],
])("%s is refused", (_fact, options, found) => {
  expect(load(options).lines.map((line) => line.replace(inFile(""), ""))).toEqual(found);
});

test("a descriptor's file name is what channels name it by", () => {
  expect(load({ name: "Hema" }).lines[0]).toMatch(
    /^stacks\/channels\/Hema\.yaml:1:1 {2}descriptor\/syntax {2}The id is "Hema": the file name is what channels name it by: 2 to 20/,
  );
});

test("a tier that does not list custom allows none", () => {
  const { lines } = fleetOf({
    "channels/hema.yaml": descriptor,
    "demo/mengxiang.yaml": `${goodFile}channels:\n  pay: { ${channel} }\n`,
    "Pulumi.demo.yaml": settings,
  });
  expect(lines).toEqual([
    inFile(
      "10:16  channel/tier  channels.pay.kind is custom: the tier standard (标准版) allows alipay, wechatPay, epay; write enabled: false below it; no tier allows more than its own.",
    ),
  ]);
});
