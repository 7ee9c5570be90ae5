import { z } from "zod";

import { checked, line, mapKey, nameForm, namePattern, quantity, unshown, word, type Docs } from "../forms";
import { money, share } from "../units";
import { limits } from "./common";
import { channelNameForm, channelNamePattern } from "./names";
import { channelKinds, descriptorOf } from "./index";
import type { Adapter, ChannelDescriptor, ChannelSpec, Field, Limits } from "./types";
import { plainValueFinding } from "./plain-value";

/** How secrets of a substation are called. Longer than any name is every key that somebody might write in place of one. */
export const [secretNamePattern, secretNameForm] = [namePattern, nameForm];

const channelId = mapKey(
  channelNamePattern,
  {
    code: "channel/syntax",
    why: `no id for a channel: it is ${channelNameForm}, and part of its notify URL`,
  },
  "The channel's id, part of its notify URL.",
);

/** The kind's own fields, as they stand in the file: plain ones by value, secret ones by the name of a secret. */
function shapeOf({ fields }: ChannelDescriptor) {
  const [secrets, plain] = [fields.filter((f) => f.secret), fields.filter((f) => !f.secret)];
  const names = z
    .strictObject(Object.fromEntries(secrets.map((field) => [field.name, maybe(field, nameSchema(field))])))
    .meta({ description: "For each secret of the channel the name that it is stored under." });
  return {
    ...Object.fromEntries(plain.map((field) => [field.name, maybe(field, plainSchema(field))])),
    ...Object.fromEntries(secrets.map((field) => [field.name, misplaced(field)])),
    secrets: secrets.length > 0 ? names : names.optional(),
  };
}

/** Whether the field is wanted depends on another key, and so is no matter of its form: `check.ts` looks. */
export const isConditional = ({ when, type }: Field): boolean => when !== undefined || type === "publicKey";

const maybe = (field: Field, schema: z.ZodString): z.ZodType<string | undefined> =>
  isConditional(field) ? schema.optional() : schema;

function plainSchema(field: Field): z.ZodString {
  const { description, example, pattern, choices } = field;
  const schema = z
    .string()
    .superRefine(checked((value) => plainValueFinding(field, value)))
    .meta({
      description,
      examples: [example],
      ...(pattern === undefined ? {} : { pattern }),
      ...(choices === undefined ? {} : { enum: [...choices] }),
    });
  // A private key may stand where a public one belongs.
  return field.type === "publicKey" ? schema.register(unshown, { unshown: true }) : schema;
}

const nameSchema = ({ description, example }: Pick<Field, "description" | "example">): z.ZodString =>
  word(secretNamePattern, `the name of a secret, ${secretNameForm}; its value never stands in a file`, {
    description: `${description} The name of a secret, which \`substation secret set <id> <name>\` stores.`,
    examples: [example],
  }).register(unshown, { unshown: true });

/** A secret field where plain ones stand: always refused, with better words than those for an unknown key. */
const misplaced = ({ name, example }: Field) =>
  z
    .unknown()
    .superRefine(
      checked((value) =>
        value === undefined
          ? undefined
          : {
              code: "channel/plain-secret",
              why:
                `it is a secret, and a file is no place for it; remove it, have it replaced at the gateway if anybody has seen it, ` +
                `store it with "substation secret set <id> <name>", and write secrets: { ${name}: ${example} }`,
            },
      ),
    )
    .meta({ description: `A secret: its name stands below \`secrets\`.`, not: {} })
    .register(unshown, { unshown: true })
    .optional();

/** What the keys of all channels mean. `limit` are words for limits that are not known yet: those of any descriptor. */
function termsOf(
  { kind, title, limits, sandbox = true }: Pick<ChannelDescriptor, "kind" | "title" | "limits" | "sandbox">,
  limit?: string,
) {
  const absent = (key: keyof Limits): string => limit ?? money.format(limits[key]);
  // Where a descriptor is still to say it, there is no default.
  const standing = (key: keyof Limits) => (limit === undefined ? { default: absent(key) } : {});
  const bound = (most: "maximum" | "dailyCap", docs: Docs) =>
    quantity(money, money.format(limits.minimum), money.format(limits[most]), docs);
  return {
    title: line(1, 20, {
      description: `What buyers read. ${title} where it is absent.`,
      examples: [title],
    }).optional(),
    sandbox: z
      .boolean()
      .superRefine(
        checked((on) =>
          on && !sandbox
            ? { code: "channel/sandbox", why: "its adapter has none; remove it, or write false" }
            : undefined,
        ),
      )
      .meta({
        description:
          kind === "custom"
            ? "Told to the adapter, which knows what it means; the platform's sandbox has no part in it."
            : "The platform's sandbox gateway and public key in place of the real ones: no money moves.",
        examples: [true],
        default: false,
      })
      .optional(),
    minimum: bound("maximum", {
      description: `The least that one payment may be, in yuan. ${absent("minimum")} where it is absent.`,
      examples: ["1.00"],
      ...standing("minimum"),
    }).optional(),
    maximum: bound("maximum", {
      description: `The most that one payment may be, in yuan. ${absent("maximum")}, or dailyCap, where it is absent.`,
      examples: ["500.00"],
    }).optional(),
    dailyCap: bound("dailyCap", {
      description: `The most that is taken in a day, in yuan. ${absent("dailyCap")} where it is absent.`,
      examples: ["20000.00"],
      ...standing("dailyCap"),
    }).optional(),
    fee: quantity(share, "0%", "20%", {
      description: "What the gateway keeps of each payment.",
      examples: ["0.6%"],
    }),
    weight: z
      .number()
      .min(1)
      .max(100)
      .int()
      .meta({
        description:
          "Of several channels of one kind and one title a buyer is offered one, each in proportion to it. 1 where it is absent.",
        examples: [1],
        default: 1,
      })
      .optional(),
    enabled: z
      .boolean()
      .meta({
        description:
          "false takes no new payments by it; what was begun is finished. true where it is absent.",
        examples: [false],
        default: true,
      })
      .optional(),
  };
}

const kindSchema = (descriptor: ChannelDescriptor) =>
  z
    .strictObject({
      kind: z
        .literal(descriptor.kind)
        .meta({ description: descriptor.description, examples: [descriptor.kind] }),
      ...termsOf(descriptor),
      ...shapeOf(descriptor),
    })
    .meta({ description: `${descriptor.title}. ${descriptor.description}` });

const { alipay, wechatPay, epay } = channelKinds;

const adapterName = z.string().meta({
  description: "Name of the payment system's descriptor: the file stacks/channels/<name>.yaml.",
  examples: ["hema"],
  pattern: channelNamePattern,
});

/** What every custom channel has. Its other keys are its descriptor's, which editors cannot know: `adapterChannelSchema` holds it to them. */
const customSchema = z
  .object({
    kind: z.literal("custom").meta({ description: "A payment system of your own.", examples: ["custom"] }),
    adapter: adapterName,
    ...termsOf({ kind: "custom", title: "The descriptor's title", limits }, "The descriptor's limit"),
    secrets: z
      .record(
        z.string(),
        nameSchema({ description: "A secret field of the descriptor.", example: "hema-key" }),
      )
      .meta({ description: "For each secret of the channel the name that it is stored under." })
      .optional(),
  })
  .catchall(z.unknown().meta({ description: "A field of the descriptor." }))
  .meta({ description: "A payment system that stacks/channels/<adapter>.yaml describes." });

/** One channel in a substation's file; what it must have depends on its `kind`. */
export const channelSchema = z
  .discriminatedUnion("kind", [kindSchema(alipay), kindSchema(wechatPay), kindSchema(epay), customSchema])
  .meta({ description: "A payment channel.", examples: ["kind: alipay"] });

const adapterSchemas = new WeakMap<Adapter, ReturnType<typeof newAdapterSchema>>();
const newAdapterSchema = ({ descriptor }: Adapter) => kindSchema(descriptor).extend({ adapter: adapterName });

/** A channel of one payment system of a descriptor file. Made once: every channel of it is held to the same. */
export function adapterChannelSchema(adapter: Adapter): ReturnType<typeof newAdapterSchema> {
  const known = adapterSchemas.get(adapter) ?? newAdapterSchema(adapter);
  adapterSchemas.set(adapter, known);
  return known;
}

export const channelsSchema = z.record(channelId, channelSchema).meta({
  description:
    "Payment channels by id. Several of one kind are allowed; the tier says which kinds, and how many.",
});

export type WrittenChannel = z.infer<typeof channelSchema>;

/**
 * What the schema has let pass, in base units and with what was left out.
 * @param adapter of a custom channel
 */
export function channelSpec(id: string, written: WrittenChannel, adapter?: Adapter): ChannelSpec {
  const { kind, title, sandbox, enabled, minimum, maximum, dailyCap, fee, weight, secrets = {} } = written;
  const descriptor = descriptorOf({ kind, ...(adapter && { adapter }) });
  const fen = (amount: string | undefined, otherwise: number): number =>
    amount === undefined ? otherwise : money.value(amount);
  const own = written as Readonly<Record<string, unknown>>;
  const plain = descriptor.fields.flatMap(({ name, secret }) => {
    const value = own[name];
    return secret || typeof value !== "string" ? [] : [[name, value.trim()] as const];
  });
  const { gateway = descriptor.gateway ?? "", ...fields } = Object.fromEntries(plain);
  const cap = fen(dailyCap, descriptor.limits.dailyCap);
  return {
    id,
    kind,
    title: title ?? descriptor.title,
    enabled: enabled ?? true,
    sandbox: sandbox ?? false,
    gateway: gateway.replace(/\/+$/, ""),
    minimum: fen(minimum, descriptor.limits.minimum),
    maximum: fen(maximum, Math.min(descriptor.limits.maximum, cap)),
    dailyCap: cap,
    feeBasisPoints: share.value(fee),
    weight: weight ?? 1,
    fields,
    ...(adapter && { adapter }),
    secrets: Object.fromEntries(
      Object.entries(secrets).flatMap(([field, name]) => (name === undefined ? [] : [[field, name]])),
    ),
  };
}
