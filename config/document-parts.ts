import { z } from "zod";

/** What documents that this program writes have in common: proofs, exports, certificates, reports. `what` is the description that editors show. */

export const text = z.string().min(1);

/** SHA-256, in hex. */
export const sha256 = (what: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({
      description: what,
      examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    });

/** A second, in UTC. */
export const moment = (what: string) =>
  z.iso.datetime({ precision: 0 }).meta({ description: what, examples: ["2026-11-23T12:00:00Z"] });

/** What wrote it. */
export const writtenBy = (what: string) =>
  z
    .strictObject({
      substation: text.describe("Version of this program."),
      node: text.describe("Version of Node.js."),
    })
    .describe(what);

/** A closing order, as its file said it. */
export const orderAsWritten = (what: string) =>
  z
    .strictObject({
      orderedBy: text.describe("Who ordered it."),
      reason: text.describe("Why."),
      ordered: text.describe("The day of the order."),
      grace: text.describe("How long all is kept after the first export for the order."),
    })
    .describe(what);
