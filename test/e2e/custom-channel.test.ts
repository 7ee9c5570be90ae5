import { spawn, type ChildProcess } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { mark } from "../../config/names";
import { policyPack } from "../../fleet/plan";
import { prove } from "../../fleet/prove/prove";
import { targets } from "../../fleet/prove/target";
import { setSecret } from "../../fleet/secrets";
import { freePort } from "../../local/network";
import { until } from "../../local/process";
import { projectRoot } from "../../local/workspace";
import { Books } from "./books";
import { Buyer } from "./buyer";
import { buildImage, command, inspect, Lab, type Answer } from "./lab";

/**
 * The example's payment system, which nothing in this repository knows: a descriptor, an image, and a substation's file. It is added to a running platform, bought
 * through, attacked, stopped, and taken away from its shop. It does not prove that an adapter that lies about what was paid would be found out: that it cannot be.
 */
jest.setTimeout(240_000);

const group = "hema";
const example = path.join(projectRoot, "examples", "local-payment");
const key = randomBytes(16).toString("hex");
const host = "hetang.substation.test";

let lab: Lab;
let server: ChildProcess;
let image: string;
/** Says all that it was told, and ends. */
let broken: string;
const visitor = () => new Buyer(lab, host);
const markOf = (id: string) => mark({ platform: lab.name, group, id });
const one = async (id: string, role: string) => (await inspect(markOf(id), role))[0]!;

beforeAll(async () => {
  lab = await Lab.open({ prefix: "hema" });
  const { sandboxGateway, storefrontImage } = await lab.platform();
  image = await build("adapter", storefrontImage);
  broken = await build(
    "broken",
    image,
    `ENTRYPOINT ["/usr/local/bin/node", "-e", "console.log(require('fs').readFileSync('/run/secrets/channel.json', 'utf8')); setTimeout(() => process.exit(7), 100)"]`,
  );
  const { hostname } = new URL(sandboxGateway!);
  const port = await freePort(9300);
  const keys = path.join(lab.home, "hema-keys.json");
  fs.writeFileSync(keys, JSON.stringify({ "1001": key }), { mode: 0o600 });
  server = spawn(
    process.execPath,
    [path.join(example, "gateway.mjs"), hostname, String(port), keys, "127.0.0.1"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await new Promise((resolve) => server.stdout!.once("data", resolve));
  describeWith(image);
  write("hetang", `http://${hostname}:${port}`);
  await lab.ensureStack(group);
  await setSecret(lab.workspace, "hetang", "hema-key", key);
  await lab.up(group);
});

afterAll(async () => {
  // Also where it was the setting up that failed.
  server?.kill();
  await lab?.close();
  const built = [broken, image].filter(Boolean);
  if (built.length > 0) await command("docker", ["rmi", "--force", "--no-prune", ...built]);
});

/** As README.md of the example says, on a machine that cannot pull. */
async function build(tag: string, base: string, more?: string): Promise<string> {
  const args = ["--tag", `${lab.name}/${tag}`, "--build-arg", `BASE=${base.replace("sha256:", "")}`];
  return more
    ? await buildImage([...args, "-"], `ARG BASE\nFROM \${BASE}\n${more}\n`)
    : await buildImage([...args, example]);
}

function describeWith(adapter: string): void {
  const folder = path.join(lab.root, "stacks", "channels");
  fs.mkdirSync(folder, { recursive: true });
  const text = fs.readFileSync(path.join(example, "hema.yaml"), "utf8");
  fs.writeFileSync(path.join(folder, "hema.yaml"), text.replace(/sha256:0{64}/, adapter));
}

function write(id: string, address: string): void {
  const text = fs.readFileSync(path.join(example, "hetang.yaml"), "utf8");
  fs.mkdirSync(path.join(lab.root, "stacks", group), { recursive: true });
  fs.writeFileSync(
    lab.file(group, id),
    text
      .replace(/(?<=^ +)server: .*/m, `server: ${address}`)
      .replace("hetang.substation", `${id}.substation`),
  );
}

/** What the payment system would say of a payment. */
function signed(fields: Readonly<Record<string, string | number>>, by = key): string {
  const all = { merchant: "1001", serial: "HM1", status: "PAID", time: new Date().toISOString(), ...fields };
  const text = Object.entries(all)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
  return JSON.stringify({ ...all, sign: createHmac("sha256", by).update(text).digest("hex") });
}

const notify = (body: string): Promise<Answer> =>
  lab.request(host, "/pay/hema/notify", {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });

async function begun() {
  const buyer = visitor();
  const [goods] = await buyer.goods();
  const order = await buyer.order(goods!);
  const address = await buyer.start(order, "hema");
  const { outTradeNo } = (await buyer.page(order)).payments["hema"]!;
  return { buyer, order, address, outTradeNo, fen: goods!.fen };
}

test("a shop is bought from through it, every article", async () => {
  const buyer = visitor();
  const all = await buyer.goods();
  expect(all.length).toBeGreaterThan(1);
  for (const goods of all) {
    const { state, delivered } = await buyer.buy(goods, "hema");
    expect(state).toBe("delivered");
    expect(delivered).toMatch(/\S{8,}/);
  }
});

test("its adapter is alone with its secret, in its shop's namespace, and the tier's resources are shared out", async () => {
  const [shop, adapter] = [await one("hetang", "shop"), await one("hetang", "adapter")];
  expect(adapter.HostConfig).toMatchObject({
    NetworkMode: `container:${shop.Id}`,
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    CapAdd: null,
    Memory: 64 * 2 ** 20,
    MemorySwap: 64 * 2 ** 20,
    PidsLimit: 24,
    PortBindings: {},
  });
  expect(adapter.HostConfig.Memory + shop.HostConfig.Memory).toBe(192 * 2 ** 20);
  expect(adapter.HostConfig.NanoCpus + shop.HostConfig.NanoCpus).toBe(0.5e9);
  const read = (id: string, file: string) =>
    command("docker", ["exec", id, "/bin/busybox", "cat", `/run/secrets/${file}`]);
  const own = JSON.parse(await read(adapter.Id, "channel.json")) as Record<string, unknown>;
  expect(own).toMatchObject({ contract: 1, id: "hema", sandbox: true, merchant: "1001", secrets: { key } });
  expect(await command("docker", ["exec", adapter.Id, "/bin/busybox", "ls", "/run/secrets"])).toBe(
    "channel.json\n",
  );
  expect(await read(shop.Id, "substation.json")).not.toContain(key);
  expect(JSON.stringify(adapter)).not.toContain(key);
});

test("a second plan changes nothing, and no rule finds fault with it", async () => {
  const { code, stdout, stderr } = await lab.pulumi([
    "preview",
    "-s",
    group,
    "--expect-no-changes",
    ...policyPack,
  ]);
  expect({ code, said: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, said: "" });
});

test("forged, stale, malformed and altered notifications deliver nothing", async () => {
  const { buyer, order, outTradeNo, fen } = await begun();
  const answers = [
    await notify(signed({ orderNo: outTradeNo, amount: fen }, "a".repeat(32))),
    await notify(signed({ orderNo: outTradeNo, amount: fen }).replace(outTradeNo, "f".repeat(32))),
    await notify(signed({ orderNo: outTradeNo, amount: fen, time: "2020-01-01T00:00:00Z" })),
    await notify("{"),
  ];
  expect(answers.map(({ status, body }) => [status, body])).toEqual(answers.map(() => [400, "fail"]));
  expect((await buyer.page(order)).state).toBe("open");

  // Rightly signed, and wrong: the shop itself looks at amount and merchant.
  const wrong = [
    await notify(signed({ orderNo: outTradeNo, amount: 1 })),
    await notify(signed({ orderNo: (await begun()).outTradeNo, amount: fen, merchant: "1002" })),
  ];
  expect(wrong.map(({ status, body }) => [status, body])).toEqual(wrong.map(() => [200, "OK"]));
  expect((await buyer.page(order)).delivered).toBeUndefined();
  const counters = await new Books(lab, group, "hetang").counters();
  expect(Object.fromEntries(counters)).toMatchObject({
    'anomalies_total{kind="amount"}': 1,
    'anomalies_total{kind="merchant"}': 1,
    'notify_total{channel="hema",result="signature"}': 2,
    'notify_total{channel="hema",result="stale"}': 1,
    'notify_total{channel="hema",result="malformed"}': 1,
  });
});

test("it is proved like any other: ordered, paid on its own page, and delivered after its callback", async () => {
  const [target] = await targets(lab.workspace, { ids: ["hetang"] });
  const { result, steps } = await prove(target!, { root: lab.root });
  expect([result, steps.map(({ step, outcome }) => `${step} ${outcome}`)]).toEqual([
    "proved",
    ["container", "dns", "shop", "goods", "notify", "purchase", "container"].map((step) => `${step} ok`),
  ]);
});

test("an adapter that stops closes its channel and not the shop; an update restarts one that its shop has left behind", async () => {
  const before = await one("hetang", "adapter");
  await command("docker", ["stop", "--time", "1", before.Id]);
  const buyer = visitor();
  const page = await buyer.order((await buyer.goods())[0]!);
  expect(await until(async () => (await buyer.page(page)).offers.length === 0, 30_000)).toBe(true);
  await command("docker", ["start", before.Id]);
  expect(await until(async () => (await buyer.page(page)).offers.includes("hema"), 30_000)).toBe(true);

  await command("docker", ["restart", "--time", "1", (await one("hetang", "shop")).Id]);
  await lab.up(group);
  expect((await one("hetang", "adapter")).Id).toBe(before.Id);
  expect(await until(async () => (await lab.get(host)).status === 200, 30_000)).toBe(true);
  const { state } = await visitor().buy((await visitor().goods())[0]!, "hema");
  expect(state).toBe("delivered");
});

test("an adapter that never gets healthy: a new substation stays closed, an open one serves on, and the reason is told without a secret", async () => {
  describeWith(broken);
  write("heye", "http://127.0.0.1:99");
  await setSecret(lab.workspace, "heye", "hema-key", key);
  const { code, stdout, stderr } = await lab.pulumi(["up", "-s", group, "--yes", "--skip-preview"]);
  const said = stdout + stderr;
  expect(code).not.toBe(0);
  expect(said).toMatch(
    /Substation hema\/\w+ is not opened: its container hema\w+-\w+-adapter-hema_[a-z2-7]{10} does not stay up: it was restarted 3 times/,
  );
  expect(said).toContain('"secrets":{"key":"[secret]"}');
  expect(said).not.toContain(key);

  expect((await lab.get("heye.substation.test")).status).toBe(404);
  expect(await inspect(markOf("heye"), "adapter")).toEqual([]);
  const { state } = await visitor().buy((await visitor().goods())[0]!, "hema");
  expect(state).toBe("delivered");

  describeWith(image);
  await lab.up(group);
  for (const shop of ["heye.substation.test", host]) expect((await lab.get(shop)).status).toBe(200);
  expect((await visitor().buy((await visitor().goods())[0]!, "hema")).state).toBe("delivered");
});
