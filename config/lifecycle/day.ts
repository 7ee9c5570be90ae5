import { z } from "zod";

import { checked, type Docs } from "../forms";
import type { Finding } from "../problem";

const pattern = "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$";

/** Where the day begins first, it begins this many milliseconds before it does in UTC. */
const earliestZone = 14 * 3_600_000;

/** Today as files say it, in UTC. */
export const today = (now = Date.now()): string => new Date(now).toISOString().slice(0, 10);

/** A day that has begun somewhere on earth: `2026-11-23`. */
export const pastDay = (docs: Docs) =>
  z
    .string()
    .superRefine(checked((text) => dayFinding(text)))
    .meta({ ...docs, pattern });

export function dayFinding(text: string, now = Date.now()): Finding | undefined {
  const start = dayOf(text);
  if (start === undefined)
    return { code: "value/text", why: `it is no day; write one like ${today(now)}: year, month, day` };
  return start > now + earliestZone
    ? { code: "value/range", why: `that day is still to come; write today, ${today(now)}, or an earlier one` }
    : undefined;
}

function dayOf(text: string): number | undefined {
  if (!new RegExp(pattern).test(text)) return undefined;
  const start = Date.parse(`${text}T00:00:00Z`);
  return today(start) === text ? start : undefined; // there is no 30 February
}
