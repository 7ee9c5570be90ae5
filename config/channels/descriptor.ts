import { z } from "zod";

import type { Document } from "../document";
import { checked, line, list, quantity } from "../forms";
import { imageFinding, imagePattern } from "../image";
import { reporter, validate } from "../issues";
import type { Finding, Problem } from "../problem";
import { money, size } from "../units";
import { limits } from "./common";
import { fieldFindings, fieldSchema } from "./descriptor-fields";
import { plainValueFinding } from "./plain-value";
import type { Adapter, ChannelDescriptor, Limits } from "./types";

/** The descriptor files, `stacks/channels/<name>.yaml`: payment systems that this repository has never heard of. */

const fen = (most: number, description: string, example: string) =>
  quantity(money, money.format(limits.minimum), money.format(most), { description, examples: [example] });

const gatewayPattern = "^https://[a-z0-9.-]+(?::[0-9]{1,5})?(?:/[\\w./-]*)?$";

/** What holds for an address that a channel names holds here too. */
function gatewayFinding(value: string): Finding | undefined {
  const form: Finding = { code: "value/text", why: "write an https address" };
  return new RegExp(gatewayPattern).test(value) ? plainValueFinding({ type: "url" }, value) : form;
}

const adapterSchema = z
  .strictObject({
    image: z
      .string()
      .superRefine(checked(imageFinding))
      .meta({
        description: "The adapter's image, by digest. What it must answer is in docs/channel-adapter.md.",
        examples: [`registry.example.com/hema-adapter@sha256:${"0".repeat(64)}`],
        pattern: imagePattern,
      }),
    resources: z
      .strictObject({
        memory: quantity(size, "16 MB", "4 GB", {
          description: "Memory of one adapter's container.",
          examples: ["64 MB"],
        }),
        cpus: z
          .number()
          .min(0.01)
          .max(8)
          .meta({ description: "Processor cores, as a share of time.", examples: [0.05] }),
        processes: z
          .number()
          .min(4)
          .max(1024)
          .int()
          .meta({ description: "Processes and threads at one time.", examples: [16] }),
      })
      .meta({
        description: "What each channel's adapter needs. It is taken out of what the substation has.",
      }),
  })
  .meta({ description: "The program that speaks for the payment system, beside each shop that uses it." });

export const descriptorSchema = z
  .strictObject({
    title: line(1, 20, {
      description: "What buyers know it as, where a channel has no title of its own.",
      examples: ["河马付"],
    }),
    description: line(1, 200, { description: "One sentence, for operators.", examples: ["Hema Pay."] }),
    sandbox: z
      .boolean()
      .meta({
        description:
          "Whether a channel may say `sandbox: true`, which its adapter is then told. true where it is absent.",
        examples: [false],
      })
      .optional(),
    gateway: z
      .string()
      .superRefine(checked(gatewayFinding))
      .meta({
        description:
          "Address of the payment system, where every merchant has the same. The adapter is told it.",
        examples: ["https://pay.example.com"],
        pattern: gatewayPattern,
      })
      .optional(),
    fields: z
      .array(fieldSchema)
      .min(1)
      .max(30)
      .meta({ description: "What a channel's file must say, one entry for each key." }),
    merchant: list(z.string().meta({ description: "Name of a field.", examples: ["merchantId"] }), 1, 5, {
      description:
        "The fields that say who gets the money; the first is what the payment system's messages name.",
      examples: [["merchantId"]],
    }),
    limits: z
      .strictObject({
        minimum: fen(limits.maximum, "The least that one payment may be, in yuan.", "0.01"),
        maximum: fen(limits.maximum, "The most that one payment may be, in yuan.", "50000.00"),
        dailyCap: fen(limits.dailyCap, "The most that a channel may take in a day, in yuan.", "1000000.00"),
      })
      .meta({ description: "What a channel may say at most, and what holds where it says nothing." }),
    health: z
      .strictObject({
        refusal: line(1, 60, {
          description:
            "What the answer to a notification without a signature contains: the adapter's refusal, neither a 404 nor a challenge page.",
          examples: ["fail"],
        }),
      })
      .meta({ description: "What shows that a channel works." }),
    adapter: adapterSchema,
  })
  .meta({
    title: "stacks/channels/<name>.yaml",
    description: "A payment system that custom channels may name: `kind: custom, adapter: <name>`.",
  });

export interface Adapters {
  /** Those that can be used. */
  readonly byName: ReadonlyMap<string, Adapter>;
  /** Those that have a file, usable or not. */
  readonly names: readonly string[];
}

/** One descriptor file: all that is wrong with it, and the payment system where nothing is. */
export function readAdapter(name: string, document: Document): { adapter?: Adapter; problems: Problem[] } {
  if (document.broken) return { problems: [] };
  const { value, problems } = validate(descriptorSchema, document);
  const report = reporter(document);
  const all = [...problems, ...fieldFindings(document.value).map((found) => report(...found))];
  if (!value) return { problems: all };
  const { adapter, limits: written, fields, ...rest } = value;
  const bounds: Limits = {
    minimum: money.value(written.minimum),
    maximum: money.value(written.maximum),
    dailyCap: money.value(written.dailyCap),
  };
  for (const [low, high] of [
    ["minimum", "maximum"],
    ["maximum", "dailyCap"],
  ] as const) {
    if (bounds[low] <= bounds[high]) continue;
    const why = `is "${written[low]}": that is more than ${high}, ${written[high]}; lower it, or raise ${high}`;
    all.push(report(["limits", low], "channel/limits", why));
  }
  if (all.length > 0) return { problems: all };
  return {
    problems: [],
    adapter: {
      name,
      image: adapter.image,
      needs: {
        memoryBytes: size.value(adapter.resources.memory),
        cpus: adapter.resources.cpus,
        processes: adapter.resources.processes,
      },
      // The schema lets no other words pass than the types name.
      descriptor: {
        ...plain(rest),
        kind: "custom",
        fields: fields.map(plain),
        limits: bounds,
      } as ChannelDescriptor,
    },
  };
}

/** Without the keys that were left out: `undefined` is no value of a descriptor. */
type Plain<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const plain = <T extends object>(value: T): Plain<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Plain<T>;
