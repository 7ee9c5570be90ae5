import { z } from "zod";
import { urnName, urnStack } from "../../policies/facts/steps";

/** What a review of changes has found, for machines: `substation review --report <file>`. It holds no secret: of resources it has names, and of properties names alone. */

const text = z.string().min(1);
const commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const place = { file: text, line: z.int().min(1), column: z.int().min(1) };

export const stepKinds = ["delete", "replace", "update", "create"] as const;
export type StepKind = (typeof stepKinds)[number];

const stepSchema = z.strictObject({
  kind: z.enum(stepKinds),
  urn: z
    .string()
    .regex(/^urn:pulumi:[^:]+::[^:]+::.+::.+$/)
    .describe("The object: all that is told of it is taken from here."),
  keys: z.array(text).describe("Properties for which it is replaced, or that are updated; sorted."),
});
export type ReviewStep = z.infer<typeof stepSchema>;

const memberSchema = z.strictObject({
  id: z.string().describe("Empty for what is no substation's: the group's stack, and its providers."),
  group: text,
  created: z.int().min(0).describe("Resources that are created; the other steps are told one by one."),
  steps: z.array(stepSchema),
});
export type ReviewMember = z.infer<typeof memberSchema>;

const findingSchema = z.strictObject({
  ...place,
  line: place.line.optional(),
  column: place.column.optional(),
  code: text.describe("Of a problem of a file, or of a rule, for those who search."),
  message: text,
});
export type ReviewFinding = z.infer<typeof findingSchema>;

export const reviewSchema = z
  .strictObject({
    version: z.literal(1).describe("Of this form."),
    base: commit.describe("What the changes are measured from."),
    commit: commit.describe("What was looked at."),
    tree: commit.describe("Git's hash of all files of that commit."),
    scope: z
      .enum(["plan", "files"])
      .describe("files: nothing but the files was looked at, so nobody knows what a merge would do."),
    members: z.array(memberSchema).describe("Substations that a merge would open, change or remove."),
    unchanged: z
      .int()
      .min(0)
      .describe("Substations that the changes touch, and that would stay as they are."),
    findings: z
      .array(findingSchema)
      .describe("Problems of files, and violations of rules: each forbids the merge."),
    errors: z
      .array(z.strictObject({ group: text, message: text }))
      .describe("Groups whose plan could not be made, in the words of the engine."),
    notes: z.array(text).describe("What else whoever approves must know."),
  })
  .describe("What a review of changes has found: written by `substation review`, never by hand.");

export type Review = z.infer<typeof reviewSchema>;

/** Whether the changes may be merged, as far as it was looked at. */
export const passes = ({ findings, errors }: Review): boolean => findings.length === 0 && errors.length === 0;

/**
 * What a step is about, for people: the last word of its type, and its name. A report can be anybody's work, and its URN is what is compared before anything is done: so
 * nothing is shown of an object but what that tells.
 */
export const objectOf = ({
  urn,
}: Pick<ReviewStep, "urn">): { readonly type: string; readonly name: string } => ({
  type: urn.split("::")[2]?.split(/[$:]/).at(-1) ?? "",
  name: urnName(urn),
});

/** Whether it is a group's step at all. */
export const isOf = ({ group }: Pick<ReviewMember, "group">, { urn }: Pick<ReviewStep, "urn">): boolean =>
  urnStack(urn) === group;

/** Its typed file, relative to the project's folder; it may be gone. Of what is no substation's, the group's folder. */
export const fileOf = ({ group, id }: Pick<ReviewMember, "group" | "id">): string =>
  id === "" ? `stacks/${group}` : `stacks/${group}/${id}.yaml`;

export const isDestructive = ({ kind }: ReviewStep): boolean => kind === "delete" || kind === "replace";

/** How much of a substation changes, in resources. */
export const weight = ({ created, steps }: ReviewMember): number => created + steps.length;

/** As `maxTouched`: what people are shown may touch all of them, and it is the rings that keep a change from reaching them all at once. */
export const everySubstation = 10_000;
