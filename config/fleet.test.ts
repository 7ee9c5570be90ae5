import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { loadFleet, problemsFor } from "./fleet";
import { secretVersions } from "./secret-versions";
import { fleetOf, goodFile, goodTiers, withHost } from "./testFleet";

const file = "stacks/demo/mengxiang.yaml:";
const alone = (text: string | Buffer): string[] =>
  fleetOf({ "demo/mengxiang.yaml": text }).lines.map((line) => line.replace(file, ""));
const without = (key: string): string => goodFile.replace(new RegExp(`^${key}:.*\n(?: .*\n)*`, "m"), "");
const digest = `sha256:${"a".repeat(64)}`;

test("a good file becomes a spec in base units, with the tier's limits where it asks for nothing", () => {
  const text = `${goodFile}image: registry.example.com:5000/shop@${digest}\nresources: { memory: 96 MB, processes: 20 }\n`;
  const { groups, problems, tiers, fileCount } = fleetOf({ "demo/mengxiang.yaml": text });
  const [spec] = groups.get("demo") ?? [];
  expect(problems).toEqual([]);
  expect(fileCount).toBe(2);
  expect([...tiers.keys()]).toEqual(["trial", "standard", "professional"]);
  expect(spec).toEqual({
    id: "mengxiang",
    group: "demo",
    file: expect.stringMatching(/\/demo\/mengxiang\.yaml$/) as string,
    title: "梦想点卡",
    tier: tiers.get("standard"),
    owner: { name: "王小明", contact: "微信 mengxiang88" },
    host: "mengxiang.substation.test",
    image: `registry.example.com:5000/shop@${digest}`,
    revenueShareBasisPoints: 1250,
    markupBasisPoints: 1000,
    modules: {},
    channels: [],
    initialData: {
      categories: [],
      goods: [],
      notices: [{ key: "after-sales", text: "付款后自动发货。售后请提供订单页面的网址。" }],
      pages: [
        expect.objectContaining({ slug: "about", title: "关于本店" }),
        expect.objectContaining({ slug: "how-to-buy" }),
      ],
    },
    resources: {
      memoryBytes: 96 * 2 ** 20,
      cpus: 0.5,
      processes: 20,
      databaseConnections: 5,
      statementTimeoutMs: 10_000,
      idleTransactionTimeoutMs: 30_000,
      temporaryStorageBytes: 32 * 2 ** 20,
      logSizeBytes: 10 * 2 ** 20,
    },
    secretVersions: secretVersions(),
    at: expect.any(Function) as unknown,
  });
  expect(spec?.at(["domain", "host"])).toEqual({ file: spec?.file, line: 7, column: 9 });
  expect(spec?.at(["resources", "cpus"])).toMatchObject({ line: 10, column: 12 });
});

test("the typed files of this repository have no problems", () => {
  const fleet = loadFleet(join(__dirname, "..", "stacks"));
  // Where the demo runs from this folder, its settings file says which secrets are stored; that is not a matter of the files.
  expect(fleet.problems.filter(({ code }) => code !== "secret/missing")).toEqual([]);
  expect(fleet.groups.get("demo")?.map(({ id, tier }) => `${id} ${tier.name}`)).toEqual([
    "haitang professional",
    "mengxiang standard",
    "xingchen trial",
  ]);
});

// prettier-ignore
test("files that are hardly typed files", () => {
  const empty = ["1:1  file/empty  The file is empty: write title, tier, owner, domain, revenueShare."];
  const noKeys = (seen: string): string[] => [`1:1  value/type  The file is ${seen}: keys and values are wanted, one "key: value" a line, indented below it.`];
  expect(alone("")).toEqual(empty);
  expect(alone("# nothing\n")).toEqual(empty);
  expect(alone("- a\n")).toEqual(noKeys("a list"));
  expect(alone("title:x\n")).toEqual(noKeys('"title:x"'));
  expect(alone(without("owner"))).toEqual(["1:1  key/missing  owner is missing: add it, with name and contact below it."]);
  expect(alone(goodFile + "#".repeat(65_536))).toEqual([expect.stringMatching(/^1:1 {2}file\/too-large {2}The file has 65,\d{3} bytes: a typed file has at most 65,536\.$/)]);
  expect(alone(Buffer.alloc(10 * 2 ** 20, "a"))).toEqual(["1:1  file/too-large  The file has 10,485,760 bytes: a typed file has at most 65,536."]);
  expect(alone("[".repeat(60_000))[0]).toBe("1:17  yaml/nesting  This is nested more than 16 levels deep: no key of a typed file is.");
});

// prettier-ignore
test("other encodings are named, with the place of the first byte that is not UTF-8", () => {
  expect(alone(Buffer.from(`\uFEFF${goodFile}`, "utf16le"))).toEqual(["1:1  text/encoding  The file is in UTF-16: save it as UTF-8 without BOM."]);
  const gbk = Buffer.concat([Buffer.from("# 好\ntitle: "), Buffer.from([0xc3, 0xce, 0xcf, 0xeb])]);
  expect(alone(gbk)).toEqual(['2:8  text/encoding  After "title: " stands the byte 0xC3, which is not UTF-8 (is the file in GBK?): save it as UTF-8.']);
});

test("line ends may be CRLF, and positions are the same", () => {
  const crlf = (text: string): string => text.replace(/\n/g, "\r\n");
  expect(alone(crlf(goodFile))).toEqual([]);
  const bad = goodFile
    .replace("12.5%", "12.5")
    .replace("contact", "contcat")
    .replace("tier: standard", "tier: 'x");
  expect(alone(crlf(bad)).map((line) => line.split("  ")[0])).toEqual(
    alone(bad).map((line) => line.split("  ")[0]),
  );
  expect(alone(goodFile.replace("\n", "\r"))[0]).toBe(
    '1:8  yaml/syntax  This is not YAML, at "梦想点卡\\rtier: standard" (Nested mappings are not allowed in compact mappings): put text that contains ": " in quotes.',
  );
  expect(alone(`${goodFile}# \r.\n`)).toEqual([
    "9:3  text/character  Here stands a carriage return that ends no line (U+000D): remove it.",
  ]);
});

test("one bad file never hides another's errors, and files between them are compared by what could be read", () => {
  const { lines, groups } = fleetOf({
    "demo/aa.yaml": `${goodFile}"`,
    "demo/bb.yaml": goodFile.replace("12.5%", "12"),
    "demo/cc.yaml": withHost("cc.substation.test"),
    "tiers.yaml": goodTiers.replace("1 GB", "1GB"),
  });
  expect(lines.map((line) => line.split("  ").slice(0, 2).join(" "))).toEqual([
    "stacks/demo/aa.yaml:7:9 host/taken",
    "stacks/demo/aa.yaml:9:1 yaml/syntax",
    "stacks/demo/bb.yaml:7:9 host/taken",
    "stacks/demo/bb.yaml:8:15 value/type",
    "stacks/tiers.yaml:29:17 unit/size",
  ]);
  expect(groups.get("demo")?.map((spec) => spec.id)).toEqual(["cc"]);
});

// prettier-ignore
test("ids and hosts that collide are reported in each of the files, with the other one", () => {
  const pair = (id: string, host: string) => ({ [`${id}.yaml`]: withHost(host) });
  const codes = (files: Record<string, string>): string[] => fleetOf(files).lines.map((line) => line.replace(/^stacks\//, ""));
  expect(codes({ ...pair("a/shop", "aa.s.test"), ...pair("b/shop", "bb.s.test") })).toEqual([
    'a/shop.yaml:1:1  id/taken  The id is "shop", and stacks/b/shop.yaml has it too: ids are one of a kind in the whole fleet; rename one.',
    'b/shop.yaml:1:1  id/taken  The id is "shop", and stacks/a/shop.yaml has it too: ids are one of a kind in the whole fleet; rename one.',
  ]);
  expect(codes({ ...pair("a/Shop", "aa.s.test"), ...pair("a/shop", "bb.s.test") }).map((line) => line.split("  ")[1])).toEqual(["id/syntax", "id/taken", "id/taken"]);
  expect(codes({ ...pair("a/wonderful-game-cards-1", "aa.s.test"), ...pair("b/wonderful-game-cards-2", "bb.s.test") })[0]).toBe(
    'a/wonderful-game-cards-1.yaml:1:1  id/truncated  The id is "wonderful-game-cards-1": that of stacks/b/wonderful-game-cards-2.yaml begins with the same 20 characters, and names of objects are cut there; rename one.',
  );
  expect(codes({ ...pair("a/aa", "meng.s.test"), ...pair("b/bb", "Meng.s.test") })).toEqual([
    'a/aa.yaml:7:9  host/taken  domain.host is "meng.s.test", and stacks/b/bb.yaml has it too: choose another.',
    'b/bb.yaml:7:9  host/syntax  domain.host is "Meng.s.test": write it in lower case: "meng.s.test".',
    'b/bb.yaml:7:9  host/taken  domain.host is "Meng.s.test", and stacks/a/aa.yaml has it too: choose another.',
  ]);
  for (const look of ["rnengxiang", "mengx1ang"]) {
    expect(codes({ ...pair("a/aa", "mengxiang.s.test"), ...pair("b/bb", `${look}.s.test`) })).toEqual([
      `a/aa.yaml:7:9  host/lookalike  domain.host is "mengxiang.s.test", which passes for "${look}.s.test" of stacks/b/bb.yaml: choose a name that nobody takes for another.`,
      `b/bb.yaml:7:9  host/lookalike  domain.host is "${look}.s.test", which passes for "mengxiang.s.test" of stacks/a/aa.yaml: choose a name that nobody takes for another.`,
    ]);
  }
  expect(codes({ ...pair("a/aa", "mall.s.test"), ...pair("b/bb", "mali.s.test"), ...pair("b/cc", "shop1.s.test"), ...pair("b/dd", "shop2.s.test") })).toEqual([]);
  expect(codes({ ...pair("a/aa", "meng.s.test"), ...pair("b/bb", "x.meng.s.test") })).toEqual([
    'b/bb.yaml:7:9  host/nested  domain.host is "x.meng.s.test", which lies below "meng.s.test" of stacks/a/aa.yaml: cookies of the one would reach the other; choose a name beside it.',
  ]);
});

// prettier-ignore
test("names of files and folders", () => {
  const good = Object.fromEntries(["Demo/aa", "platform-x/bb", "demo/platform", "demo/ab-", "demo/\u001b[31mx"].map((path, i) => [`${path}.yaml`, withHost(`h${i}.s.test`)]));
  const { lines } = fleetOf({ ...good, "demo/a.yml": "", "demo/B.YAML": "", "demo/x.yaml.bak": "", "demo/sub/x.yaml": "", "top.yaml": "", "tiers.yml": "",
    "Pulumi.demo.yaml": "", "demo/x.yaml~": "", "demo/.x.yaml.swp": "", "demo/#x.yaml#": "", "demo/README.md": "", ".git/config": "" });
  const id = 'the file name is the id: 2 to 31 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"; rename the file.';
  expect(lines).toEqual([
    'stacks/Demo:1:1  group/syntax  The group is "Demo": a group is a Pulumi stack: 1 to 31 of a-z, 0-9 and "-", beginning with a letter, not ending with "-"; rename the folder.',
    `stacks/demo/\\u001b[31mx.yaml:1:1  id/syntax  The id is "\\u001b[31mx": ${id}`,
    'stacks/demo/B.YAML:1:1  file/extension  The extension is ".YAML": rename the file to "B.yaml".',
    'stacks/demo/a.yml:1:1  file/extension  The extension is ".yml": rename the file to "a.yaml".',
    `stacks/demo/ab-.yaml:1:1  id/syntax  The id is "ab-": ${id}`,
    'stacks/demo/platform.yaml:1:1  id/reserved  The id is "platform": that word is reserved; rename the file.',
    "stacks/demo/sub:1:1  file/kind  This is a folder, but groups are one level deep: move what is in it, and remove the folder.",
    "stacks/demo/x.yaml.bak:1:1  file/unexpected  Only <id>.yaml is read here, this is passed over: rename it, or move it elsewhere.",
    'stacks/platform-x:1:1  group/reserved  The group is "platform-x": that name is for the stacks of platforms; rename the folder.',
    'stacks/tiers.yml:1:1  file/extension  The extension is ".yml": rename the file to "tiers.yaml".',
    "stacks/top.yaml:1:1  file/misplaced  A substation's file belongs in the folder of its group: move it to stacks/<group>/.",
  ]);
  expect(fleetOf(Object.fromEntries(Array.from({ length: 27 }, (_, i) => [`demo/s${i}.yaml`, withHost(`s${i}.s.test`)]))).lines).toEqual([
    "stacks/demo:1:1  group/full  The group has 27 substations: at most 25 share a stack; move 2 to another group.",
  ]);
  expect(loadFleet("/nonexistent/stacks").problems).toEqual([{ file: "/nonexistent/stacks", line: 1, column: 1, code: "file/missing",
    message: "There is no such folder: run this where stacks/ is, or name it with --stacks." }]);
});

test("links, loops, folders and pipes named like a file are neither followed nor waited for", () => {
  const { lines, fileCount } = fleetOf({ "demo/mengxiang.yaml": goodFile }, (root) => {
    symlinkSync("/etc/passwd", join(root, "demo/out.yaml"));
    symlinkSync("loop.yaml", join(root, "demo/loop.yaml"));
    symlinkSync("..", join(root, "up"));
    mkdirSync(join(root, "demo/folder.yaml"));
    execFileSync("mkfifo", [join(root, "demo/pipe.yaml")]);
  });
  expect(lines).toEqual([
    "stacks/demo/folder.yaml:1:1  file/kind  This is a folder, but a file is expected under this name: move what is in it, and remove the folder.",
    'stacks/demo/loop.yaml:1:1  file/symlink  This is a symbolic link to "loop.yaml": put the file itself here.',
    'stacks/demo/out.yaml:1:1  file/symlink  This is a symbolic link to "/etc/passwd": put the file itself here.',
    "stacks/demo/pipe.yaml:1:1  file/kind  This is no regular file: remove it.",
    'stacks/up:1:1  file/symlink  This is a symbolic link to "..": put the file itself here.',
  ]);
  expect(fileCount).toBe(2);
});

test("a file that this user may not read is a problem of its own", () => {
  // Root may read everything: the files are read as nobody.
  const root = process.geteuid?.() === 0;
  const files = { "demo/aa.yaml": goodFile, "demo/bb.yaml": withHost("bb.s.test") };
  try {
    const { lines } = fleetOf(
      files,
      (folder) => {
        for (const path of ["", "demo"]) chmodSync(join(folder, path), 0o755);
        chmodSync(join(folder, "demo/aa.yaml"), 0);
        if (root) process.seteuid?.(65534);
      },
      () => root && process.seteuid?.(0),
    );
    expect(lines).toEqual([
      "stacks/demo/aa.yaml:1:1  file/unreadable  The file cannot be read (permission denied): let this user read it.",
    ]);
  } finally {
    if (root) process.seteuid?.(0);
  }
});

test("tiers are held to the same rules, and a bad tier brings no complaints about those who use it", () => {
  const { lines } = fleetOf({
    "tiers.yaml": goodTiers
      .replace("10s", "10")
      .replace("title: 标准版", "titel: 标准版")
      .replace("  professional:", "  VIP:"),
    "demo/mengxiang.yaml": goodFile,
  });
  expect(lines).toEqual([
    'stacks/tiers.yaml:5:94  value/type  tiers.trial.limits.statementTimeout is 10, a number: write "10s"; the form is a whole number followed by ms, s, m (minutes) or h, like "30s".',
    "stacks/tiers.yaml:14:3  key/missing  tiers.standard.title is missing: add it, like title: 标准版.",
    'stacks/tiers.yaml:15:5  key/unknown  tiers.standard.titel is no key here: did you mean "title"? The keys are title, limits, modules, channels, maximumChannels, markup, revenueShare, scopes.',
    'stacks/tiers.yaml:26:3  tier/syntax  tiers.VIP is no name for a tier: a tier\'s name is up to 31 of a-z, 0-9 and "-", beginning with a letter.',
  ]);
  expect(fleetOf({ "tiers.yaml": "tiers: [", "demo/mengxiang.yaml": goodFile }).lines).toHaveLength(1);
});

test("a group is stopped by its own problems and by those of the whole, not by another group's", () => {
  const fleet = fleetOf({ "one/aa.yaml": "", "two/bb.yaml": "", "tiers.yaml": "tiers:\n", "x.txt": "" });
  const names = (group: string): string[] =>
    problemsFor(fleet, group).map(({ file }) => file.replace(`${fleet.root}/`, ""));
  expect(names("one")).toEqual(["one/aa.yaml", "tiers.yaml", "x.txt"]);
  expect(names("two")).toEqual(["tiers.yaml", "two/bb.yaml", "x.txt"]);
});

test("whatever bytes stand in a file: it is accepted, or it has a problem with a place inside it", () => {
  const good = Buffer.from(goodFile);
  const mutated = fc
    .array(
      fc.tuple(
        fc.nat(good.length),
        fc.nat(6),
        fc.oneof(
          fc.uint8Array({ maxLength: 6 }),
          fc.string({ unit: "binary", maxLength: 4 }),
          fc.constantFrom(":", "\n", "\t", "&a ", "*a", "!!", "? ", "- ", "|", '"', "{", "%"),
        ),
      ),
    )
    .map((edits) =>
      edits.reduce(
        (text, [at, cut, add]) =>
          Buffer.concat([text.subarray(0, at), Buffer.from(add as string), text.subarray(at + cut)]),
        good,
      ),
    );
  fc.assert(
    fc.property(
      fc.oneof(
        mutated,
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      (bytes) => {
        const { groups, problems } = fleetOf({ "demo/mengxiang.yaml": bytes });
        const accepted = groups.get("demo")?.length === 1;
        expect(accepted).toBe(problems.length === 0);
        const lines = bytes.toString("utf8").split("\n");
        for (const { line, column, message } of problems) {
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1);
          expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test("a fleet that is asked for again is told anew wherever something changed that it comes from", () => {
  const root = mkdtempSync(join(tmpdir(), "substation-again-"));
  const write = (path: string, content: string) => writeFileSync(join(root, path), content);
  const one = () => {
    const { groups, problems } = loadFleet(root);
    return { spec: groups.get("demo")?.[0], problems: problems.map(({ code }) => code) };
  };
  const epay = `channels:
  ee: { kind: epay, version: v1, gateway: "https://pay.example.com", merchantId: "7", type: alipay, secrets: { key: k }, fee: 2% }
`;
  try {
    mkdirSync(join(root, "demo"));
    mkdirSync(join(root, "templates", "standard"), { recursive: true });
    write("tiers.yaml", goodTiers);
    write("demo/mengxiang.yaml", goodFile + epay);
    const template = readFileSync(join(__dirname, "../templates/standard/template.yaml"), "utf8");
    write("templates/standard/template.yaml", template);
    const first = one();
    expect(first.problems).toEqual([]);
    expect(one().spec).toBe(first.spec); // nothing was read again

    write("tiers.yaml", goodTiers.replace("192 MB", "160 MB"));
    expect(one().spec?.resources.memoryBytes).toBe(160 * 2 ** 20);
    write("templates/standard/template.yaml", template.replace("title: 关于本店", "title: 我们"));
    expect(one().spec?.initialData.pages.map(({ title }) => title)).toContain("我们");
    write("Pulumi.demo.yaml", "config: {}\n");
    expect(one()).toEqual({ spec: undefined, problems: ["secret/missing"] });
    write("demo/mengxiang.yaml", goodFile.replace("梦想点卡", "梦想"));
    expect(one().spec?.title).toBe("梦想");
    write("demo/mengxiang.yaml", goodFile.replace("tier: standard", "tier: none"));
    expect(one().problems).toEqual(["tier/unknown"]);
    write("demo/mengxiang.yaml", goodFile.replace("梦想点卡", "梦想"));
    expect(one().problems).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
