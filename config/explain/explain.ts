import { UserError } from "../error";
import { nearest } from "../suggest";
import { readContext } from "./context";
import { channelFields, derivedFields } from "./derived";
import type { ExplainedField, Explanation } from "./types";
import { writtenFields } from "./written";

/**
 * Every field of a substation: its value, where that comes from, and what else could set it. Asks no server and not Pulumi; what only
 * they know is told as not known. Files with problems are explained as far as they can be read.
 * @param stacks the folder of the typed files
 * @param wanted a field (`markup`), or the beginning of several (`channels.alipay`); all where it is absent
 * @throws UserError where there is no such substation or field
 */
export function explain(stacks: string, id: string, wanted?: string): Explanation {
  const context = readContext(stacks, id);
  const { first, last } = derivedFields(context);
  const all = withChannels(writtenFields(context), (channel) => channelFields(context, channel));
  const fields = chosen([...first, ...all, ...last], wanted);
  return { id, group: context.group, file: context.file, fields, problems: context.problems };
}

/** After the last field of each channel, what follows of it; in place of what it overrules. */
function withChannels(
  fields: readonly ExplainedField[],
  derived: (channel: string) => readonly ExplainedField[],
): ExplainedField[] {
  const channelOf = ({ field }: ExplainedField): string | undefined => /^channels\.([^.]+)/.exec(field)?.[1];
  return fields.flatMap((field, at) => {
    const channel = channelOf(field);
    if (channel === undefined) return [field];
    const more = derived(channel);
    const own = more.some((one) => one.field === field.field) ? [] : [field];
    const next = fields[at + 1];
    return next && channelOf(next) === channel ? own : [...own, ...more];
  });
}

function chosen(fields: readonly ExplainedField[], wanted: string | undefined): readonly ExplainedField[] {
  if (wanted === undefined) return fields;
  const found = fields.filter(({ field }) => field === wanted || field.startsWith(`${wanted}.`));
  if (found.length > 0) return found;
  const beginnings = new Set(
    fields.flatMap(({ field }) => {
      const steps = field.split(".");
      return steps.map((_, at) => steps.slice(0, at + 1).join("."));
    }),
  );
  const near = [...beginnings].find((one) => one.startsWith(wanted)) ?? nearest(wanted, beginnings);
  const told =
    near === undefined
      ? `they begin with ${[...beginnings].filter((one) => !one.includes(".")).join(", ")}.`
      : `did you mean "${near}"?`;
  throw new UserError(`there is no field "${wanted}": ${told}`);
}
