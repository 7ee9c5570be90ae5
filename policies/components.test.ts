import { createHash } from "node:crypto";
import * as cloudflare from "@pulumi/cloudflare";
import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { createIngress } from "../components/ingress";
import { Substation } from "../components/substation";
import { register, type Registered } from "../components/testing/mocks";
import { platform as samplePlatform } from "../components/testing/sample";
import type { Owner } from "../config/names";
import type { ChannelSpec } from "../config/channels/types";
import { secretVersions } from "../config/secret-versions";
import { newPair } from "../storefront/channels/testing";
import { joinFacts, planFacts } from "./facts/plan";
import { rules } from "./rules";
import type { Facts } from "./rules/facts";
import { judge } from "./rules/rule";
import { expectedAdapters } from "./rules/intent";
import { expected, hostOf, image, intent, limits, neighbour, owner, platform, scopes } from "./rules/testing";
import { asInPreview } from "./testing";

// What the components really register, judged by every rule. What PostgreSQL and Docker then make of it, test/e2e shows.

const { publicPem: publicKey, privatePem: privateKey } = newPair();

const channel: ChannelSpec = {
  id: "alipay",
  kind: "alipay",
  title: "支付宝",
  enabled: true,
  sandbox: false,
  gateway: "https://openapi.alipay.com/gateway.do",
  minimum: 100,
  maximum: 50_000,
  dailyCap: 2_000_000,
  feeBasisPoints: 60,
  weight: 1,
  fields: { appId: "2021000000000001", alipayPublicKey: publicKey },
  secrets: { privateKey: "alipay-key" },
};

/** Of a payment system that this repository has never heard of. */
const custom: ChannelSpec = {
  ...channel,
  id: "hema-1",
  kind: "custom",
  gateway: "",
  fields: { merchantId: "1001" },
  secrets: { key: "hema-key" },
  adapter: {
    name: "hema",
    image,
    needs: { memoryBytes: 48 * 2 ** 20, cpus: 0.1, processes: 16 },
    descriptor: {
      ...{ kind: "custom", title: "河马付", description: "Hema Pay.", merchant: ["merchantId"] },
      fields: [],
      limits: channel,
      health: { refusal: "fail" },
    },
  },
};
const channels = [channel, custom, { ...custom, id: "hema-2", fields: { merchantId: "1002" } }];
const adapters = expectedAdapters(channels);

const lay = (preview: boolean, substations: readonly Owner[]): Promise<readonly Registered[]> =>
  register(
    () => {
      const providers = {
        database: new postgresql.Provider("database", {}),
        dns: new cloudflare.Provider("dns", {}),
      };
      for (const { id, group } of substations) {
        new Substation(id, {
          group,
          title: "梦想点卡",
          tier: "standard",
          scopes,
          host: hostOf({ platform, group, id }),
          revenueShareBasisPoints: 1250,
          markupBasisPoints: 1500,
          modules: { gameCards: { enabled: true, categories: ["steam"], syncIntervalMs: 600_000 } },
          channels,
          initialData: { categories: [], goods: [], notices: [], pages: [] },
          channelSecrets: {
            alipay: { privateKey: { value: pulumi.secret(privateKey), version: "aaaaaaaaaa" } },
            "hema-1": { key: { value: pulumi.secret("the key of hema-1"), version: "bbbbbbbbbb" } },
            "hema-2": { key: { value: pulumi.secret("the key of hema-2"), version: "cccccccccc" } },
          },
          limits,
          secretVersions: secretVersions(),
          platform: samplePlatform,
          providers,
        });
      }
      createIngress(
        {
          platform,
          listen: { address: "127.0.0.1", port: 8080 },
          metricsPort: 8081,
          image,
          socketProxyImage: image,
        },
        {},
      );
    },
    ({ type, name, inputs }) => {
      const made = inputs as Record<string, unknown>;
      return {
        // As an engine's ids are: rules tell them from names.
        id: createHash("sha256").update(`${type} ${name}`).digest("hex"),
        state: type.endsWith(":RandomPassword") ? { ...made, result: `secret of ${name}` } : made,
      };
    },
    preview,
  );

function factsOf({ type, name, inputs, options }: Registered, substations: readonly Owner[]): Facts {
  const id = type === "substation:index:Substation" ? name : options.parent;
  return planFacts({
    type,
    name,
    props: asInPreview(inputs),
    opts: options,
    owner: substations.find((of) => of.id === id),
  });
}

/** Ids and groups that read like secrets: by a secret's name, and as if drawn at random. */
const named = [
  { platform, group: "k3v9q2m7x5t8w1z4y6p0b", id: "secret-token-shop" },
  { platform, group: "k3v9q2m7x5t8w1z4y6p0b", id: "x7f2q9d4k8w3h6s1z5v0t-token" },
];

test.each([
  ["in a preview, where secrets are unknown", true, [owner, neighbour]],
  ["in an update", false, [owner, neighbour]],
  ["whatever the substations and their group are called", false, named],
])("everything that the components make passes every rule, %s", async (_, preview, substations) => {
  const files = new Map(substations.map((of) => [of.id, expected(of, { adapters })]));
  const made = await lay(preview, substations);
  const isTenants = ({ type, options }: Registered) => type.includes("Substation") || options.parent !== "";
  const findings = (of: readonly Registered[], stack: string) =>
    judge(
      rules,
      joinFacts(of.map((one) => factsOf(one, substations))),
      intent({ stack, substations: files }),
    ).map(({ rule, message }) => `${rule.id}: ${message}`);
  expect(findings(made.filter(isTenants), substations[0]?.group ?? "")).toEqual([]);
  expect(
    findings(
      made.filter((resource) => !isTenants(resource)),
      "platform",
    ),
  ).toEqual([]);
});
