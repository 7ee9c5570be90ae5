import { createHash } from "node:crypto";
import * as cloudflare from "@pulumi/cloudflare";
import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { createIngress } from "../components/ingress";
import { Substation } from "../components/substation";
import { register, type Registered } from "../components/testing/mocks";
import { platform as samplePlatform } from "../components/testing/sample";
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

const lay = (preview: boolean): Promise<readonly Registered[]> =>
  register(
    () => {
      const providers = {
        database: new postgresql.Provider("database", {}),
        dns: new cloudflare.Provider("dns", {}),
      };
      for (const { id, group } of [owner, neighbour]) {
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

const substations = [owner, neighbour];
const files = new Map(substations.map((of) => [of.id, expected(of, { adapters })]));

function factsOf({ type, name, inputs, options }: Registered): Facts {
  const id = type === "substation:index:Substation" ? name : options.parent;
  return planFacts({
    type,
    name,
    props: asInPreview(inputs),
    opts: options,
    owner: substations.find((of) => of.id === id),
  });
}

test.each([
  ["in a preview, where secrets are unknown", true],
  ["in an update", false],
])("everything that the components make passes every rule, %s", async (_, preview) => {
  const made = await lay(preview);
  const isTenants = ({ type, options }: Registered) => type.includes("Substation") || options.parent !== "";
  const findings = (of: readonly Registered[], stack: string) =>
    judge(rules, joinFacts(of.map(factsOf)), intent({ stack, substations: files })).map(
      ({ rule, message }) => `${rule.id}: ${message}`,
    );
  expect(findings(made.filter(isTenants), "demo")).toEqual([]);
  expect(
    findings(
      made.filter((resource) => !isTenants(resource)),
      "platform",
    ),
  ).toEqual([]);
});
