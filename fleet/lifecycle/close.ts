import { join } from "node:path";
import { UserError } from "../../config/error";
import { dropDatabase, freezeDatabase, lookAtDatabase } from "../../inventory/closing";
import { Run, type Journal } from "../journal";
import { repairIfCut } from "../open/recover";
import type { Workspace } from "../pulumi";
import { secretSetting } from "../../config/stack-secrets";
import { removeConfig } from "../stack-settings";
import { alone, type Running } from "./alone";
import { archive } from "./archive";
import { exportSubstation } from "./export/export";
import { look, type Look } from "./look";
import { mustProgress, nextStep, Unchanged, type ClosingStep } from "./next";
import { onlyOne } from "./only";
import { markRemoving, unmarkRemoving } from "./order-file";
import { removeFromStack } from "./remove";
import { orderOf, subjectOf, type Subject } from "./subject";
import { updateOne } from "./suspend";

/** How far a closing has come. */
export interface Closed {
  readonly id: string;
  readonly group: string;
  /** What was done now, in its order. */
  readonly steps: readonly ClosingStep[];
  /** The export that holds its data: its folder. */
  readonly export: string | undefined;
  /** Until when nothing is removed; undefined once it is closed. ISO 8601, UTC. */
  readonly until: string | undefined;
  /** Its certificate, in the project's folder; undefined until it is closed. */
  readonly certificate: string | undefined;
}

/**
 * Carries out the order to close a substation, as far as its grace allows: suspends it, exports its data, and once the grace is over removes it in an order in which nothing
 * is lost. What is done next follows from what is there alone, so that it may be run again after any failure, and at any time.
 * @throws UserError where nobody has ordered it, a server cannot be looked at, or a step fails
 */
export async function close(workspace: Workspace, id: string, options: Running = {}): Promise<Closed> {
  const { note = () => undefined } = options;
  const { owner } = await subjectOf(workspace, id);
  const { group } = owner;
  return await alone(workspace, group, "close", options, async () => {
    await repairIfCut(workspace, group, note);
    const journal = new Run(workspace.root).begin("close", { group, id });
    try {
      const done = await carryOn(await subjectOf(workspace, id), journal, options);
      journal.end();
      return done;
    } catch (error) {
      journal.end("failed", error instanceof Error ? error.message : String(error));
      if (!(error instanceof Unchanged)) throw error;
      throw new UserError(
        `${id} cannot be closed yet: ${words[error.step as ClosingStep]} has changed nothing of what asks for it. "substation audit" and "substation repair ${group}" tell and mend what is there besides; then run this again.`,
      );
    }
  });
}

async function carryOn(
  first: Subject,
  journal: Journal,
  { note = () => undefined, signal }: Running,
): Promise<Closed> {
  const steps: ClosingStep[] = [];
  for (let subject = first; ;) {
    const found = await look(subject);
    const next = nextStep(found.facts);
    const { id, group } = subject.owner;
    if ("stuck" in next)
      throw new UserError(`${id} cannot be closed yet: ${next.stuck}. Then run this again.`);
    if ("until" in next || signal?.aborted)
      return {
        ...{ id, group, steps, export: found.exports.at(-1)?.path, certificate: undefined },
        until: "until" in next ? new Date(next.until).toISOString() : undefined,
      };
    const { step } = next;
    mustProgress(steps, step);
    note(words[step]);
    steps.push(step);
    const certificate = await journal.step(step, () => carryOut[step](subject, found, signal));
    if (step === "archive")
      return {
        id,
        group,
        steps,
        export: found.exports.at(-1)?.path,
        until: undefined,
        certificate: certificate as string,
      };
    const order = orderOf(subject.workspace, id);
    if (!order) throw new UserError(`the order to close ${id} is gone: nothing more was done.`);
    subject = { ...subject, order };
  }
}

const words: Readonly<Record<ClosingStep, string>> = {
  unmark: "taking out of its order that its removal has begun: it sells",
  suspend: "suspending it",
  export: "exporting its data",
  retire: "shutting its database, and exporting its data for the last time",
  remove: "removing its record, containers and volumes",
  drop: "removing its database and roles",
  forget: "removing its secrets",
  archive: "writing the certificate",
};

type CarryOut = (subject: Subject, found: Look, signal: AbortSignal | undefined) => Promise<unknown>;

const carryOut: Readonly<Record<ClosingStep, CarryOut>> = {
  unmark: ({ order }) => Promise.resolve(unmarkRemoving(order)),
  async suspend({ workspace, owner: { id }, order }, _, signal) {
    const { group, held } = onlyOne(join(workspace.root, "stacks"), id);
    await updateOne(workspace, { id, group, held, what: "suspended", file: order.file, signal });
  },
  export: (subject, { objects, facts }) =>
    exportSubstation(subject, { objects, database: facts.database, last: false }),
  async retire(subject, { objects, facts, roles, exports }) {
    const { platform, database, order, mark } = subject;
    // Where a run that was killed had removed all, in a working tree that is gone, the export tells of it.
    if (!facts.database && !facts.standing)
      return markRemoving(order, exports.findLast(({ manifest }) => manifest.last)?.name);
    if (facts.database) {
      await freezeDatabase(platform.database, database, roles);
      const { frozen } = await lookAtDatabase(platform.database, database, mark);
      if (!frozen)
        throw new UserError(
          `${roles.join(" or ")} may still connect to database ${database}, by a membership or a grant that is not ours: "substation audit" names it. Take it away, and run this again.`,
        );
    }
    return markRemoving(
      order,
      await exportSubstation(subject, { objects, database: facts.database, last: true }),
    );
  },
  remove: (subject, { urns }, signal) => removeFromStack(subject, urns, signal),
  drop: ({ platform, database }) => dropDatabase(platform.database, database),
  async forget({ workspace, owner: { id, group } }, { objects }) {
    for (const { kind, name } of objects)
      if (kind === "secret") await removeConfig(workspace, group, secretSetting(id, name));
  },
  archive: (subject, found) => Promise.resolve(archive(subject, found)),
};
