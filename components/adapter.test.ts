import * as pulumi from "@pulumi/pulumi";
import type { ChannelSpec } from "../config/channels/types";
import type { ChannelSecrets } from "./channels";
import type { SubstationArgs } from "./substation";
import { lay } from "./testing/lay";
import { limits } from "./testing/sample";

// These tests hold what is asked of the engine for adapters. That a shop is really reached through one, test/e2e/custom-channel.test.ts shows.

const container = "docker:index/container:Container";
const image = `sha256:${"c".repeat(64)}`;

const channel = (id: string, merchantId: string): ChannelSpec => ({
  ...{ id, kind: "custom", title: "河马付", enabled: id === "hema", sandbox: true, gateway: "" },
  ...{ minimum: 10, maximum: 200_000, dailyCap: 5_000_000, feeBasisPoints: 50, weight: 1 },
  fields: { merchantId },
  secrets: { key: `${id}-key` },
  adapter: {
    name: "hema",
    image,
    needs: { memoryBytes: 32 * 2 ** 20, cpus: 0.05, processes: 8 },
    descriptor: {
      ...{ kind: "custom", title: "河马付", description: "Hema Pay.", merchant: ["merchantId"], fields: [] },
      limits: { minimum: 10, maximum: 200_000, dailyCap: 5_000_000 },
      health: { refusal: "fail" },
    },
  },
});
const channels = [channel("hema", "1001"), channel("hema-2", "1002")];
const secrets = (version = "one"): ChannelSecrets => ({
  hema: { key: { value: pulumi.secret("the key of hema"), version } },
  "hema-2": { key: { value: pulumi.secret("the key of hema-2"), version: "two" } },
});
const layCustom = (change: Partial<SubstationArgs> = {}) =>
  lay({ channels, channelSecrets: secrets(), ...change });
const adaptersOf = ({ resources }: Awaited<ReturnType<typeof lay>>) =>
  resources.filter(({ type, name }) => type === container && name.startsWith("mengxiang.hema"));
const dockerNames = (laid: Awaited<ReturnType<typeof lay>>) => [
  laid.find(container, "mengxiang")["name"],
  ...adaptersOf(laid).map(({ inputs }) => inputs["name"]),
];

test("an adapter is in its shop's namespace, with a volume, a port and resources of its own", async () => {
  const laid = await layCustom();
  const shop = laid.find(container, "mengxiang");
  const [first, second] = adaptersOf(laid);
  expect([first!.name, second!.name]).toEqual(["mengxiang.hema", "mengxiang.hema-2"]);
  expect(first!.inputs).toMatchObject({
    name: expect.stringMatching(/^local-mengxiang-adapter-hema_[a-z2-7]{10}$/) as string,
    image,
    user: shop["user"],
    networkMode: "container:mengxiang-id",
    labels: expect.arrayContaining([{ label: "substation.beside", value: shop["name"] }]) as object,
    readOnly: true,
    capabilities: { drops: ["ALL"] },
    memory: 32,
    memorySwap: 32,
    cpus: "0.05",
    restart: "unless-stopped",
    mounts: [
      { type: "volume", source: "local-mengxiang-hema_secrets", target: "/run/secrets", readOnly: true },
    ],
  });
  expect(Object.keys(first!.inputs)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(?:ports|networksAdvanced|uploads|envs)$/)]),
  );
  expect(shop).toMatchObject({
    memory: limits.memoryBytes / 2 ** 20 - 64,
    cpus: String(limits.cpus - 0.1),
    wait: false,
  });
  // Of all of a substation's containers together: they share a user.
  for (const inputs of [shop, first!.inputs, second!.inputs])
    expect(inputs["ulimits"]).toContainEqual({
      name: "nproc",
      soft: 2 * limits.processes,
      hard: 2 * limits.processes,
    });
});

test("each is made after the one before; the last waits for the shop, and the name for all of them", async () => {
  const laid = await layCustom();
  const [first, second] = adaptersOf(laid);
  expect(first!.options).toMatchObject({
    dependsOn: ["mengxiang"],
    deleteBeforeReplace: false,
    beforeCreate: ["mengxiang-enter", "mengxiang.hema-room"],
    afterCreate: ["mengxiang.hema-process-limit"],
  });
  expect([...second!.options.dependsOn].sort()).toEqual([first!.name, "mengxiang"].sort());
  expect(second!.options.afterCreate).toEqual([
    "mengxiang.hema-2-process-limit",
    "mengxiang-shop-ready",
    "mengxiang-route",
  ]);
  const record = laid.get("cloudflare:index/dnsRecord:DnsRecord", "mengxiang");
  expect([...record.options.dependsOn].sort()).toEqual(["mengxiang", first!.name, second!.name].sort());
  const [enter, askName] = ["mengxiang-enter", "mengxiang-ask-name"];
  expect(record.options.beforeCreate).toEqual([enter, "mengxiang-requires-shop", askName]);

  const plain = await lay();
  expect(plain.find(container, "mengxiang")["wait"]).toBe(true);
  expect(plain.get("cloudflare:index/dnsRecord:DnsRecord", "mengxiang").options.beforeCreate).toEqual([
    enter,
    askName,
  ]);
});

test("each gets its own secrets and no other, and the shop none of them", async () => {
  const { find } = await layCustom();
  const uploads = find(container, "mengxiang-migrate")["uploads"] as {
    value: { file: string; content: string }[];
  };
  const files = Object.fromEntries(uploads.value.map(({ file, content }) => [file, content]));
  const [hema, second] = ["hema", "hema-2"].map(
    (id) => JSON.parse(files[`/srv/adapter-secrets/${id}/channel.json`] ?? "") as Record<string, unknown>,
  );
  const url = "http://mengxiang.substation.test:8080/pay";
  expect(hema).toEqual({
    contract: 1,
    id: "hema",
    adapter: "hema",
    port: 9101,
    sandbox: true,
    notifyUrl: `${url}/hema/notify`,
    returnUrl: `${url}/hema/return`,
    merchant: "1001",
    fields: { merchantId: "1001" },
    secrets: { key: "the key of hema" },
  });
  expect(second).toMatchObject({ port: 9102, merchant: "1002", secrets: { key: "the key of hema-2" } });
  const shop = files["/srv/shop-secrets/substation.json"] ?? "";
  expect(JSON.parse(shop)).toMatchObject({
    channels: {
      hema: { kind: "custom", adapter: { port: 9101, merchant: "1001" } },
      "hema-2": { enabled: false, adapter: { port: 9102, merchant: "1002" } },
    },
    secrets: { channels: {} },
  });
  expect(shop).not.toContain("the key of");
  expect(shop).not.toContain(image);
});

test("another image or another secret makes shop and adapters anew, under other names", async () => {
  const names = async (change: Partial<SubstationArgs> = {}) => dockerNames(await layCustom(change));
  const before = await names();
  expect(await names()).toEqual(before);
  const other = channels.map((one) => ({
    ...one,
    adapter: { ...one.adapter!, image: `sha256:${"d".repeat(64)}` },
  }));
  for (const change of [{ channels: other }, { channelSecrets: secrets("three") }]) {
    const after = await names(change);
    expect(after).toHaveLength(3);
    for (const name of after) expect(before).not.toContain(name);
  }
});
