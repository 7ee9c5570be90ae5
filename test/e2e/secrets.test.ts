import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { derive } from "../../components/secrets";
import { loadFleet } from "../../config/fleet";
import { mintToken } from "../../config/main-station-token";
import { labels, mark } from "../../config/names";
import { Buyer, sandboxChannel } from "./buyer";
import { command, inspect, Lab, shopFile } from "./lab";
import { LeakSearch } from "./leaks";
import { ProcessWatch } from "./processes";

/**
 * Where secret values must not be. They are first collected from where they are, decrypted; then everything that an opening leaves behind is searched for them.
 * It does not look into the memory of processes, nor into the environment of the operator's own.
 */
jest.setTimeout(240_000);

const group = "shops";
const derived = ["migrate-password", "app-password", "session-key", "callback-signing-key"];

/** Their channels have every sort of secret that there is. */
const modules = { gameCards: { categories: ["steam"] } };
const shops = {
  jia: { modules, channels: { alipay: sandboxChannel.alipay(), wechat: sandboxChannel.wechatPay() } },
  yi: { modules, channels: { epay: sandboxChannel.epayV1() } },
};
const ofChannels = ["jia alipay-key", "jia wechat-key", "jia wechat-v3-key", "yi epay-key"];

let lab: Lab;
let search: LeakSearch;
const secrets = new Map<string, string>();
const canary = `canary-${randomBytes(18).toString("base64url")}`;
const watch = {
  platform: undefined as ProcessWatch | undefined,
  group: undefined as ProcessWatch | undefined,
};
let events: string;

/** Everything that can be told of one run: what it printed, and its event log. */
async function run(...args: string[]): Promise<void> {
  const log = path.join(events, `${args.join("-").replaceAll("/", "_")}.json`);
  const { code, stdout, stderr } = await lab.pulumi([...args, "--event-log", log]);
  expect([args, code, code === 0 ? "" : stdout + stderr]).toEqual([args, 0, ""]);
  expect(fs.statSync(log).size).toBeGreaterThan(100);
}

beforeAll(async () => {
  watch.platform = new ProcessWatch();
  lab = await Lab.open({ prefix: "sec" }).finally(() => watch.platform?.end());
  events = fs.mkdtempSync(path.join(os.tmpdir(), "substation-event-logs-"));
  for (const id of ["jia", "yi"] as const) lab.write(group, id, shops[id]);
  await lab.ensureStack(group);
  watch.group = new ProcessWatch();
  try {
    for (const id of ["jia", "yi"]) await lab.sandbox(id);
    await run("preview", "--diff", "-s", group);
    await run("up", "--yes", "--skip-preview", "-s", group);
    lab.write(group, "yi", { ...shops.yi, tier: "standard" });
    await run("up", "--yes", "--diff", "--show-config", "-s", group); // with what a person would look at
    await lab.pulumi(["preview", "--json", "-s", group]);
    await lab.pulumi(["stack", "-s", group, "--show-ids", "--show-urns"]);
    await lab.pulumi(["stack", "output", "--json", "-s", group]);
    await lab.pulumi(["stack", "output", "--json", "-s", "platform"]);
    for (const stack of ["platform", group]) await lab.pulumi(["config", "-s", stack]);
    for (const [id, { channels }] of Object.entries(shops)) {
      const buyer = new Buyer(lab, `${id}.substation.test`);
      for (const channel of Object.keys(channels)) await buyer.buy((await buyer.goods())[0]!, channel);
    }
  } finally {
    watch.group.end();
  }
  await collect();
  search = new LeakSearch(secrets);
});

afterAll(async () => {
  fs.rmSync(events, { recursive: true, force: true });
  await lab.close();
});

interface Exported {
  readonly deployment: {
    readonly resources: readonly {
      readonly type: string;
      readonly urn: string;
      readonly outputs?: Readonly<Record<string, unknown>>;
    }[];
  };
}

/** A line of a key: in some forms the line ends differ. */
const needle = (value: string): string => value.split("\n")[5] ?? value;

async function collect(): Promise<void> {
  const { dns, database, mainStationSigningKey } = await lab.platform();
  secrets.set("key of main-station tokens", mainStationSigningKey);
  secrets.set("DNS token", dns.token);
  secrets.set("provisioner's password", database.password);
  const ofSandbox = (name: string) => fs.readFileSync(path.join(lab.home, "secrets", name), "utf8");
  secrets.set("sandbox's key", needle(ofSandbox("gateways-key")));
  secrets.set("sandbox's token", ofSandbox("gateways-token"));
  const config = await lab.pulumiUnrecorded(["config", "-s", group, "--show-secrets", "--json"]);
  for (const [key, { value }] of Object.entries(
    JSON.parse(config.stdout) as Record<string, { value: string }>,
  )) {
    const [, id, name] = /^substation:secret\.(\w+)\.(.+)$/.exec(key) ?? [];
    if (id && name) secrets.set(`${id} ${name}`, needle(value));
  }
  secrets.set("passphrase", fs.readFileSync(path.join(lab.home, "secrets/passphrase"), "utf8").trim());
  const { stdout } = await lab.pulumiUnrecorded(["stack", "export", "--show-secrets", "-s", group]);
  for (const { type, urn, outputs = {} } of (JSON.parse(stdout) as Exported).deployment.resources) {
    if (type !== "random:index/randomPassword:RandomPassword") continue;
    const id = urn
      .split("::")
      .at(-1)!
      .replace(/-root$/, "");
    const plain = (name: string) => JSON.parse((outputs[name] as { plaintext: string }).plaintext) as string;
    secrets.set(`${id} root`, plain("result"));
    secrets.set(`${id} root's hash`, plain("bcryptHash"));
    for (const name of derived) secrets.set(`${id} ${name}`, derive(plain("result"), name));
    const { tiers } = loadFleet(path.join(lab.root, "stacks"));
    const { scopes } = tiers.get(id === "yi" ? "standard" : "trial")!;
    const jti = derive(plain("result"), "main-station-token-id");
    const token = mintToken({ platform: lab.name, id, scopes, jti }, mainStationSigningKey);
    secrets.set(`${id} main-station-token`, token);
  }
}

const platformObjects = (kind: "container" | "volume" | "network"): Promise<string[]> =>
  command("docker", [
    kind,
    "ls",
    ...(kind === "container" ? ["--all"] : []),
    "--quiet",
    "--filter",
    `label=${labels.platform}=${lab.name}`,
  ]).then((out) => out.split("\n").filter(Boolean));

const inspected = async (): Promise<string> =>
  (
    await Promise.all(
      (["container", "volume", "network"] as const).map(async (kind) =>
        command("docker", [kind, "inspect", ...(await platformObjects(kind))]),
      ),
    )
  ).join("\n");

test("there are secrets to look for, and they are where they must be", async () => {
  expect([...secrets.keys()].sort()).toEqual(
    [
      "DNS token",
      "passphrase",
      "provisioner's password",
      "key of main-station tokens",
      "sandbox's key",
      "sandbox's token",
      ...ofChannels,
      ...["jia", "yi"].flatMap((id) => [
        `${id} root`,
        `${id} root's hash`,
        ...derived.map((name) => `${id} ${name}`),
        `${id} main-station-token`,
      ]),
    ].sort(),
  );
  expect(new Set(secrets.values()).size).toBe(secrets.size);
  for (const id of ["jia", "yi"]) {
    const [shop] = await inspect(mark({ platform: lab.name, group, id }), "shop");
    const file = await shopFile(shop!);
    expect(search.in("password", file.database.password)).toEqual([`password: ${id} app-password (plain)`]);
    const own = ofChannels.filter((name) => name.startsWith(`${id} `));
    const inSecrets = search.in("secrets", JSON.stringify(file.secrets));
    expect(inSecrets).toEqual(expect.arrayContaining(own.map((name) => `secrets: ${name} (plain)`)));
    expect(inSecrets).toHaveLength(3 + own.length);
    expect(search.in("file", JSON.stringify(file))).toHaveLength(4 + own.length); // and not the password of the role that owns the schema
  }
});

test("the search finds what is planted, in every form and in every kind of place", async () => {
  const planted = new LeakSearch(new Map([["canary", canary]]));
  const encoded = (text: string) => Buffer.from(text).toString("base64");
  expect(planted.in("log", `x ${canary} y`)).toEqual(["log: canary (plain)"]);
  for (const before of ["", "a", "ab"])
    expect(planted.in("state", encoded(`${before}${canary}zz`))).toHaveLength(1);
  expect(planted.in("trace", Buffer.from(canary).toString("hex"))).toEqual(["trace: canary (hex)"]);
  expect(planted.in("clean", encoded(randomBytes(4096).toString("latin1")))).toEqual([]);

  const place = path.join(lab.home, "state", "planted");
  fs.writeFileSync(place, encoded(`{"a":"${canary}"}`));
  const { storefrontImage } = await lab.platform();
  const id = await command("docker", [
    "create",
    "--label",
    `${labels.platform}=${lab.name}`,
    "--env",
    `TOKEN=${canary}`,
    storefrontImage,
    "migrate",
    canary,
  ]);
  try {
    expect(planted.inFolder(lab.home)).toEqual([
      expect.stringMatching(/^state\/planted: canary \(base64 at \d\)$/),
    ]);
    expect(planted.in("docker inspect", await inspected())).toEqual(["docker inspect: canary (plain)"]);
  } finally {
    fs.rmSync(place);
    await command("docker", ["rm", id.trim()]);
  }
});

test("no secret is in an exported state, in what pulumi printed, or in its event streams", async () => {
  for (const stack of ["platform", group]) {
    const { stdout } = await lab.pulumi(["stack", "export", "-s", stack]);
    expect(stdout).toContain('"ciphertext"');
    expect(search.in(`export of ${stack}`, stdout)).toEqual([]);
  }
  expect(lab.output.join("")).toContain("docker:index:Container jia created");
  expect(search.in("output", lab.output.join("\n"))).toEqual([]);
  expect(fs.readdirSync(events)).toHaveLength(3);
  expect(search.inFolder(events)).toEqual([]);
});

test("a state does not tell where our source made each resource: an edited line would be a change of all of them", async () => {
  const { stdout } = await lab.pulumi(["stack", "export", "-s", group]);
  expect(stdout).toContain("docker:index/container:Container");
  expect(stdout).not.toMatch(/"(?:stackTrace|sourcePosition)"/);
});

test("of all files of the platform, those that keep the servers' own secrets alone hold any, and only their owner reads them", () => {
  const found = search.inFolder(lab.home);
  expect(found.sort()).toEqual(
    [
      "dns/config.json: DNS token (plain)",
      "secrets/dns-token: DNS token (plain)",
      "secrets/passphrase: passphrase (plain)",
      "secrets/database-password: provisioner's password (plain)",
      "secrets/main-station-signing-key: key of main-station tokens (plain)",
      ...["gateways/config.json", "secrets/gateways-key"].map((file) => `${file}: sandbox's key (plain)`),
      ...["gateways/config.json", "secrets/gateways-token"].map((file) => `${file}: sandbox's token (plain)`),
      // What both sides know; of a pair of keys, the gateway has the other half.
      ...["jia wechat-v3-key", "yi epay-key"].map((name) => `gateways/merchants.json: ${name} (plain)`),
      ...ofChannels.map((name) => `secrets/sandbox-merchants.json: ${name} (plain)`),
    ].sort(),
  );
  for (const line of found)
    expect([line, fs.statSync(path.join(lab.home, line.split(":")[0]!)).mode & 0o777]).toEqual([line, 0o600]);
  expect(search.inFolder(path.join(lab.root, "stacks"))).toEqual([]);
});

test("Docker shows none: not in what it says of containers, volumes and networks, nor in their logs", async () => {
  const shown = await inspected();
  expect(shown).toContain(mark({ platform: lab.name, group, id: "jia" }));
  expect(search.in("docker inspect", shown)).toEqual([]);
  for (const id of await platformObjects("container")) {
    const log = await command("sh", ["-c", 'docker logs "$0" 2>&1', id]);
    expect(search.in(`log of ${id}`, log)).toEqual([]);
  }
});

test("no process carried one on its command line, and none of a container in its environment, at any moment of the updates", () => {
  for (const [stack, seen] of Object.entries(watch)) {
    const commands = [...seen!.commandLines].join("\n");
    expect(commands).toContain("pulumi-resource-docker");
    expect(search.in(`command lines while ${stack} was updated`, commands)).toEqual([]);
    expect(search.in(`environments while ${stack} was updated`, [...seen!.environments].join("\n"))).toEqual(
      [],
    );
  }
  expect([...watch.group!.commandLines].join("\n")).toContain("/app/storefront.cjs\nmigrate");
  expect([...watch.group!.environments].join("\n")).toContain("PATH=");
});
