import { z } from "zod";

import type { Document } from "../document";
import { line, quantity } from "../forms";
import { validate } from "../issues";
import { quote, type Position, type Problem } from "../problem";
import { period } from "../units";
import { pastDay } from "./day";

/** What stands before `.yaml` in the name of a closing order's file, after the id. */
export const orderSuffix = ".closing";

/** An order to close a substation: a file beside the substation's own, `stacks/<group>/<id>.closing.yaml`. */
export const orderSchema = z
  .strictObject({
    close: line(1, 40, {
      description: "The substation's id once more, so that nobody closes one by a slip.",
      examples: ["mengxiang"],
    }),
    orderedBy: line(1, 60, { description: "Who ordered it.", examples: ["王小明"] }),
    reason: line(1, 200, {
      description: "Why. Visitors do not see it.",
      examples: ["店主不再经营"],
    }),
    ordered: pastDay({ description: "The day of the order.", examples: ["2026-11-23"] }),
    grace: quantity(period, "1s", "3650d", {
      description:
        "How long everything is kept after the data was exported for the first time; until then, and as long as nothing was removed, `substation restore` undoes the order. " +
        "The platform's setting minimumGrace is the least, 7d where it has none.",
      examples: ["30d"],
    }),
    removing: z
      .strictObject({
        since: z.iso.datetime({ precision: 0 }).meta({
          description: "When the removal began, UTC.",
          examples: ["2026-12-23T12:00:00Z"],
        }),
        export: line(1, 60, {
          description: "The export with everything in it, by the name of its folder.",
          examples: ["2026-12-23T11-59-58.123Z"],
        }).optional(),
      })
      .optional()
      .meta({
        description:
          "Written by `substation close` when it begins to remove, never by hand. From then on the substation is not laid out any more.",
      }),
  })
  .meta({
    title: "stacks/<group>/<id>.closing.yaml",
    description: "An order to close the substation whose file is beside it (docs/closing.md).",
  });

export interface ClosingOrder {
  readonly id: string;
  readonly group: string;
  /** As people name it. */
  readonly file: string;
  readonly orderedBy: string;
  readonly reason: string;
  /** The day: `2026-11-23`. */
  readonly ordered: string;
  /** As written: `30d`. */
  readonly grace: string;
  readonly graceMs: number;
  /** Undefined until something is removed. `export` is absent where there was nothing to be exported. */
  readonly removing?: { readonly since: string; readonly export?: string | undefined } | undefined;
}

/** Those of a group whose removal has begun: they are not laid out any more, and no update but their closing's touches what is left of them. */
export const removingIds = (closings: Iterable<ClosingOrder>, group: string): readonly string[] =>
  [...closings].filter((order) => order.group === group && order.removing).map(({ id }) => id);

/** The least grace that is meant where the platform says nothing. */
export const usualGrace = "7d";

/**
 * Reads an order.
 * @param least grace, as the platform's setting says it
 */
export function readOrder(
  id: string,
  group: string,
  document: Document,
  least = usualGrace,
): { readonly order?: ClosingOrder; readonly problems: readonly Problem[] } {
  const { value, problems } = validate(orderSchema, document);
  if (!value) return { problems };
  const at = (key: string, code: Problem["code"], message: string): Problem => ({
    ...document.at([key]),
    code,
    message,
  });
  const found: Problem[] = [];
  if (value.close !== id)
    found.push(
      at(
        "close",
        "closing/id",
        `close is ${quote(value.close)}: the file's name says ${quote(id)}; write the id of the one that is to be closed in both.`,
      ),
    );
  const graceMs = period.value(value.grace);
  const leastMs = period.parse(least);
  if (leastMs === undefined || graceMs < leastMs)
    found.push(
      at(
        "grace",
        "closing/grace",
        `grace is ${quote(value.grace)}: the platform's minimumGrace is ${least}; write that or more.`,
      ),
    );
  if (found.length > 0) return { problems: found };
  const { orderedBy, reason, ordered, grace, removing } = value;
  const { file } = document.at([]);
  return { order: { id, group, file, orderedBy, reason, ordered, grace, graceMs, removing }, problems: [] };
}

/** An order without the substation that it is of. */
export const orphanOrder = (id: string, at: Position): Problem => ({
  ...at,
  code: "closing/substation",
  message: `This orders that ${quote(id)} be closed, and there is no ${id}.yaml beside it: bring that back from git, or remove the order. A closed one's files are in closed/.`,
});
