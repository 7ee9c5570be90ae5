import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { appRole, databaseName, mark, volumeName } from "../../config/names";
import { setConfig } from "../../fleet/stack-settings";
import { buildImage, command, inspect, Lab, type Inspected } from "./lab";
import {
  asShop as asShopIn,
  asSuperuser,
  changesOfUpdate,
  picture,
  recordsOf,
  resolve,
  serving as servingIn,
} from "./observe";

/**
 * From files to shops that answer, on the real engine. The tests follow one another on one platform, as an operator's days do. They do not prove what a shop can
 * reach from inside (attack.test.ts), nor what is left by a killed update (killed.test.ts).
 */
jest.setTimeout(240_000);

const group = "shops";
const shops = {
  mengxiang: { title: "梦想点卡", tier: "trial" },
  haitang: { title: "海棠 <充值> & 卡密", tier: "standard" },
  xingchen: { title: "星辰点券", tier: "professional" },
};
const hostOf = (id: string) => `${id}.substation.test`;

let lab: Lab;
const images: string[] = [];

beforeAll(async () => {
  lab = await Lab.open({ prefix: "open" });
  await lab.ensureStack(group);
});

afterAll(async () => {
  await lab.close();
  if (images.length > 0) await command("docker", ["rmi", "--force", ...images]);
});

const update = (stack = group): Promise<string[]> => changesOfUpdate(lab, stack);
const serving = (id: string): Promise<Inspected> => servingIn(lab, group, id);
const asShop = <T extends object>(id: string, sql: string): Promise<T[]> => asShopIn<T>(lab, group, id, sql);

/** An update that must fail: all that it printed. */
async function refused(stack = group): Promise<string> {
  const { code, stdout, stderr } = await lab.pulumi(["up", "-s", stack, "--yes", "--skip-preview"]);
  expect(code).not.toBe(0);
  return stdout + stderr;
}

const stackTrace = /^\s+at .*:\d+:\d+\)?$/m;

/** Lines of `file:line:column  code  message`. */
const problems = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^stacks\/\S*:\d+:\d+ {2}\S+ {2}/.test(line));

describe("before anything is open", () => {
  test("a group whose platform is not set up is told so in one sentence", async () => {
    await lab.ensureStack("stranded");
    await setConfig(lab.workspace, "stranded", "platform", "platform-elsewhere", false);
    // Where there is not even a stack of that name, the engine itself speaks.
    expect(await refused("stranded")).toContain('unknown stack "organization/substation/platform-elsewhere"');
    await lab.ensureStack("platform-elsewhere");
    const said = await refused("stranded");
    expect(said).toContain(
      'the platform that this group stands on is not set up. Run "pulumi up -s platform-elsewhere" first',
    );
    expect(said).not.toMatch(stackTrace);
  });

  test("a group without a folder has no substation, and its update makes nothing but the stack", async () => {
    await lab.ensureStack("nobody");
    const before = await picture(lab, []);
    expect(await update("nobody")).toEqual(
      [
        "create Stack substation-nobody",
        "create cloudflare dns",
        "create postgresql database",
        "create pulumi default",
      ].sort(),
    );
    expect(await picture(lab, [])).toEqual(before);
  });

  test("a bad file stops the update before anything is made, with the words of `substation check`", async () => {
    for (const [id, { title, tier }] of Object.entries(shops)) lab.write(group, id, { title, tier });
    lab.write(group, "mengxiang", { tier: "profesional", host: "mеngxiang.substation.test" });
    lab.write(group, "haitang", { revenueShare: "250%" });
    fs.appendFileSync(lab.file(group, "haitang"), "titel: 海棠\n");
    const before = await picture(lab, [group]);
    const cli = path.join(__dirname, "../../cli/main.ts");
    const loader = path.join(__dirname, "../../scripts/typescript.cjs");
    const check = spawnSync(process.execPath, ["--require", loader, cli, "check"], {
      cwd: lab.root,
      encoding: "utf8",
    });
    expect(check.status).toBe(1);
    const listed = problems(check.stdout);
    expect(
      listed.map((line) =>
        line
          .split("  ")
          .slice(0, 2)
          .join(" ")
          .replace(/:\d+:\d+/, ""),
      ),
    ).toEqual([
      `stacks/${group}/haitang.yaml unit/share`,
      `stacks/${group}/haitang.yaml key/unknown`,
      `stacks/${group}/mengxiang.yaml tier/unknown`,
      `stacks/${group}/mengxiang.yaml host/lookalike`,
    ]);
    const said = await refused();
    expect(problems(said)).toEqual(listed);
    expect(said).toContain("4 problems; nothing was changed");
    expect(said).not.toMatch(stackTrace);
    expect(await picture(lab, [group])).toEqual(before);
  });
});

describe("three substations", () => {
  test("are opened by one update, and answer by name through the ingress with their titles", async () => {
    for (const [id, { title, tier }] of Object.entries(shops)) lab.write(group, id, { title, tier });
    const made = await update();
    expect(made.filter((line) => !line.startsWith("create "))).toEqual([]);
    expect(made.filter((line) => line.startsWith("create Container"))).toHaveLength(6);

    const escaped = (text: string) =>
      text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    for (const [id, { title }] of Object.entries(shops)) {
      const { status, body } = await lab.get(hostOf(id));
      expect([id, status]).toEqual([id, 200]);
      expect(body).toContain(`<h1>${escaped(title)}</h1>`);
      expect((await lab.get(`${hostOf(id)}:${lab.ingressPort}`, "/readyz")).status).toBe(200);
      expect((await lab.get(hostOf(id), "/metrics")).status).toBe(404);
    }
    expect((await lab.get("nobody.substation.test")).status).toBe(404);
  });

  test.each(["udp", "tcp"] as const)("are found by their names, asked over %s", async (transport) => {
    for (const id of Object.keys(shops)) {
      expect(await resolve(lab.dnsPort, hostOf(id), transport)).toEqual({
        rcode: "NOERROR",
        addresses: ["127.0.0.1"],
      });
    }
    expect(await resolve(lab.dnsPort, "nobody.substation.test", transport)).toEqual({
      rcode: "NXDOMAIN",
      addresses: [],
    });
  });

  test("are not changed by a second update, and neither a preview nor a refresh finds any drift", async () => {
    const before = await picture(lab, [group]);
    expect(await update()).toEqual([]);
    for (const args of [
      ["preview", "--refresh", "--expect-no-changes", "-s", group],
      ["refresh", "--preview-only", "--expect-no-changes", "-s", group],
      ["preview", "--refresh", "--expect-no-changes", "-s", "platform"],
    ]) {
      const { code, stdout, stderr } = await lab.pulumi(args);
      expect([args, code, code === 0 ? "" : stdout + stderr]).toEqual([args, 0, ""]);
    }
    expect(await picture(lab, [group])).toEqual(before);
  });

  test("a change of tier changes one shop's limits in container, role and database, and its data stays", async () => {
    await asShop("mengxiang", "INSERT INTO shop.notice (body) VALUES ('换档之前')");
    const before = await Promise.all(Object.keys(shops).map(serving));
    expect([before[0]!.HostConfig.Memory, before[0]!.HostConfig.NanoCpus]).toEqual([
      128 * 1024 * 1024,
      0.25e9,
    ]);
    lab.write(group, "mengxiang", { title: shops.mengxiang.title, tier: "standard" });
    expect(await update()).toEqual([
      "create-replacement Container mengxiang",
      "create-replacement Container mengxiang-migrate", // it carries the shop's file, which names the tier
      "delete-replaced Container mengxiang",
      "delete-replaced Container mengxiang-migrate",
      "replace Container mengxiang",
      "replace Container mengxiang-migrate",
      "update Database mengxiang",
      "update Role mengxiang-app",
      "update Substation mengxiang",
    ]);
    const after = await Promise.all(Object.keys(shops).map(serving));
    expect([after[0]!.HostConfig.Memory, after[0]!.HostConfig.NanoCpus]).toEqual([192 * 1024 * 1024, 0.5e9]);
    expect(after[0]!.Id).not.toBe(before[0]!.Id);
    expect(after.slice(1).map(({ Id }) => Id)).toEqual(before.slice(1).map(({ Id }) => Id));

    const database = databaseName(lab.name, "mengxiang");
    const limits = await asSuperuser(lab, (client) =>
      client.query(
        `SELECT datconnlimit, rolconnlimit, (SELECT array_agg(s ORDER BY s) FROM unnest(rolconfig) s) AS settings
           FROM pg_database, pg_roles WHERE datname = $1 AND rolname = $2`,
        [database, appRole(database)],
      ),
    );
    expect(limits.rows).toEqual([
      {
        datconnlimit: 12,
        rolconnlimit: 10,
        settings: [
          "idle_in_transaction_session_timeout=30000",
          expect.stringMatching(/^search_path=/),
          "statement_timeout=10000",
        ],
      },
    ]);
    expect(await asShop("mengxiang", "SELECT body FROM shop.notice WHERE body = '换档之前'")).toHaveLength(1);
    expect((await lab.get(hostOf("mengxiang"))).body).toContain("换档之前");
  });

  test("a container that was killed and removed by hand comes back with the next update, its data intact", async () => {
    await asShop("haitang", "INSERT INTO shop.notice (body) VALUES ('第一单')");
    const { Id } = await serving("haitang");
    await command("docker", ["kill", Id]);
    await command("docker", ["rm", "--force", Id]);
    const answer = await lab.get(hostOf("haitang")).catch(() => undefined); // refused, or nobody there to answer
    expect(answer?.status).not.toBe(200);
    expect(await update()).toEqual(["create Container haitang"]);
    expect((await serving("haitang")).Id).not.toBe(Id);
    expect(await asShop("haitang", "SELECT body FROM shop.notice WHERE body = '第一单'")).toEqual([
      { body: "第一单" },
    ]);
    expect((await lab.get(hostOf("haitang"))).body).toContain("第一单");
  });

  test("the removal of a file destroys nothing: the plan fails, names the file, and says how a closing is asked for", async () => {
    const file = lab.file(group, "xingchen");
    const text = fs.readFileSync(file);
    const before = await picture(lab, [group]);
    fs.rmSync(file);
    try {
      expect(problems(await refused())).toEqual([
        expect.stringMatching(/^stacks\/shops\/xingchen\.yaml:1:1 {2}file\/gone {2}.*docs\/closing\.md/),
      ]);
      expect(await picture(lab, [group])).toEqual(before);
      expect((await lab.get(hostOf("xingchen"))).status).toBe(200);
    } finally {
      fs.writeFileSync(file, text);
    }
  });
});

describe("an opening that meets something foreign under one of its names", () => {
  const ids = ["taken-container", "taken-volume", "taken-database", "taken-role", "taken-name"] as const;
  const [container, volume, database, role, name] = ids;
  const image = () => lab.platform().then(({ storefrontImage }) => storefrontImage);
  let record: string;
  const api = async (method: string, at: string, body?: unknown) => {
    const { dns } = await lab.platform();
    const response = await fetch(`${dns.api}/zones/${dns.id}/dns_records${at}`, {
      method,
      headers: { authorization: `Bearer ${dns.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as { result: { id: string } };
  };

  beforeAll(async () => {
    await command("docker", [
      "create",
      "--name",
      `${lab.name}-${container}-shop-aaaaaaaaaa`,
      "--label",
      "com.docker.compose.project=legacy-shop",
      await image(),
    ]);
    await command("docker", [
      "volume",
      "create",
      "--label",
      "maintainer=backup team",
      volumeName(lab.name, volume),
    ]);
    await asSuperuser(lab, async (client) => {
      await client.query("CREATE ROLE legacy_owner");
      await client.query(`CREATE DATABASE ${databaseName(lab.name, database)} OWNER legacy_owner`);
      await client.query(`CREATE ROLE ${appRole(databaseName(lab.name, role))}`);
      await client.query(`COMMENT ON ROLE ${appRole(databaseName(lab.name, role))} IS 'reporting, ask Wang'`);
    });
    const { result } = await api("POST", "", {
      type: "A",
      name: hostOf(name),
      content: "192.0.2.7",
      ttl: 60,
      comment: "marketing campaign",
    });
    record = result.id;
    for (const id of ids) lab.write(group, id);
  });

  afterAll(async () => {
    for (const id of ids.filter((id) => id !== name)) fs.rmSync(lab.file(group, id), { force: true });
    await command("docker", ["rm", `${lab.name}-${container}-shop-aaaaaaaaaa`]);
    await command("docker", ["volume", "rm", volumeName(lab.name, volume)]);
  });

  test("stops with its owner's name, and nothing is made or changed", async () => {
    const before = await picture(lab, [group]);
    const said = problems(await refused()).map((line) =>
      /^(\S+?):\d+:\d+ {2}(\S+) {2}(.*?);/.exec(line)?.slice(1),
    );
    const line = (id: string, what: string) => [
      `stacks/${group}/${id}.yaml`,
      "live/foreign",
      `${id} cannot be opened: there is already a ${what}`,
    ];
    expect(said).toEqual([
      line(container, `container ${lab.name}-${container}-shop-aaaaaaaaaa, which belongs to "legacy-shop"`),
      line(database, `database ${databaseName(lab.name, database)}, which belongs to legacy_owner`),
      line(name, `DNS record ${hostOf(name)} A 192.0.2.7, which belongs to marketing campaign`),
      line(
        role,
        `role ${appRole(databaseName(lab.name, role))}, which was made by a superuser ("reporting, ask Wang")`,
      ),
      line(volume, `volume ${volumeName(lab.name, volume)}, which belongs to "backup team"`),
    ]);
    expect(await picture(lab, [group])).toEqual(before);
  });

  test("goes on once that is gone", async () => {
    for (const id of ids.filter((id) => id !== name)) fs.rmSync(lab.file(group, id));
    await api("DELETE", `/${record}`);
    const made = await update();
    expect(made.filter((line) => !/^create \w+ taken-name(-\w+)?$/.test(line))).toEqual([]);
    expect((await lab.get(hostOf(name))).status).toBe(200);
    expect(await recordsOf(lab, hostOf(name))).toMatchObject([
      { content: "127.0.0.1", comment: mark({ platform: lab.name, group, id: name }) },
    ]);
  });
});

test("a migration that fails stops that opening with its last words, makes no shop and no name, and the next update opens it once mended", async () => {
  const { storefrontImage } = await lab.platform();
  const folder = fs.mkdtempSync(path.join(lab.home, "image-"));
  fs.writeFileSync(
    path.join(folder, "storefront.cjs"),
    `console.error("price list 7 is missing: ask the main station for it"); process.exit(1);\n`,
  );
  fs.writeFileSync(
    path.join(folder, "Dockerfile"),
    `FROM ${storefrontImage}\nCOPY storefront.cjs /app/storefront.cjs\n`,
  );
  const image = await buildImage([folder]);
  images.push(image);

  lab.write(group, "daybreak", { image });
  lab.write(group, "evening");
  const said = await refused();
  expect(said).toContain(
    `Substation ${group}/daybreak: the migration of its database ended with exit code 1.`,
  );
  expect(said).toContain("price list 7 is missing: ask the main station for it");
  const owner = { platform: lab.name, group, id: "daybreak" };
  expect(await inspect(mark(owner), "shop")).toEqual([]);
  expect(await recordsOf(lab, hostOf("daybreak"))).toEqual([]);
  expect(await resolve(lab.dnsPort, hostOf("daybreak"), "udp")).toEqual({ rcode: "NXDOMAIN", addresses: [] });

  lab.write(group, "daybreak");
  await update();
  expect((await lab.get(hostOf("daybreak"))).status).toBe(200);
  expect((await lab.get(hostOf("evening"))).status).toBe(200);
  expect(await update()).toEqual([]);
});
