import { z } from "zod";

import { kindNames } from "./channels";
import { channelsSchema } from "./channels/schema";
import { checked, choice, line, list, mapKey, name, nameForm, namePattern, quantity } from "./forms";
import { hostFinding } from "./hosts";
import { imageFinding, imagePattern } from "./image";
import { suspensionSchema } from "./lifecycle/suspension";
import { modules } from "./modules";
import { modulesSchema } from "./modules/schema";
import { scopes } from "./scopes";
import { largestSecretVersion, type SecretName } from "./secret-versions";
import { duration, share, size } from "./units";

/**
 * The typed files as they are written. The schema has no transforms, so that the JSON Schema for editors (`jsonSchema.ts`) says the
 * same; `fleet.ts` turns what passed into numbers.
 */

const limits = {
  memory: quantity(size, "64 MB", "64 GB", {
    description:
      "Memory of the storefront's container; it is stopped and started anew above that. 1 MB is 1,048,576 bytes.",
    examples: ["128 MB", "1 GB"],
  }),
  cpus: z
    .number()
    .min(0.05)
    .max(64)
    .meta({ description: "Processor cores, as a share of time: 0.5 is half a core.", examples: [0.5] }),
  processes: z
    .number()
    .min(16)
    .max(4096)
    .int()
    .meta({
      description: "Processes and threads at one time. Node.js alone has about a dozen.",
      examples: [64],
    }),
  databaseConnections: z
    .number()
    .min(2)
    .max(100)
    .int()
    .meta({ description: "Connections to the substation's database at one time.", examples: [5] }),
};

const tierName = mapKey(
  namePattern,
  { code: "tier/syntax", why: `no name for a tier: a tier's name is ${nameForm}` },
  "What `tier` in a substation's file says.",
);

const percentage = (description: string, example: string) =>
  quantity(share, "0%", "100%", { description, examples: [example] });

/** Bounds that contradict each other would forbid everything, or nothing. */
const ascending =
  (keys: readonly string[]) =>
  (value: Readonly<Record<string, string>>, context: z.RefinementCtx): void => {
    for (const [i, key] of keys.entries()) {
      const [low, high] = [value[keys[i - 1] ?? key] ?? "", value[key] ?? ""];
      if ((share.parse(low) ?? 0) <= (share.parse(high) ?? 0)) continue;
      const message = `it is less than ${keys[i - 1]}, which is ${low}; write ${keys.join(" ≤ ")}`;
      context.addIssue({ code: "custom", message, path: [key], params: { code: "terms/bounds" } });
    }
  };

export const tierSchema = z
  .strictObject({
    title: line(1, 20, { description: "What people call the tier.", examples: ["标准版"] }),
    limits: z
      .strictObject({
        ...limits,
        statementTimeout: quantity(duration, "100ms", "10m", {
          description: "The database cancels a statement that runs longer.",
          examples: ["10s"],
        }),
        idleTransactionTimeout: quantity(duration, "1s", "1h", {
          description: "The database ends a session whose open transaction does nothing for longer.",
          examples: ["30s"],
        }),
        temporaryStorage: quantity(size, "1 MB", "1 GB", {
          description: "Size of /tmp, which is in memory and gone with the container.",
          examples: ["16 MB"],
        }),
        logSize: quantity(size, "1 MB", "1 GB", {
          description: "Size at which the container's log is rotated, so that it never fills the disk.",
          examples: ["10 MB"],
        }),
      })
      .meta({
        description:
          "What a substation of this tier may use; `resources` in its file may ask for less, never for more.",
      }),
    modules: list(
      choice(Object.keys(modules), { description: "A module of the shop.", examples: ["gameCards"] }),
      0,
      Object.keys(modules).length,
      { description: "The modules that may be on.", examples: [["gameCards", "phoneTopUp"]] },
    ),
    channels: list(
      choice(kindNames, { description: "A kind of payment channel.", examples: ["alipay"] }),
      0,
      kindNames.length,
      {
        description: "The kinds of payment channels that may be enabled.",
        examples: [["alipay", "wechatPay"]],
      },
    ),
    maximumChannels: z
      .number()
      .min(0)
      .max(20)
      .int()
      .meta({ description: "Payment channels that may be enabled at one time.", examples: [3] }),
    markup: z
      .strictObject({
        from: percentage("The least.", "0%"),
        to: percentage("The most.", "30%"),
        default: percentage("What is meant where a substation's file has no `markup`.", "10%"),
      })
      .superRefine(ascending(["from", "default", "to"]))
      .meta({ description: "Bounds of what a shop adds to the main station's price." }),
    revenueShare: z
      .strictObject({ from: percentage("The least.", "5%"), to: percentage("The most.", "50%") })
      .superRefine(ascending(["from", "to"]))
      .meta({ description: "Bounds of the platform's share." }),
    scopes: list(
      choice(Object.keys(scopes), {
        description: "A scope of the main station's API.",
        examples: ["goods:read"],
      }),
      1,
      Object.keys(scopes).length,
      {
        description: "What a substation's token may do at the main station's API: exactly these.",
        examples: [["goods:read", "orders:create", "orders:read"]],
      },
    ),
  })
  .meta({ description: "A permission level: what its substations may use." });

export const tiersSchema = z
  .strictObject({
    tiers: z
      .record(tierName, tierSchema)
      .meta({ description: "Tiers by name. A substation names its tier with `tier: <name>`." }),
  })
  .meta({ title: "stacks/tiers.yaml", description: "The tiers of the fleet." });

export const resourcesSchema = z
  .strictObject(limits)
  .partial()
  .meta({ description: "Less than the tier allows, where that is enough. What is absent is the tier's." })
  .optional();

const version = (description: string) =>
  z
    .number()
    .int()
    .min(1)
    .max(largestSecretVersion)
    .meta({ description, examples: [2], default: 1 })
    .optional();

const secretVersions = {
  root: version("All secrets of the substation at once: they are derived from the root."),
  migratePassword: version("Password of the database role that migrates."),
  appPassword: version("Password of the database role of the shop."),
  sessionKey: version("Key that signs the sessions of visitors."),
  mainStationToken: version("Token for the main station's API."),
  callbackSigningKey: version("Key that signs payment callbacks."),
} satisfies Record<SecretName, z.ZodType>;

export const substationSchema = z
  .strictObject({
    title: line(1, 40, {
      description: "Name of the shop, as its visitors read it. 1 to 40 characters.",
      examples: ["梦想点卡"],
    }),
    // Whether there is such a tier is not a matter of form: `fleet.ts` looks it up.
    tier: z.string().meta({
      description: "A tier of stacks/tiers.yaml, by name.",
      examples: ["standard"],
      pattern: namePattern,
    }),
    owner: z
      .strictObject({
        name: line(1, 60, { description: "Who answers for the shop.", examples: ["王小明"] }),
        contact: line(3, 120, {
          description:
            "How to reach the owner when something is wrong: phone, e-mail, QQ or WeChat, as free text.",
          examples: ["微信 mengxiang88", "138 0000 0000"],
        }),
        crmId: line(1, 40, {
          description: "The owner's record in your CRM, if there is one.",
          examples: ["C-1029"],
        }).optional(),
      })
      .meta({ description: "Who answers for the shop, and how to reach him." }),
    domain: z
      .strictObject({
        host: z
          .string()
          .superRefine(checked(hostFinding))
          .meta({
            description:
              "The host name that the shop answers under: one label below the platform's zone, in lower case.",
            examples: ["mengxiang.substation.test"],
            pattern: "^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?){2,}$",
            maxLength: 253,
          }),
      })
      .meta({ description: "Where the shop answers." }),
    image: z
      .string()
      .superRefine(checked(imageFinding))
      .meta({
        description:
          "The storefront's image by digest, where it is not the platform's own. The image contract is in docs/image-contract.md.",
        examples: [`registry.example.com/shop@sha256:${"0".repeat(64)}`],
        pattern: imagePattern,
      })
      .optional(),
    revenueShare: percentage(
      "The platform's share of the margin of each sale (of the markup, not of the price), with at most two decimals. Bounded by the tier.",
      "12.5%",
    ),
    markup: percentage(
      "What the shop adds to the main station's price. Bounded by the tier; the tier's default where it is absent.",
      "15%",
    ).optional(),
    // Whether there is such a template, and what variables it has, `templates/use.ts` looks up.
    template: name({
      description:
        "What a new shop begins with: a template of templates/ or stacks/templates/, by name. standard where it is absent.",
      examples: ["standard"],
      default: "standard",
    }).optional(),
    variables: z
      .record(
        z.string(),
        line(1, 200, {
          description: "What the template's texts say in its place.",
          examples: ["9:00–22:00"],
        }),
      )
      .meta({ description: "Values of the template's variables, by name." })
      .optional(),
    modules: modulesSchema(modules).optional(),
    channels: channelsSchema.optional(),
    resources: resourcesSchema,
    secretVersions: z
      .strictObject(secretVersions)
      .meta({
        description:
          "Raised by `substation rotate`: a higher number is a new secret, and what is absent is 1. Never write a lower one: it brings the old secret back (docs/rotation.md).",
      })
      .optional(),
    suspended: suspensionSchema,
  })
  .meta({
    title: "stacks/<group>/<id>.yaml",
    description: "One substation. The file name is its id; the folder is its group, a Pulumi stack.",
  });

export type SubstationFile = z.infer<typeof substationSchema>;
export type TierFile = z.infer<typeof tierSchema>;
