import { z } from "zod";
import { owner } from "../owner";

/** Whose journal: one file a substation. */
export interface Subject {
  readonly group: string;
  readonly id: string;
}

/** A line of a journal. It holds no secret. */
export const entry = z.strictObject({
  /** Order within the file. Clocks jump; these do not. */
  sequence: z.int().positive(),
  /** Random id of the run that wrote it. */
  run: z.string(),
  /** What the run does to the substation: "open", "close", "move", … */
  action: z.string(),
  /** Part of the action that the line is about; absent where it is about the whole. */
  step: z.string().optional(),
  /** `begun` is on the disk before anything is done. */
  phase: z.enum(["begun", "ended", "failed"]),
  /** Why it failed, in words for people. */
  why: z.string().optional(),
  /** Whatever the failed action had left is recorded or gone. */
  repaired: z.literal(true).optional(),
  /** Who writes: in the first line of an action. */
  writer: owner.optional(),
  /** RFC 3339, for people: nothing is decided by it. */
  at: z.string(),
});
export type Entry = z.infer<typeof entry>;
