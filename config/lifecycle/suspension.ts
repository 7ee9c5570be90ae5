import { z } from "zod";

import { line } from "../forms";
import { pastDay } from "./day";

/** Why a shop sells nothing now, as its visitors read it. */
export interface Suspension {
  /** The day that it began: `2026-11-23`. */
  readonly since: string;
  readonly reason: string;
}

export const suspensionSchema = z
  .strictObject({
    since: pastDay({ description: "The day on which it was suspended.", examples: ["2026-11-23"] }),
    reason: line(1, 200, {
      description: "Why, in words that the shop's visitors read.",
      examples: ["店铺升级中"],
    }),
  })
  .meta({
    description:
      "The shop is suspended: every page says so, nothing can be ordered or paid, payments that are under way are still taken and delivered, and all data stays. " +
      "Written by `substation suspend`, taken away by `substation resume` (docs/lifecycle.md).",
  })
  .optional();
