import { z } from "zod";
import { documentHash } from "../document-hash";
import { moment, orderAsWritten, sha256, text, writtenBy } from "../document-parts";
import { standingObject } from "./manifest";

export const certificateSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    platform: text.describe("Name of the platform."),
    group: text.describe("The substation's stack."),
    id: text.describe("The substation."),
    order: orderAsWritten("As the closing order said it."),
    began: moment("When its removal began, UTC."),
    closed: moment("When nothing of it was there any more, UTC."),
    by: writtenBy("")
      .extend({ user: text.describe("Who ran it, on which host.") })
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
