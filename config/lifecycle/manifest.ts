import { z } from "zod";
import { orderAsWritten, sha256, text, writtenBy } from "../document-parts";

const count = z.int().min(0);

/** What stands of a substation, by kind and name: what its closing removes. */
export const standingObject = z
  .strictObject({
    kind: z.enum(["record", "container", "volume", "database", "role", "secret"]).describe("What it is."),
    name: text.describe("As its server knows it; of a secret, as its channel does."),
  })
  .describe("An object.");
export type StandingObject = z.infer<typeof standingObject>;

/** `manifest.json` of an export: what is in it, and how to tell that it still is. */
export const manifestSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    platform: text.describe("Name of the platform."),
    group: text.describe("The substation's stack."),
    id: text.describe("The substation."),
    host: text.describe("Its name in DNS."),
    takenAt: z.iso.datetime({ precision: 3 }).meta({
      description: "When it began, UTC; the folder's name says the same.",
      examples: ["2026-11-23T12:00:00.000Z"],
    }),
    order: orderAsWritten("The closing order that it was made for."),
    last: z
      .boolean()
      .describe(
        "Whether nobody but us could connect to the database any more, so that nothing came after it.",
      ),
    by: writtenBy("What made it."),
    database: z
      .strictObject({
        name: text.describe("Name of the database."),
        server: text.describe("Version of PostgreSQL."),
        tables: z
          .array(
            z
              .strictObject({
                schema: text.describe("The schema that it is in."),
                name: text.describe("Name of the table."),
                columns: z
                  .array(text.describe("A column."))
                  .describe("The fields of each line, in their order."),
                rows: count.describe("Lines of the file."),
                file: text.describe("Its rows in the text form of PostgreSQL's COPY."),
              })
              .describe("A table."),
          )
          .describe("All of them."),
      })
      .optional()
      .describe("Absent where there was none."),
    objects: z.array(standingObject).describe("What stood of the substation."),
    files: z
      .array(
        z
          .strictObject({
            path: text.describe("In this folder."),
            bytes: count.describe("Its size."),
            sha256: sha256("Of its content."),
          })
          .describe("A file."),
      )
      .describe("All files but this one."),
  })
  .describe("An export of a substation: written by `substation close`.");

export type Manifest = z.infer<typeof manifestSchema>;
