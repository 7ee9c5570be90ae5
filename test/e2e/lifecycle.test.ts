import * as fs from "node:fs";
import * as path from "node:path";
import type { Certificate } from "../../config/lifecycle/certificate";
import { databaseName, labels, mark } from "../../config/names";
import { certificateFault } from "../../fleet/lifecycle/archive";
import { keptExports } from "../../fleet/lifecycle/export/folder";
import { writeOrder } from "../../fleet/lifecycle/order-file";
import { restore } from "../../fleet/lifecycle/restore";
import { resume, suspend } from "../../fleet/lifecycle/suspend";
import { setPlainConfig } from "../../fleet/stack-settings";
import { until } from "../../local/process";
import { sandboxChannel } from "./buyer";
import { emulator } from "./dns-faults";
import { killedAt } from "./killed-at";
import type { Ran } from "../../cli/testing";
import { command, Lab } from "./lab";
import { expectIn, treasure } from "./moving";
import { asSuperuser, recordsOf } from "./observe";
import { Purchases } from "./purchases";

/** What becomes of a substation after its opening, on the real engine, with real servers: suspended and resumed, closed and restored. */
jest.setTimeout(600_000);

const group = "shops";
const shop = () => ({
  tier: "standard",
  modules: { gameCards: { categories: ["steam"] } },
  channels: { alipay: sandboxChannel.alipay() },
});
const shops = { jia: shop(), yi: shop() };
const host = "jia.substation.test";

let lab: Lab;
let purchases: Purchases;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "life" });
  for (const [id, fields] of Object.entries(shops)) lab.write(group, id, fields);
  await lab.ensureStack(group);
  for (const id of Object.keys(shops)) await lab.sandbox(id);
  await lab.up(group);
  purchases = new Purchases(lab, group, shops);
});
afterAll(() => lab?.close());

test("a suspended shop says so through the ingress and takes the money that is under way; a broken file beside it does not matter", async () => {
  const begun = await purchases.begin("jia", "alipay");
  const file = fs.readFileSync(lab.file(group, "jia"), "utf8");
  fs.writeFileSync(lab.file(group, "bing"), "title: [\n");
  const done = await suspend(lab.workspace, "jia", "升级中");
  expect(done).toMatchObject({ reason: "升级中", disobeyed: [] });

  const { status, headers, body } = await lab.get(host);
  expect([status, headers["retry-after"]]).toEqual([503, "3600"]);
  expect(body).toMatch(/data-suspended[^]*升级中[^]*QQ 10001/);
  await purchases.pay(begun);
  await purchases.calls(begun.which, 1);
  const books = purchases.books("jia");
  expect(await books.of(begun.which.outTradeNo)).toMatchObject({ order: "delivered", deliveries: 1 });
  const page = await lab.get(host, begun.order);
  expect([page.status, page.body.includes("data-delivered")]).toEqual([503, true]);
  expect((await lab.get("yi.substation.test")).status).toBe(200);
  fs.rmSync(lab.file(group, "bing"));

  const told = await lab.substation("status", "jia", "--json");
  expect([told.code, JSON.parse(told.stdout)]).toMatchObject([
    0,
    [{ id: "jia", ok: true, open: false, suspended: { reason: "升级中" } }],
  ]);

  await resume(lab.workspace, "jia");
  expect(fs.readFileSync(lab.file(group, "jia"), "utf8")).toBe(file);
  expect((await lab.get(host)).status).toBe(200);
  const [goods] = await purchases.visitor("jia").goods();
  expect((await purchases.visitor("jia").buy(goods!, "alipay")).state).toBe("delivered");
});

/** All that is left of a substation, on every server. */
async function left(id: string): Promise<readonly string[]> {
  const owner = { platform: lab.name, group, id };
  const docker = async (...args: string[]) =>
    (await command("docker", [...args, "--filter", `label=${labels.mark}=${mark(owner)}`]))
      .split("\n")
      .filter(Boolean);
  const database = databaseName(lab.name, id);
  const rows = await asSuperuser(lab, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname = $1 UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1 || '%'",
      [database],
    );
    return rows.map(({ name }) => name);
  });
  const { stdout } = await lab.pulumi(["stack", "export", "-s", group]);
  return [
    ...(await docker("ps", "-aq")),
    ...(await docker("volume", "ls", "-q")),
    ...(await recordsOf(lab, `${id}.substation.test`)).map(({ name }) => name),
    ...rows,
    ...(stdout.includes(`:Substation::${id}"`) ? ["in its stack"] : []),
    ...(fs
      .readFileSync(path.join(lab.root, "stacks", `Pulumi.${group}.yaml`), "utf8")
      .includes(`secret.${id}.`)
      ? ["secrets"]
      : []),
  ];
}

const orderOf = (id: string) => ["--by", "王小明", "--reason", "不再经营", "--grace", "1s", "--confirm", id];

describe("closing", () => {
  const exportsFolder = () => path.join(lab.home, "exports");

  beforeAll(() =>
    setPlainConfig(lab.workspace, "platform", [
      ["minimumGrace", "1s"],
      ["exportsFolder", exportsFolder()],
    ]),
  );

  test("an order is restored with all data as long as nothing was removed; it is asked for in a way that is no slip", async () => {
    const before = await purchases.books("yi").rows("SELECT * FROM shop.card ORDER BY id");
    const [slip, unnamed] = [
      await lab.substation("close", "yi", ...orderOf("yj")),
      await lab.substation("close", "yi", "--confirm", "yi"),
    ];
    expect([slip.code, slip.stderr, unnamed.code]).toEqual([
      1,
      'substation: "yj" is not "yi": nothing was changed.\n',
      1,
    ]);
    const ordered = await lab.substation(
      "close",
      "yi",
      ...orderOf("yi").map((word) => (word === "1s" ? "1h" : word)),
    );
    expect([ordered.code, ordered.stderr]).toEqual([0, expect.stringContaining("yi: exporting its data")]);
    expect((await lab.get("yi.substation.test")).status).toBe(503);
    expect((await lab.get(host)).status).toBe(200);

    const told = await lab.substation("status", "yi", "--json");
    expect([told.code, JSON.parse(told.stdout)]).toMatchObject([
      0,
      [
        {
          id: "yi",
          state: "closing",
          ok: true,
          open: false,
          deadline: expect.stringMatching(/^20/) as string,
        },
      ],
    ]);

    await restore(lab.workspace, "yi");
    expect(fs.existsSync(lab.file(group, "yi.closing"))).toBe(false);
    expect((await lab.get("yi.substation.test")).status).toBe(200);
    expect(await purchases.books("yi").rows("SELECT * FROM shop.card ORDER BY id")).toEqual(before);
  });

  test("closed, killed half-way and again: nothing of it is left but a certificate and an export with every row, and its neighbour sells on", async () => {
    const books = purchases.books("yi");
    const [goods] = await purchases.visitor("yi").goods();
    const bought = await purchases.visitor("yi").buy(goods!, "alipay");
    const tables = await books.rows<{ name: string }>(
      "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1",
    );
    const counts = new Map<string, number>();
    for (const { name } of tables)
      counts.set(name, (await books.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${name}`))[0]!.n);
    writeOrder(lab.root, "yi", { by: "王小明", reason: "不再经营", grace: "1s" });

    const forbidden = { method: "DELETE", effect: { kind: "status", status: 403 } };
    await emulator(lab, "PUT", "/faults", [forbidden]);
    let refused: Ran;
    do refused = await lab.substation("close", "yi");
    while (refused.code === 0); // its grace
    await emulator(lab, "PUT", "/faults", []);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/not removed from its stack yet[^]*403/),
    ]);

    await killedAt(lab, ["close", "yi"], "removing its record");
    expect(fs.readFileSync(lab.file(group, "yi.closing"), "utf8")).toMatch(/removing:\n {2}since: "?20/);
    const other = await lab.substation("up", group, "--yes", "--no-prove"); // what is left of it is nobody else's
    expect([other.code, other.stdout]).toEqual([0, expect.stringContaining(`${group}: no change`)]);
    const told = await lab.substation("status", "yi");
    expect([told.code, told.stdout]).toEqual([
      1,
      expect.stringMatching(/its removal began at .*: npm run substation -- close yi/),
    ]);
    const database = databaseName(lab.name, "yi");
    expect(await left("yi")).toContain(database);

    await killedAt(lab, ["close", "yi"], "removing its database");
    // Between the two statements, unless the second was quicker than the kill.
    await asSuperuser(lab, (client) =>
      client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`),
    ).catch((error: { code?: string }) => expect(error.code).toBe("3D000"));

    await until(async () => {
      const { code, stderr } = await lab.substation("close", "yi");
      if (code !== 0) throw new Error(stderr);
      return !fs.existsSync(lab.file(group, "yi"));
    }, 60_000);
    expect(await left("yi")).toEqual([]);
    expect((await lab.get(host)).status).toBe(200);
    expect((await lab.pulumi(["preview", "-s", group, "--expect-no-changes"])).code).toBe(0);

    const [closing] = fs.readdirSync(path.join(lab.root, "closed", "yi"));
    const place = path.join(lab.root, "closed", "yi", closing!);
    expect(fs.readdirSync(place).sort()).toEqual(["certificate.json", "yi.closing.yaml", "yi.yaml"]);
    const certificate = JSON.parse(
      fs.readFileSync(path.join(place, "certificate.json"), "utf8"),
    ) as Certificate;
    expect(certificateFault(path.join(place, "certificate.json"))).toBeUndefined();
    expect(certificate.order).toMatchObject({ orderedBy: "王小明", reason: "不再经营" });
    expect([...new Set(certificate.removed.map(({ kind }) => kind))].sort()).toEqual([
      "container",
      "database",
      "record",
      "role",
      "secret",
      "volume",
    ]);
    const kept = keptExports(path.join(exportsFolder(), "yi")).find(
      ({ name }) => name === certificate.export?.name,
    )!;
    expect([kept.fault, kept.sha256, kept.manifest.last]).toEqual([
      undefined,
      certificate.export?.sha256,
      true,
    ]);
    expect(
      new Map(kept.manifest.database!.tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows])),
    ).toEqual(counts);
    const files = kept.manifest.database!.tables.map(({ file }) =>
      fs.readFileSync(path.join(kept.path, file), "utf8"),
    );
    expect(files.join("")).toContain(bought.delivered);
    expect(fs.statSync(path.join(kept.path, "tables/0001.copy")).mode & 0o777).toBe(0o600);
    expect(certificate.export?.rows).toBe([...counts.values()].reduce((sum, rows) => sum + rows, 0));
  });
});

test("its file in another group's folder, killed half-way and again: it is there with the same data, volume and secrets, both groups are clean, and it sells", async () => {
  await lab.ensureStack("east");
  const before = await treasure(lab, group, "jia");
  fs.mkdirSync(path.dirname(lab.file("east", "jia")));
  fs.renameSync(lab.file(group, "jia"), lab.file("east", "jia"));
  await killedAt(lab, ["move", "jia", "--no-prove"], "marking its database and roles");
  expect((await lab.get(host)).status).toBe(200);
  const done = await lab.substation("move", "jia", "--no-prove");
  expect([done.code, done.stdout]).toEqual([
    0,
    `jia was moved from ${group} to east: commit its file and both settings files\n`,
  ]);
  await expectIn(lab, "jia", "east", group);
  expect(await treasure(lab, "east", "jia")).toEqual(before);
  const [goods] = await purchases.visitor("jia").goods();
  expect((await purchases.visitor("jia").buy(goods!, "alipay")).state).toBe("delivered");
});
