import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../config/error";
import { approvedOf, approvedSchema, unpack, type Approved } from "../fleet/review/approved";
import { reviewSchema, type Review } from "../fleet/review/report";

/** A report of a review: a file of JSON, or the one word that jobs of a workflow pass on. @throws UserError where it is none */
export const readReview = (file: string): Review => {
  const text = read(file);
  return text.startsWith("{") ? parsed(text, file) : unpack(reviewSchema, text, file);
};

/** What was gathered from comments, as one word; or a report of a review, all of which somebody has approved. @throws UserError as above */
export function readApproved(file: string): Approved {
  const text = read(file);
  if (!text.startsWith("{")) return unpack(approvedSchema, text, file);
  const review = parsed(text, file);
  return approvedOf(review, review.members);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}): name another.`);
  }
}

function parsed(text: string, file: string): Review {
  const advice = `write one with "substation review --report ${file}"`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${file} is no JSON (${(error as Error).message}): ${advice}.`);
  }
  const found = reviewSchema.safeParse(value);
  if (found.success) return found.data;
  throw new UserError(`${file} is no report of a review; ${advice}:\n${z.prettifyError(found.error)}`);
}
