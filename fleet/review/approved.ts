import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { UserError } from "../../config/error";
import { isDestructive, isOf, reviewSchema, type Review, type ReviewMember, type ReviewStep } from "./report";

const memberShape = reviewSchema.shape.members.element.shape;

/**
 * What people have seen before they approved: the deletions and replacements that a review showed. Nothing else need be kept of it, as nothing else is held against what a
 * merge would do.
 */
export const approvedSchema = z.strictObject({
  version: z.literal(1),
  base: z.string().optional().describe("The last commit that was deployed; what came since is deployed now."),
  commits: z.array(z.string()).describe("Those that were looked at."),
  steps: z.array(
    z.strictObject({ id: memberShape.id, group: memberShape.group, ...memberShape.steps.element.shape }),
  ),
  notes: z.array(z.string()).default([]).describe("Why a review does not count."),
});
export type Approved = z.infer<typeof approvedSchema>;

export const nothingApproved: Approved = { version: 1, commits: [], steps: [], notes: [] };

/** @param shown the members whose rows people could read */
export const approvedOf = ({ commit }: Pick<Review, "commit">, shown: readonly ReviewMember[]): Approved => ({
  ...nothingApproved,
  commits: [commit],
  steps: shown.flatMap(({ id, group, steps }) =>
    steps
      .filter((step) => isDestructive(step) && isOf({ group }, step))
      .map((step) => ({ id, group, ...step })),
  ),
});

/** Together they approve what each of them does. */
export const together = (all: readonly Approved[]): Approved => ({
  ...nothingApproved,
  ...all.find(({ base }) => base !== undefined),
  commits: all.flatMap(({ commits }) => commits),
  steps: all.flatMap(({ steps }) => steps),
  notes: all.flatMap(({ notes }) => notes),
});

/** A deletion or a replacement that nobody has seen. */
export interface Unseen {
  readonly member: ReviewMember;
  readonly step: ReviewStep;
  /** What was seen of the same object instead; undefined where nothing was. */
  readonly seen: Pick<ReviewStep, "kind" | "keys"> | undefined;
}

/** What the plan of now would delete or replace, and what was approved would not; or would for fewer reasons. */
export function unseen(approved: Approved, now: readonly ReviewMember[]): Unseen[] {
  return now.flatMap((member) =>
    member.steps.filter(isDestructive).flatMap((step) => {
      const same = approved.steps.filter(
        ({ urn, id, group }) => urn === step.urn && id === member.id && group === member.group,
      );
      const covered = same.some(
        ({ kind, keys }) => kind === step.kind && step.keys.every((key) => keys.includes(key)),
      );
      return covered ? [] : { member, step, seen: same[0] };
    }),
  );
}

/** As one word, for a comment or the output of a job. */
export const pack = (value: object): string => gzipSync(JSON.stringify(value)).toString("base64");

/** @throws UserError where it is not what `pack` has made of such a value */
export function unpack<T>(schema: z.ZodType<T>, word: string, what: string): T {
  try {
    return schema.parse(
      JSON.parse(gunzipSync(Buffer.from(word, "base64"), { maxOutputLength: 64 * 1024 * 1024 }).toString()),
    );
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new UserError(`${what} cannot be read: ${why.replaceAll(/\s*\n\s*/g, " ")}.`);
  }
}

/** Of a text as GitHub gives it back. */
export const digest = (text: string): string =>
  createHash("sha256").update(text.replaceAll("\r\n", "\n").trim()).digest("hex");
