import { z } from "zod";
import { text } from "./document-parts";

/** What a look for drift found, for machines: `substation drift --json` and `--report <file>`. Keys are added, never changed. It holds no secret. */

/** How bad a drift is, the worst first. */
export const driftClasses = ["data-at-risk", "security", "config", "benign"] as const;
export type DriftClass = (typeof driftClasses)[number];

/** Who saw it. */
export const driftLooks = ["intent", "state", "audit"] as const;
export type DriftLook = (typeof driftLooks)[number];

const object = z
  .strictObject({
    kind: text.describe(
      '"container", "record", "role", …; "substation", "stack" and "folder" where more is meant than one object.',
    ),
    name: text.describe("As its server knows it."),
  })
  .describe("What it is about.");

const finding = z
  .strictObject({
    group: text
      .optional()
      .describe("The group that it concerns, or the platform's stack; absent where nobody can tell."),
    id: text.optional().describe("The substation that it concerns."),
    object,
    class: z.enum(driftClasses).describe("How bad it is (docs/drift.md)."),
    seenBy: z
      .array(z.enum(driftLooks).describe("A look."))
      .describe(
        "Who saw it. intent: what is live is not what the files ask for, by an update's preview; state: it is not what the last update left, by a refresh; audit: it breaks a rule, which both may be blind to.",
      ),
    what: z.array(text.describe("A sentence without a full stop.")).describe("What is wrong with it."),
    remedy: text.describe("What to do about it."),
    fixable: z.boolean().describe("Whether --fix would mend it."),
    file: text.optional().describe("The substation's file, where it has one."),
  })
  .describe("One object that is not as it should be, with all that is wrong with it.");

const fix = z
  .strictObject({
    finding,
    mended: z.boolean().describe("Proved by looking again."),
    why: text.optional().describe("Why not, where it is not mended."),
  })
  .describe("What became of one finding.");

export const driftReportSchema = z
  .strictObject({
    exitCode: z
      .union([z.literal(0), z.literal(1), z.literal(2)])
      .describe("0: no drift; 1: drift; 2: something could not be looked at, whatever else was found."),
    platform: text.describe("Name of the platform."),
    stacks: z.array(text.describe("A stack.")).describe("Those that an engine looked at."),
    findings: z.array(finding).describe("The worst first."),
    blind: z
      .array(
        z
          .strictObject({
            what: text.describe("What was not looked at."),
            why: text.describe("Why, and what to do."),
          })
          .describe("One part."),
      )
      .describe("What nobody could look at: nobody may take it for clean."),
    hostFindings: z
      .int()
      .min(0)
      .describe("Findings about the Docker host, which no file describes: `substation audit` tells them."),
    fixes: z.array(fix).optional().describe("What --fix did; absent where it was not asked for."),
    seconds: z.number().min(0).describe("How long it took."),
  })
  .describe("What a look for drift found: written by `substation drift`, never by hand.");

/** Nobody changes a report that was made. */
type Fixed<T> = T extends readonly (infer Item)[]
  ? readonly Fixed<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Fixed<T[Key]> }
    : T;

export type DriftReport = Fixed<Omit<z.infer<typeof driftReportSchema>, "exitCode">>;
export type DriftFinding = DriftReport["findings"][number];
export type DriftObject = DriftFinding["object"];
export type Fix = NonNullable<DriftReport["fixes"]>[number];
