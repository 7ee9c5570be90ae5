import { z } from "zod";
import { moment, text, writtenBy } from "./document-parts";

/** What came of an opening of many substations, for machines: `substation open --report <file>`. It holds no secret. */

const seconds = z.number().min(0);
const count = (what: string) => z.int().min(0).describe(what);

/** The steps that a substation is opened in, in their order. */
export const openSteps = [
  "check",
  "preflight",
  "plan",
  "secrets",
  "database",
  "migration",
  "container",
  "name",
  "proof",
] as const;
export type OpenStep = (typeof openSteps)[number];

export const outcomes = ["open", "unchanged", "failed", "not-tried"] as const;

const outcome = <T extends (typeof outcomes)[number]>(word: T) =>
  z.literal(word).describe("What came of it.");

const member = {
  id: text.describe("The substation."),
  group: text.describe("Its stack."),
};

const done = {
  ...member,
  url: text.describe("Its home page."),
  proof: text
    .optional()
    .describe(
      "The proof that holds for it: its file. Absent where none was asked for: then nobody has bought.",
    ),
};

const memberSchema = z
  .discriminatedUnion("outcome", [
    z
      .strictObject({
        outcome: outcome("open"),
        ...done,
        changes: z.int().min(0).describe("Resources that were created, changed, replaced or removed."),
        seconds: seconds.describe("From the first change to the last."),
      })
      .describe("It stands as its file asks for it, and a purchase went through."),
    z
      .strictObject({ outcome: outcome("unchanged"), ...done })
      .describe("It was open before, and was left as it is."),
    z
      .strictObject({
        outcome: outcome("failed"),
        ...member,
        step: z.enum(openSteps).describe("Where it ended. What comes before it was done."),
        cause: text.describe("What was seen."),
        remedy: text.describe("What to do about it."),
        code: text.optional().describe("Of a problem of a file or a rule, for those who search."),
        place: text.optional().describe("file:line:column of what is to be mended."),
      })
      .describe("It is not open. What stood before stands as it did, up to that step."),
    z
      .strictObject({ outcome: outcome("not-tried"), ...member, why: text.describe("Why not.") })
      .describe("Nothing of it was touched, or not to the end."),
  ])
  .describe("What came of a substation.");

const groupSchema = z
  .strictObject({
    group: text.describe("Its stack."),
    outcome: z
      .enum(["done", "refused", "busy", "stopped"])
      .describe(
        "done: each member was tried; refused: something that concerns the whole group; busy: another run has it; stopped: by a signal.",
      ),
    why: text.optional().describe("What concerns the whole group, where something does."),
    repaired: z
      .array(text.describe("A sentence."))
      .optional()
      .describe("What a run before had left, and what was done about it."),
    seconds: seconds.describe("From its beginning to its end."),
  })
  .describe("What came of a group.");

export const openReportSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    run: text.describe("Random id of the run; journals name it too."),
    when: moment("When it began, UTC."),
    seconds: seconds.describe("From its beginning to its end."),
    by: writtenBy("What opened them."),
    counts: z
      .strictObject({
        open: count("Opened, or brought to what their files say."),
        unchanged: count("Open before."),
        failed: count("Not open."),
        "not-tried": count("Not touched, or not to the end."),
      })
      .describe("Members by outcome."),
    groups: z.array(groupSchema).describe("In the order of the files."),
    members: z
      .array(memberSchema)
      .describe("Every substation that was to be opened, in the order of the files."),
  })
  .describe("What came of an opening: written by `substation open`, never by hand.");

export type OpenReport = z.infer<typeof openReportSchema>;
export type Member = OpenReport["members"][number];
export type Outcome = Member["outcome"];
export type GroupReport = OpenReport["groups"][number];
