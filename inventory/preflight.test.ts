import type { SubstationSpec } from "../config/fleet";
import { databaseName, mark, volumeName } from "../config/names";
import type { Platform } from "../config/platform";
import { foreign, gone, outsideZone, withoutSandbox, type Live } from "./preflight";

const platform = {
  name: "local",
  dns: { name: "substation.test" },
  database: { user: "provisioner" },
} as Platform;
const spec = (id: string, host = `${id}.substation.test`) =>
  ({
    id,
    group: "demo",
    host,
    channels: [],
    at: () => ({ file: `stacks/demo/${id}.yaml`, line: 4, column: 9 }),
  }) as unknown as SubstationSpec;
const nothing: Live = { containers: [], volumes: [], databases: [], roles: [], records: [] };
const ours = mark({ platform: "local", group: "demo", id: "mengxiang" });
const theirs = mark({ platform: "other", group: "demo", id: "mengxiang" });
const db = databaseName("local", "mengxiang");

const container = (Name: string, Labels: Record<string, string>) => ({
  Id: "1",
  Names: [`/${Name}`],
  Image: "nginx",
  Labels,
  Created: 1_700_000_000,
  State: "running",
  Status: "Up 2 minutes (healthy)",
});
const record = (comment: string | null) => ({
  id: "r",
  name: "mengxiang.substation.test",
  type: "A",
  content: "192.0.2.1",
  comment,
});
const found = (live: Partial<Live>) =>
  foreign("demo", [spec("mengxiang")], platform, { ...nothing, ...live }).map((p) => p.message);

test("what bears our mark, or was made by us and not yet marked, is no obstacle", () => {
  const roles = [
    { name: db, mark: ours, owner: "provisioner" },
    { name: `${db}_app`, mark: null, owner: "provisioner" },
  ];
  expect(
    found({
      databases: [{ name: db, mark: null, owner: "provisioner" }],
      roles,
      containers: [container("local-mengxiang-shop-aaaaaaaaaa", { "substation.mark": ours })],
      volumes: [{ Name: volumeName("local", "mengxiang"), Labels: { "substation.mark": ours } }],
      records: [record(ours)],
    }),
  ).toEqual([]);
});

test("a foreign object under one of our names is named with its owner", () => {
  expect(found({ databases: [{ name: db, mark: null, owner: "alice" }] })).toEqual([
    `mengxiang cannot be opened: there is already a database ${db}, which belongs to alice; nothing of it is touched: have its owner remove it, or give the substation another id or host`,
  ]);
  const messages = [
    ...found({ databases: [{ name: db, mark: theirs, owner: "provisioner" }] }),
    ...found({ roles: [{ name: `${db}_app`, mark: null, owner: "bob" }] }),
    ...found({
      containers: [container("local-mengxiang-shop-bbbbbbbbbb", { "com.docker.compose.project": "blog" })],
    }),
    ...found({ volumes: [{ Name: volumeName("local", "mengxiang"), Labels: null }] }),
    ...found({ records: [record("mail team")] }),
  ];
  expect(messages.map((text) => /which (?:belongs to|was made by) ([^;]+);/.exec(text)?.[1])).toEqual([
    'provisioner ("substation other/demo/mengxiang")',
    "bob",
    '"blog"',
    "an unknown owner (it has no label of ours)",
    "mail team",
  ]);
});

test("one whose file was moved is told from its database; what a moving has yet to mark anew is ours by it", () => {
  const marked = (group: string) => mark({ platform: "local", group, id: "mengxiang" });
  const live = (group: string): Live => ({
    ...nothing,
    databases: [{ name: db, mark: marked(group), owner: "provisioner" }],
    containers: [container("local-mengxiang-shop-aaaaaaaaaa", { "substation.mark": marked("vip") })],
    volumes: [{ Name: volumeName("local", "mengxiang"), Labels: { "substation.mark": marked("vip") } }],
    records: [record(marked("vip"))],
  });
  const [stands, between] = ["vip", "demo>vip"].map((group) =>
    foreign("demo", [spec("mengxiang")], platform, live(group)),
  );
  expect([stands, between]).toMatchObject([
    [
      {
        code: "file/moved",
        message: expect.stringMatching(
          /^mengxiang stands in the group vip, and its file is in demo: /,
        ) as string,
      },
    ],
    [
      {
        code: "file/moved",
        message: expect.stringMatching(/^mengxiang is on its way between demo and vip, /) as string,
      },
    ],
  ]);
  expect(found(live("demo"))).toEqual([]);
  const { databases } = live("vip>demo");
  // This project has stacks/demo/mengxiang.yaml.
  const stacks = `${process.cwd()}/stacks`;
  expect(gone("vip", [], platform, stacks, { ...nothing, databases })).toMatchObject([
    { file: "stacks/vip/mengxiang.yaml", code: "file/moved" },
  ]);
});

test("objects of other substations with similar names are not taken for ours", () => {
  expect(found({ containers: [container("local-mengxiang-shop-x-shop-cccccccccc", {})] })).toEqual([]);
});

test("an open substation without a file is a problem of this group, of no other group or platform", () => {
  const databases = [
    ours,
    theirs,
    mark({ platform: "local", group: "vip", id: "xingchen" }),
    "a comment",
    null,
  ].map((text, at) => ({
    name: `ss_${at}`,
    mark: text,
    owner: "provisioner",
  }));
  const problems = gone("demo", [], platform, `${process.cwd()}/stacks`, { ...nothing, databases });
  expect(problems.map(({ file, code }) => [file, code])).toEqual([
    ["stacks/demo/mengxiang.yaml", "file/gone"],
  ]);
  expect(gone("demo", ["mengxiang"], platform, "stacks", { ...nothing, databases })).toEqual([]);
});

test("a file that was renamed is told so, at its new name", () => {
  const databases = [{ name: db, mark: ours, owner: "provisioner" }];
  const host = "mengxiang.substation.test";
  const records = [{ id: "r", name: host, type: "A", content: "1.2.3.4", comment: ours }];
  const renamed = [spec("xingchen", host)];
  const problems = gone(
    "demo",
    ["xingchen"],
    platform,
    `${process.cwd()}/stacks`,
    { ...nothing, databases, records },
    renamed,
  );
  expect(problems).toMatchObject([
    { file: "stacks/demo/xingchen.yaml", code: "file/renamed" },
    { file: "stacks/demo/mengxiang.yaml", code: "file/gone" },
  ]);
  expect(problems[0]!.message).toMatch(
    /^this seems to be mengxiang under another name, .*stacks\/demo\/mengxiang\.yaml"/,
  );
});

test("a host outside the zone is refused where it stands", () => {
  expect(
    outsideZone([spec("a"), spec("b", "b.example.com"), spec("c", "xsubstation.test")], platform),
  ).toMatchObject([
    { file: "stacks/demo/b.yaml", line: 4, column: 9, code: "host/zone" },
    { file: "stacks/demo/c.yaml", code: "host/zone" },
  ]);
});

test("a sandbox channel is refused where it stands, on a platform without sandbox gateways alone", () => {
  const channels = [
    { id: "alipay", sandbox: true },
    { id: "epay", sandbox: false },
  ];
  const sold = { ...spec("a"), channels } as unknown as SubstationSpec;
  expect(withoutSandbox([sold], platform)).toMatchObject([
    { file: "stacks/demo/a.yaml", line: 4, column: 9, code: "channel/sandbox" },
  ]);
  const half = { ...platform, sandboxGateway: "http://10.87.255.1:9180" }; // as it was exported before there was a key
  expect(withoutSandbox([sold], half)).toHaveLength(1);
  expect(withoutSandbox([sold], { ...half, sandboxPublicKey: "MIIB" })).toEqual([]);
});
