import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { loadFleet } from "../../config/fleet";
import { goodFile, goodTiers, withHost } from "../../config/testFleet";
import { draftSubstations, writeSubstations } from "./new";
import type { Asked } from "./wanted";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "substation-new-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

const lay = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries({ "tiers.yaml": goodTiers, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};
const own = { title: "天河", "owner.name": "张三", "owner.contact": "QQ 10002" };
const asked = (id: string, values: Record<string, string> = {}, more: Partial<Asked> = {}): Asked => ({
  id,
  from: "mengxiang",
  values: new Map(Object.entries({ ...own, ...values })),
  ...more,
});
/** Drafts and, where they have no faults, writes. */
function make(...wanted: Asked[]) {
  const { drafts, faults } = draftSubstations(root, wanted);
  const told = faults.map(({ index, key, code, message }) =>
    `${index} ${key ?? "-"}  ${code}  ${message}`.replaceAll(root, "stacks"),
  );
  return { told, written: faults.length === 0 ? writeSubstations(drafts) : [] };
}
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const problems = () => loadFleet(root).problems;

const sandbox = `  zfb:
    kind: alipay
    sandbox: true # the platform's
    appId: "2021000000000001" # in quotes
    secrets: { privateKey: zfb-key }
    fee: 0.6%
`;
const epay = `  shouqian:
    kind: epay
    version: v1
    gateway: https://pay.example.com
    merchantId: "1001"
    type: alipay
    secrets: { key: epay-key }
    fee: 1%
`;

test("a copy keeps what shops may share, with its comments, and says itself what is its own", () => {
  const text = `# A shop.\n${goodFile.replace("  contact:", "  crmId: C-1\n  # Call him.\n  contact:")}markup: 15% # more than most\nchannels:\n${sandbox}${epay}secretVersions: { root: 3 }\n`;
  lay({ "demo/mengxiang.yaml": text });
  const { told, written } = make(asked("tianhe", { "channels.zfb.dailyCap": "1000.00" }));
  expect(told).toEqual([]);
  expect(written).toEqual([
    {
      id: "tianhe",
      group: "demo",
      file: join(root, "demo/tianhe.yaml"),
      from: "mengxiang",
      left: [
        "channels.shouqian was left out: its merchant is that of mengxiang. Write it with the new shop's own (gateway, merchantId, type)",
      ],
      secrets: { sandbox: ["zfb-key"], real: [] },
    },
  ]);
  expect(read("demo/tianhe.yaml")).toBe(`# A shop.
title: 天河
tier: standard
owner:
  name: 张三
  # Call him.
  contact: QQ 10002
domain:
  host: tianhe.substation.test
revenueShare: 12.5%
markup: 15% # more than most
channels:
  zfb:
    kind: alipay
    sandbox: true # the platform's
    appId: "2021000000000001" # in quotes
    secrets: { privateKey: zfb-key }
    fee: 0.6%
    dailyCap: "1000.00"
`);
  expect(problems()).toEqual([]);
  expect(read("demo/mengxiang.yaml")).toBe(text);
});

test("where all channels are real merchants none is copied, and one is written by its keys", () => {
  lay({ "demo/mengxiang.yaml": `${goodFile}channels:\n${epay}` });
  expect(make(asked("tianhe")).written[0]?.left).toHaveLength(1);
  expect(read("demo/tianhe.yaml")).not.toContain("channels");
  const keys = { kind: "epay", version: "v1", gateway: "https://pay.example.com", merchantId: "2002", type: "alipay", "secrets.key": "k", fee: "1%", weight: "3", enabled: "false" }; // prettier-ignore
  const values = Object.fromEntries(
    Object.entries(keys).reverse().map(([key, value]) => [`channels.mine.${key}`, value]), // prettier-ignore
  );
  const { told, written } = make(asked("yuexiu", values));
  expect(told).toEqual([]);
  expect(written[0]?.secrets).toEqual({ sandbox: [], real: ["k"] });
  const spec = loadFleet(root).groups.get("demo")?.find(({ id }) => id === "yuexiu"); // prettier-ignore
  expect(spec?.channels[0]).toMatchObject({
    id: "mine",
    weight: 3,
    enabled: false,
    fields: { merchantId: "2002" },
  });
});

test("a secret that is not stored yet does not hold up the file that names it", () => {
  lay({ "demo/mengxiang.yaml": `${goodFile}channels:\n${sandbox}`, "Pulumi.demo.yaml": "config: {}\n" });
  expect(make(asked("tianhe")).written).toHaveLength(1);
  expect(problems().filter(({ code }) => code !== "secret/missing")).toEqual([]);
});

test("every shipped template makes a shop that passes the check, with its variables filled in", () => {
  const variables = { "variables.slogan": "靠得住", "variables.serviceContact": "QQ 1" };
  lay({ "demo/mengxiang.yaml": goodFile });
  const { told } = make(
    asked("biaozhun", {}, { from: "standard" }),
    asked("xiaodian", variables, { from: "boutique" }),
  );
  expect(told).toEqual([]);
  expect(problems()).toEqual([]);
  expect(read("demo/biaozhun.yaml"))
    .toBe(`# yaml-language-server: $schema=../../schemas/substation.schema.json

title: 天河
tier: standard
owner:
  name: 张三
  contact: QQ 10002
domain:
  host: biaozhun.substation.test
revenueShare: 12.5%
template: standard
modules:
  gameCards:
    categories: [steam, qq]
  phoneTopUp:
    carriers: [mobile, unicom, telecom]
    faceValues: ["30.00", "50.00", "100.00"]
`);
  const specs = loadFleet(root).groups.get("demo") ?? [];
  const [standard, , boutique] = specs.map(({ initialData }) => initialData);
  expect(standard?.goods.map(({ title }) => title).slice(-1)).toEqual(["中国电信 话费 100.00 元"]);
  expect(boutique?.goods.map(({ title }) => title)).toContain("Xbox 会员 · 一个月");
  expect(boutique?.notices.at(-1)?.text).toBe("靠得住");
  expect(standard?.pages.map(({ slug }) => slug)).not.toEqual(boutique?.pages.map(({ slug }) => slug));
});

// prettier-ignore
test.each<[what: string, wanted: Asked[], expected: string[]]>([
  ["what a shop has to say for itself", [asked("aa", {}, { values: new Map() })], ["0 title  key/missing  title is missing: each shop has its own.", "0 owner.name  key/missing  owner.name is missing: each shop has its own.", "0 owner.contact  key/missing  owner.contact is missing: each shop has its own."]],
  ["an id that exists", [asked("mengxiang")], ['0 id  id/taken  The id is "mengxiang", and stacks/demo/mengxiang.yaml has it: no file is ever overwritten; choose another.']],
  ["an id that another group has", [asked("mengxiang", {}, { group: "two" })], ['0 id  id/taken  The id is "mengxiang", and stacks/demo/mengxiang.yaml has it: no file is ever overwritten; choose another.']],
  ["an id twice", [asked("aa"), asked("aa", { "domain.host": "b.substation.test" })], ['1 id  id/taken  The id is "aa", and another of the new ones has it: no file is ever overwritten; choose another.']],
  ["an id that is none", [asked("A_a", { "domain.host": "a.substation.test" })], ['0 id  id/syntax  It would be "demo/A_a.yaml": the file name is the id: 2 to 31 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"; rename the file.']],
  ["the folder of descriptors", [asked("aa", {}, { group: "channels" })], ['0 group  group/reserved  It would be "channels/aa.yaml": that folder is for descriptors of payment systems; choose another.']],
  ["the folder of templates", [asked("aa", {}, { group: "templates" })], ['0 group  group/reserved  It would be "templates/aa.yaml": that folder is for templates; choose another.']],
  ["a group that is none", [asked("aa", {}, { group: "platform" })], ['0 group  group/reserved  It would be "platform/aa.yaml": that name is for the stacks of platforms; rename the folder.']],
  ["a path for an id", [asked("../../x", { "domain.host": "a.substation.test" })], [expect.stringMatching(/^0 id {2}id\/syntax/) as string]],
  ["a host that is taken", [asked("aa", { "domain.host": "mengxiang.substation.test" })], ['0 domain.host  host/taken  domain.host is "mengxiang.substation.test", and stacks/demo/mengxiang.yaml has it too: choose another.']],
  ["two shops of one host", [asked("aa"), asked("bb", { "domain.host": "aa.substation.test" })], ['0 domain.host  host/taken  domain.host is "aa.substation.test", and stacks/demo/bb.yaml has it too: choose another.', '1 domain.host  host/taken  domain.host is "aa.substation.test", and stacks/demo/aa.yaml has it too: choose another.']],
  ["a value that is wrong", [asked("aa", { revenueShare: "12,5%" })], ['0 revenueShare  unit/share  revenueShare is "12,5%": write "12.5%"; the form is a percentage from 0% to 100% with at most two decimals, like "12.5%".']],
  ["a key that there is not", [asked("aa", { markpu: "1%" })], [expect.stringMatching(/^0 markpu {2}key\/unknown {2}markpu is no key here: did you mean "markup"\?/) as string]],
  ["a key below a value", [asked("aa", { "tier.name": "x" })], ["0 tier.name  key/unknown  tier.name cannot be set: a value stands above it, not keys."]],
  ["a tier that there is not", [asked("aa", { tier: "standrad" })], ['0 tier  tier/unknown  tier is "standrad": did you mean "standard"? The tiers of tiers.yaml are trial, standard, professional.']],
  ["a source that there is not", [asked("aa", {}, { from: "mengxian" })], ['0 from  template/unknown  there is no template or substation "mengxian": did you mean "mengxiang"? the templates are boutique, standard; the substations mengxiang.']],
  ["a variable without a value", [asked("aa", { "variables.slogan": "x" }, { from: "boutique" })], ["0 variables.serviceContact  template/value  variables.serviceContact is missing: the template boutique wants it (公开给顾客的客服联系方式); add variables: { serviceContact: … }."]],
  ["a list with what there is not", [asked("aa", { "modules.phoneTopUp.carriers": "mobile, unicorn", "modules.phoneTopUp.faceValues": "[30.00, 50.00]" })], ['0 modules.phoneTopUp.carriers  value/choice  modules.phoneTopUp.carriers[1] is "unicorn": did you mean "unicom"? The choices are mobile, unicom, telecom.']],
  ["one that is wrong among those that are right", [asked("aa"), asked("bb", { tier: "x" }), asked("cc")], [expect.stringMatching(/^1 tier {2}tier\/unknown/) as string]],
])("%s: it is told, and nothing is written", (_, wanted, expected) => {
  lay({ "demo/mengxiang.yaml": goodFile });
  expect(make(...wanted).told).toEqual(expected);
  expect([readdirSync(root).sort(), readdirSync(join(root, "demo"))]).toEqual([["demo", "tiers.yaml"], ["mengxiang.yaml"]]);
});

test("a name that a template and a substation share has to be told apart", () => {
  lay({ "demo/standard.yaml": withHost("s.substation.test") });
  expect(make(asked("aa", {}, { from: "standard" })).told).toEqual([
    '0 from  template/unknown  "standard" is a template and a substation: write template:standard or substation:standard.',
  ]);
  expect(make(asked("aa", {}, { from: "substation:standard" })).written[0]?.from).toBe("standard");
});

test("a group holds 25: the first one too many is told, with what to do", () => {
  lay(
    Object.fromEntries(
      Array.from({ length: 23 }, (_, i) => [`demo/s${i}.yaml`, withHost(`s${i}.substation.test`)]),
    ),
  );
  const many = ["aa", "bb", "cc", "dd"].map((id) => asked(id, {}, { from: "standard" }));
  expect(make(...many).told).toEqual([
    "2 group  group/full  The group has 27 substations: at most 25 share a stack; move 2 to another group.",
  ]);
  expect(make(...many.slice(0, 2)).written).toHaveLength(2);
});

test("other files' problems do not hold up a new one, unless they hide its own", () => {
  lay({ "demo/mengxiang.yaml": goodFile, "two/bad.yaml": "title: 5\n" });
  expect(make(asked("tianhe")).told).toEqual([]);
  lay({ "tiers.yaml": "tiers: [" });
  expect(() => make(asked("haizhu"))).toThrow(
    /^nothing can be checked while the typed files have these problems:\n[^\n]*tiers\.yaml:1:9  yaml\/syntax[^\n]*$/,
  );
  expect(existsSync(join(root, "demo/haizhu.yaml"))).toBe(false);
});

test("a file that came in between is not overwritten, and those before it are taken back", () => {
  lay({ "demo/mengxiang.yaml": goodFile });
  const { drafts } = draftSubstations(root, [asked("aa"), asked("bb")]);
  writeFileSync(join(root, "demo/bb.yaml"), "mine");
  expect(() => writeSubstations(drafts)).toThrow(
    /demo\/bb\.yaml cannot be written \(EEXIST\)\. Nothing was written\.$/,
  );
  expect([existsSync(join(root, "demo/aa.yaml")), read("demo/bb.yaml")]).toEqual([false, "mine"]);
});

test("of a file that cannot be written whole nothing stays, nor of those before it", () => {
  lay({ "demo/mengxiang.yaml": goodFile });
  const { drafts } = draftSubstations(root, [asked("aa"), asked("bb")]);
  const write = fs.writeFileSync;
  let writes = 0;
  const full = jest.spyOn(fs, "writeFileSync").mockImplementation((file, text, options) => {
    if (++writes === 1) return write(file, text, options);
    write(file, (text as string).slice(0, 10), options);
    throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
  });
  try {
    expect(() => writeSubstations(drafts)).toThrow(
      /demo\/bb\.yaml cannot be written \(ENOSPC\)\. Nothing was written\.$/,
    );
  } finally {
    full.mockRestore();
  }
  expect(readdirSync(join(root, "demo"))).toEqual(["mengxiang.yaml"]);
});

test("whatever title, owner and contact are given: they are told, or they stand in the file as they were given", () => {
  lay({ "demo/mengxiang.yaml": `# c\n${goodFile}` });
  const text = fc.string({
    unit: fc.constantFrom(..."a:#'\"{}[]%&*!|>@`,- \n点0é"),
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, text, text, (title, name, contact) => {
      rmSync(join(root, "demo/tianhe.yaml"), { force: true });
      const { told } = make(asked("tianhe", { title, "owner.name": name, "owner.contact": contact }));
      const spec = loadFleet(root).groups.get("demo")?.find(({ id }) => id === "tianhe"); // prettier-ignore
      if (told.length > 0) expect(spec).toBeUndefined();
      else expect(spec).toMatchObject({ title, owner: { name, contact } });
      expect(problems()).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
