import { z } from "zod";
import { documentHash } from "../document-hash";
import { standingObject } from "./manifest";

const text = z.string().min(1);
const sha256 = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description, examples: ["0".repeat(64)] });
const moment = (description: string) =>
  z.iso.datetime({ precision: 0 }).meta({ description, examples: ["2026-12-23T12:00:00Z"] });

export const certificateSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    platform: text.describe("Name of the platform."),
    group: text.describe("The substation's stack."),
    id: text.describe("The substation."),
    order: z
      .strictObject({
        orderedBy: text.describe("Who ordered it."),
        reason: text.describe("Why."),
        ordered: text.describe("The day of the order."),
        grace: text.describe("How long it was kept after its first export."),
      })
      .describe("As the closing order said it."),
    began: moment("When its removal began, UTC."),
    closed: moment("When nothing of it was there any more, UTC."),
    by: z
      .strictObject({
        substation: text.describe("Version of this program."),
        node: text.describe("Version of Node.js."),
        user: text.describe("Who ran it, on which host."),
      })
      .describe("What removed it."),
    removed: z
      .array(standingObject)
      .describe("All that stood of it; looked for once more before this was written, and not found."),
    export: z
      .strictObject({
        name: text.describe("Name of its folder."),
        sha256: sha256("SHA-256 of its manifest.json, which has the hash of every other file."),
        tables: z.int().min(0).describe("Tables in it."),
        rows: z.int().min(0).describe("Rows of all of them."),
      })
      .optional()
      .describe("All its data, read back before anything was removed. Absent where it was never opened."),
    hash: sha256("SHA-256 of this certificate without this key, as JSON with sorted keys and no spaces."),
  })
  .describe(
    "That a substation was closed, and what was removed: written by `substation close`, never by hand.",
  );

export type Certificate = z.infer<typeof certificateSchema>;

/** The hash that a certificate must carry. */
export const certificateHash = (
  certificate: Omit<Certificate, "hash"> & { readonly hash?: string },
): string => documentHash(certificate);
