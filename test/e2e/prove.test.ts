import * as fs from "node:fs";
import * as path from "node:path";
import { runCli } from "../../cli/testing";
import { mark } from "../../config/names";
import type { OpenReport } from "../../config/open-report";
import type { Proof, ProofStep } from "../../config/proof";
import { prove } from "../../fleet/prove/prove";
import { targets } from "../../fleet/prove/target";
import { setSecret } from "../../fleet/secrets";
import type { SubstationStatus } from "../../fleet/status";
import { newPair } from "../../storefront/channels/testing";
import { openBrowser, openPage } from "./browser";
import { sandboxChannel } from "./buyer";
import { command, inspect, Lab } from "./lab";
import { Purchases } from "./purchases";

// The proof of opening, by the command, on the real engine, shops, DNS, ingress and sandbox gateways; and what a person decides of a payment that does not fit. The proof's
// failures one by one, which need a shop that does what it should not, are held beside its code in fleet/prove/; every kind of anomaly by the shop's own tests.

jest.setTimeout(180_000);

let lab: Lab;
/** `SUBSTATION_PICTURE=docs/purchase.png` keeps the browser's picture. */
const pictureFile = process.env["SUBSTATION_PICTURE"];
const alipay = { ...sandboxChannel.alipay(), title: "支付宝" };

beforeAll(async () => {
  lab = await Lab.open();
  lab.write("demo", "jia", {
    title: "梦想点卡",
    modules: { gameCards: { categories: ["steam"] } },
    channels: { alipay, wechat: { ...sandboxChannel.wechatPay(), title: "微信支付" } },
  });
  lab.write("demo", "yi", {
    modules: { phoneTopUp: { carriers: ["mobile"], faceValues: ["30.00"] } },
    channels: {
      epay: { ...sandboxChannel.epayV2(), title: "易支付" },
      real: {
        kind: "alipay",
        appId: "2021000000000009",
        alipayPublicKey: newPair().publicPem,
        secrets: { privateKey: "real-key" },
        fee: "0.6%",
      },
    },
  });
  await lab.ensureStack("demo");
  for (const id of ["jia", "yi"]) await lab.sandbox(id);
  await setSecret(lab.workspace, "yi", "real-key", newPair().privatePem);
});
afterAll(() => lab.close());

const proofs = (id: string): { file: string; proof: Proof }[] =>
  fs
    .readdirSync(path.join(lab.root, "proofs", id))
    .sort()
    .map((name) => {
      const file = path.join(lab.root, "proofs", id, name);
      return { file, proof: JSON.parse(fs.readFileSync(file, "utf8")) as Proof };
    });
const outcomes = ({ steps }: Pick<Proof, "steps">) =>
  steps.map(({ step, channel, outcome }) => [step, ...(channel ? [channel] : []), outcome].join(" "));
const purchaseBy = ({ steps }: Pick<Proof, "steps">, channel: string): ProofStep | undefined =>
  steps.find((step) => step.step === "purchase" && step.channel === channel);
async function status(): Promise<{ code: number; open: Record<string, string> }> {
  const { code, stdout } = await lab.substation("status", "--json");
  const found = JSON.parse(stdout) as SubstationStatus[];
  return { code, open: Object.fromEntries(found.map(({ id, reason }) => [id, reason ?? "open"])) };
}

test("before the update nothing is open, and nothing can be proved", async () => {
  const never = "it was never opened: npm run up -- demo";
  expect(await status()).toEqual({ code: 1, open: { jia: never, yi: never } });
  expect(await lab.substation("prove", "jia")).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("jia  not tried") as string,
  });
});

test("an update ends with a purchase through every channel of each shop, and with what is open", async () => {
  const { code, stdout } = await lab.substation("up", "demo", "--yes");
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^yi +demo +trial +http:\/\/yi\.\S+ +healthy +since \S+, real unpaid +open$/m),
  ]);
  const [jia, yi] = ["jia", "yi"].map((id) => proofs(id)[0]!.proof);
  expect(outcomes(jia!)).toEqual([
    "container ok",
    "dns ok",
    "shop ok",
    "goods ok",
    "notify alipay ok",
    "purchase alipay ok",
    "notify wechat ok",
    "purchase wechat ok",
    "container ok",
  ]);
  expect(purchaseBy(jia!, "wechat")?.purchase).toMatchObject({
    gateway: "weixin:",
    gatewayState: "paid",
    delivered: { kind: "card" },
  });
  expect(purchaseBy(yi!, "epay")?.purchase).toMatchObject({
    gatewayState: "paid",
    delivered: { kind: "receipt" },
  });
  expect(purchaseBy(yi!, "real")).toMatchObject({
    outcome: "stopped-before-payment",
    purchase: { gateway: "https://openapi.alipay.com" },
  });
  // What the proof says happened is what the gateway knows of.
  const { outTradeNo, amountFen } = purchaseBy(jia!, "alipay")!.purchase!;
  const [order] = await lab.gateways.orders({
    kind: "alipay",
    merchant: alipay.appId,
    outTradeNo: outTradeNo!,
  });
  expect(order).toMatchObject({ amountFen, paidAt: expect.any(Number) as number });
  const [shop] = await inspect(mark({ platform: lab.name, group: "demo", id: "jia" }), "shop");
  expect(jia!.subject).toMatchObject({
    container: shop?.Name.slice(1),
    containerId: shop?.Id,
    file: "stacks/demo/jia.yaml",
  });
  const git = await command("git", ["hash-object", lab.file("demo", "jia")]);
  expect(jia!.subject.blob).toBe(git.trim());
  expect(await status()).toEqual({ code: 0, open: { jia: "open", yi: "open" } });

  // What was proved once is not proved again.
  expect((await lab.substation("up", "demo", "--yes")).code).toBe(0);
  expect([proofs("jia"), proofs("yi")].map(({ length }) => length)).toEqual([1, 1]);
});

test("a proof that was altered is found, and its shop is not open", async () => {
  expect(await lab.substation("prove", "--verify")).toEqual({
    code: 0,
    stdout: "",
    stderr: "2 proofs, 0 findings\n",
  });
  const { file } = proofs("yi")[0]!;
  const written = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, written.replace('"stopped-before-payment"', '"ok"'));
  const { code, stdout } = await lab.substation("prove", "--verify");
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^proofs\/yi\/\S+\.json {2}altered {2}/)]);
  expect(await status()).toMatchObject({
    code: 1,
    open: { jia: "open", yi: expect.stringContaining("cannot be used") as string },
  });
  fs.writeFileSync(file, written);
  expect((await status()).code).toBe(0);
});

test("a shop whose gateway never calls is not proved, and the cause is told", async () => {
  await lab.gateways.misbehave({ kind: "alipay", merchant: alipay.appId }, { callbacks: 0 });
  const [target] = await targets(lab.workspace, { ids: ["jia"] });
  const proof = await prove(target!, { root: lab.root, wait: 3_000 });
  await lab.gateways.misbehave({ kind: "alipay", merchant: alipay.appId }, {});
  expect(proof.result).toBe("failed");
  expect(purchaseBy(proof, "alipay")).toMatchObject({
    outcome: "failed",
    what: expect.stringMatching(
      /^paid at the gateway, and the shop has not heard of it in 3 s: the callback to \/pay\/alipay\/notify/,
    ) as string,
    purchase: { gatewayState: "paid" },
  });
  expect(purchaseBy(proof, "wechat")?.outcome).toBe("ok");
});

test("another configuration needs another proof", async () => {
  const before = fs.readFileSync(lab.file("demo", "jia"), "utf8");
  fs.writeFileSync(lab.file("demo", "jia"), before.replace("梦想点卡", "梦想点卡旗舰店"));
  await lab.up("demo");
  const reason =
    "its proof no longer holds: the configuration has changed since: npm run substation -- prove jia";
  expect(await status()).toEqual({ code: 1, open: { jia: reason, yi: "open" } });
  expect((await lab.substation("prove", "--verify")).stdout).toMatch(
    /^proofs\/jia\/\S+ {2}stale {2}the configuration has changed since$/m,
  );
  const { code, stdout } = await lab.substation("prove", "jia");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^jia {2}proved$/m)]);
  const [first, second] = proofs("jia").map(({ proof }) => proof);
  expect(second?.previous).toBe(first?.hash);
  expect((await status()).code).toBe(0);
});

test("a wrong sum delivers nothing, is listed with what was seen, and is decided once, by a person with a name", async () => {
  const anomalies = (...args: string[]) => lab.substation("anomalies", ...args);
  expect(await anomalies("jia")).toEqual({
    code: 0,
    stdout: "jia: no payment waits for a decision\n",
    stderr: "",
  });
  const purchases = new Purchases(lab, "demo", { jia: { channels: { alipay } } });
  const begun = await purchases.begin("jia", "alipay");
  const { visitor, order, goods, which } = begun;
  await purchases.pay(begun, { wrong: ["amount"] });
  expect((await visitor.until(order, "held")).delivered).toBeUndefined();

  const listed = await anomalies("jia", "--json");
  expect(listed.code).toBe(1);
  const { outTradeNo } = which;
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { id: 1, kind: "amount", outTradeNo, details: { expected: goods.fen, seen: 1 }, decision: null },
  ]);
  expect(listed.stdout + listed.stderr).not.toContain(order.split("/").at(-1)); // whoever has it sees the code
  expect((await anomalies("jia")).stdout).toMatch(/^1 +amount +alipay .* seen 0\.01 /m);

  const decide = (as: string) =>
    anomalies("resolve", "jia", "1", "--as", as, "--by", "王小明", "--note", "退款 R-1");
  expect(await decide("refunded")).toEqual({
    code: 0,
    stdout: "amount 1 of jia: refunded, decided by 王小明\n",
    stderr: "",
  });
  expect((await decide("ignored")).stderr).toContain(
    "anomaly 1 of jia was decided before: refunded by 王小明",
  );
  expect((await anomalies("jia")).code).toBe(0);
  expect((await anomalies("jia", "--all")).stdout).toContain("refunded by 王小明: 退款 R-1");
});

test("a browser buys: from the shop to the sandbox's cashier, and back to the code", async () => {
  const browser = await openBrowser(lab.home);
  try {
    const { page, complaints } = await openPage(browser);
    await page.goto(`http://jia.substation.test:${lab.ingressPort}/`);
    await page.locator("[data-goods] a").first().click();
    await page.getByLabel("联系方式").fill("buyer@example.com");
    await page.getByRole("button", { name: "提交订单" }).click();
    const order = page.url();
    await page.getByRole("button", { name: "支付宝（沙箱）" }).click();
    await page.waitForURL(/\/alipay\/cashier\//);
    await page.getByRole("button", { name: "支付" }).click();
    await page.waitForURL(order); // by way of the return URL, which knows the order by its cookie alone
    const done = page.locator('[data-state="delivered"]');
    for (let looks = 0; looks < 50 && (await done.count()) === 0; looks++) {
      await page.waitForTimeout(200);
      await page.getByRole("link", { name: "刷新" }).click();
    }
    expect(await page.locator("[data-delivered]").textContent()).toMatch(/^SAMPLE-/);
    expect(complaints).toEqual([]);
    const picture = await page.screenshot(pictureFile ? { path: pictureFile } : {});
    expect(picture.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([900, 900]);
    expect(picture.length).toBeGreaterThan(20_000); // an empty page has 5,000
  } finally {
    await browser.close();
  }
});

test("a group that is as an engine has seen it is looked at without one, and what was changed by hand comes back", async () => {
  const log = path.join(lab.home, "engine-runs");
  const engine = (await command("sh", ["-c", "command -v pulumi"], { env: lab.workspace.env })).trim();
  const bin = path.join(lab.home, "watched");
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "pulumi"), `#!/bin/sh\necho "$*" >>'${log}'\nexec '${engine}' "$@"\n`, {
    mode: 0o755,
  });
  const env = { ...lab.workspace.env, PATH: `${bin}:${lab.workspace.env["PATH"]}`, NO_COLOR: "1" };
  const open = async () => {
    fs.rmSync(log, { force: true });
    const { code, stdout } = await runCli(["open", "--all", "--json"], { cwd: lab.root, env });
    const { report } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { report: OpenReport };
    const runs =
      fs
        .readFileSync(log, "utf8")
        .match(/ (?:preview|up) /g)
        ?.map((run) => run.trim()) ?? [];
    return { code, members: report.members.map(({ id, outcome }) => `${id} ${outcome}`), runs };
  };
  const unchanged = { code: 0, members: ["jia unchanged", "yi unchanged"] };
  expect(await open()).toEqual({ ...unchanged, runs: ["preview"] });
  expect(await open()).toEqual({ ...unchanged, runs: [] });
  const shopOf = async () =>
    (await inspect(mark({ platform: lab.name, group: "demo", id: "yi" }), "shop"))[0]!;
  const { Id, HostConfig } = await shopOf();
  const memory = ["--memory", String(HostConfig.Memory / 2), "--memory-swap", String(HostConfig.Memory / 2)];
  await command("docker", ["update", ...memory, Id]);
  expect((await open()).runs).toEqual(["preview", "up"]);
  expect((await shopOf()).HostConfig.Memory).toBe(HostConfig.Memory);
});

test("a shop that does not serve is not open, whatever its proof says", async () => {
  const [shop] = await inspect(mark({ platform: lab.name, group: "demo", id: "yi" }), "shop");
  await command("docker", ["kill", shop!.Id]);
  expect(await status()).toEqual({ code: 1, open: { jia: "open", yi: "exited: npm run up -- demo" } });
});
