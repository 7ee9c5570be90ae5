import { z } from "zod";

import { descriptorSchema } from "./channels/descriptor";
import { driftReportSchema } from "./drift-report";
import { openReportSchema } from "./open-report";
import { certificateSchema } from "./lifecycle/certificate";
import { manifestSchema } from "./lifecycle/manifest";
import { orderSchema } from "./lifecycle/order";
import { proofSchema } from "./proof";
import { substationSchema, tiersSchema } from "./schema";
import { templateSchema } from "./templates/schema";

/** The JSON Schemas for editors, by file name, as they are written to `schemas/`. */
export function jsonSchemas(): ReadonlyMap<string, string> {
  const schemas = {
    "substation.schema.json": substationSchema,
    "tiers.schema.json": tiersSchema,
    "template.schema.json": templateSchema,
    "channel.schema.json": descriptorSchema,
    "proof.schema.json": proofSchema,
    "closing.schema.json": orderSchema,
    "closing-certificate.schema.json": certificateSchema,
    "export-manifest.schema.json": manifestSchema,
    "open-report.schema.json": openReportSchema,
    "drift-report.schema.json": driftReportSchema,
  };
  return new Map(
    Object.entries(schemas).map(([name, schema]) => {
      // Draft 7 is what editors understand; "input" is the file as it is written.
      const json = z.toJSONSchema(schema, { target: "draft-7", io: "input" });
      return [name, `${JSON.stringify(json, null, 2)}\n`];
    }),
  );
}
