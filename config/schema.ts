import { z } from "zod";

import { hostFinding } from "./hosts";
import { imageFinding, imagePattern } from "./image";
import type { Finding } from "./problem";
import { largestSecretVersion, type SecretName } from "./secret-versions";
import { textFinding } from "./text";
import { duration, share, size, unitFinding } from "./units";
import type { Unit } from "./units";

/**
 * The typed files as they are written. The schema has no transforms, so that the JSON Schema for editors (`jsonSchema.ts`) says the
 * same; `fleet.ts` turns what passed into numbers. Modules and payment channels will be keys beside `domain`.
 */

interface Docs {
  readonly description: string;
  /** The first is shown where the value is missing. */
  readonly examples: readonly [string, ...string[]];
}

const checked =
  (check: (value: string) => Finding | undefined) => (value: string, context: z.RefinementCtx) => {
    const finding = check(value);
    if (finding) context.addIssue({ code: "custom", message: finding.why, params: { code: finding.code } });
  };

/** One line of text that people read. JSON Schema counts characters as we do, and leaves the invisible ones to `check`. */
const line = (least: number, most: number, docs: Docs) =>
  z
    .string()
    .superRefine(checked((value) => textFinding(value, least, most)))
    .meta({ ...docs, minLength: least, maxLength: most });

/** A value with a unit, from `least` to `most`, in the unit's own words. */
function quantity(unit: Unit, least: string, most: string, docs: Docs) {
  const [low, high] = [unit.parse(least) ?? NaN, unit.parse(most) ?? NaN];
  const check = (text: string): Finding | undefined => {
    const value = unit.parse(text);
    if (value === undefined) return unitFinding(unit, text);
    if (value < low)
      return { code: "value/range", why: `the least that works is ${least}; write that or more` };
    return value > high
      ? { code: "value/range", why: `the most that is allowed is ${most}; write that or less` }
      : undefined;
  };
  const whyNot = (input: unknown): string | undefined => {
    if (input === undefined || input === null) return undefined;
    return typeof input === "number" ? unitFinding(unit, String(input))?.why : `the form is ${unit.form}`;
  };
  return z
    .string({ error: ({ input }) => whyNot(input) })
    .superRefine(checked(check))
    .meta({ ...docs, description: `${docs.description} From ${least} to ${most}.`, pattern: unit.pattern });
}

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

const tierPattern = "^[a-z][a-z0-9-]{0,30}$";
const tierName = z
  .string()
  .regex(new RegExp(tierPattern))
  .meta({ description: "What `tier` in a substation's file says." });

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
  })
  .meta({ description: "A permission level: what its substations may use." });

export const tiersSchema = z
  .strictObject({
    tiers: z
      .record(tierName, tierSchema)
      .meta({ description: "Tiers by name. A substation names its tier with `tier: <name>`." }),
  })
  .meta({ title: "stacks/tiers.yaml", description: "The tiers of the fleet." });

const version = (description: string) =>
  z
    .number()
    .int()
    .min(1)
    .max(largestSecretVersion)
    .meta({ description, examples: [2] })
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
      pattern: tierPattern,
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
    revenueShare: quantity(share, "0%", "100%", {
      description: "The platform's share of each sale, with at most two decimals.",
      examples: ["12.5%"],
    }),
    resources: z
      .strictObject(limits)
      .partial()
      .meta({ description: "Less than the tier allows, where that is enough. What is absent is the tier's." })
      .optional(),
    secretVersions: z
      .strictObject(secretVersions)
      .meta({
        description:
          "Raised by `substation rotate`: a higher number is a new secret, and what is absent is 1. Never write a lower one: it brings the old secret back (docs/rotation.md).",
      })
      .optional(),
  })
  .meta({
    title: "stacks/<group>/<id>.yaml",
    description: "One substation. The file name is its id; the folder is its group, a Pulumi stack.",
  });

export type SubstationFile = z.infer<typeof substationSchema>;
export type TierFile = z.infer<typeof tierSchema>;
