import { z } from "zod";

const text = z.string().min(1);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

/** What stands of a substation, by kind and name: what its closing removes. */
export const standingObject = z.strictObject({
  kind: z.enum(["record", "container", "volume", "database", "role", "secret"]),
  name: text.describe("As its server knows it; of a secret, as its channel does."),
});
export type StandingObject = z.infer<typeof standingObject>;

/** `manifest.json` of an export: what is in it, and how to tell that it still is. */
export const manifestSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    platform: text,
    group: text,
    id: text,
    host: text.describe("Its name in DNS."),
    takenAt: z.iso
      .datetime({ precision: 3 })
      .describe("When it began, UTC; the folder's name says the same."),
    order: z
      .strictObject({ orderedBy: text, reason: text, ordered: text, grace: text })
      .describe("The closing order that it was made for."),
    last: z
      .boolean()
      .describe(
        "Whether nobody but us could connect to the database any more, so that nothing came after it.",
      ),
    by: z.strictObject({ substation: text, node: text }).describe("What made it."),
    database: z
      .strictObject({
        name: text,
        server: text.describe("Version of PostgreSQL."),
        tables: z.array(
          z.strictObject({
            schema: text,
            name: text,
            columns: z.array(text).describe("The fields of each line, in their order."),
            rows: count,
            file: text.describe("Its rows in the text form of PostgreSQL's COPY."),
          }),
        ),
      })
      .optional()
      .describe("Absent where there was none."),
    objects: z.array(standingObject).describe("What stood of the substation."),
    files: z.array(z.strictObject({ path: text, bytes: count, sha256 })).describe("All files but this one."),
  })
  .describe("An export of a substation: written by `substation close`.");

export type Manifest = z.infer<typeof manifestSchema>;
