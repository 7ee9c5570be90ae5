import { join } from "node:path";
import { UserError } from "../../../config/error";
import { findFile } from "../../../config/find-file";
import { between, mark } from "../../../config/names";
import { secretSetting } from "../../../config/stack-secrets";
import { markDatabase } from "../../../inventory/database";
import { Run } from "../../journal";
import { untilWritten } from "../../leftovers";
import { repairIfCut } from "../../open/recover";
import { asUser, type Workspace } from "../../pulumi";
import { removeConfig, setConfig, settingsOf } from "../../stack-settings";
import { alone, type Running } from "../alone";
import { mustProgress, Unchanged } from "../next";
import { onlyOne } from "../only";
import { updateOne } from "../suspend";
import { courseOf, type Course } from "./course";
import { moveFile, sound } from "./file";
import { lookAtMove, readStates, type MoveLook } from "./look";
import { nextMove, type MoveStep } from "./next";
import { moveState, releaseState } from "./state";

/** What a moving did. */
export interface Moved {
  readonly id: string;
  /** Where it was; undefined where all of it was in its group already. */
  readonly from: string | undefined;
  readonly to: string;
  /** What was done now, in its order. */
  readonly steps: readonly MoveStep[];
}

/**
 * Moves a substation to another group of its platform: its file, its secrets, its state and its marks. Its database, roles, volumes and root secret stay what they are; its
 * containers are replaced, as by an update. What is done next follows from what is there alone, so that it may be run again after any failure, and at any time.
 * @param wanted the group; undefined to finish what was begun, or was ordered by moving the file
 * @throws UserError where it may not be moved there, a server cannot be looked at, or a step fails
 */
export async function move(
  workspace: Workspace,
  id: string,
  wanted: string | undefined,
  options: Running = {},
): Promise<Moved> {
  const { note = () => undefined } = options;
  const course = await courseOf(workspace, id, wanted);
  if (!course) return { id, from: undefined, to: wanted!, steps: [] };
  const groups = [course.from, course.to].sort(); // always in this order: two who move crosswise do not wait for each other
  const locked = (work: () => Promise<Moved>) =>
    groups.reduceRight<() => Promise<Moved>>(
      (inner, group) => () => alone(workspace, group, "move", options, inner),
      work,
    )();
  return await locked(async () => {
    await untilWritten(workspace.env["PULUMI_BACKEND_URL"] ?? "");
    await Promise.all(groups.map((group) => repairIfCut(workspace, group, note)));
    if (!groups.includes(findFile(join(workspace.root, "stacks"), id).group))
      throw new UserError(`${id} was moved by somebody else meanwhile: run this again.`);
    const run = new Run(workspace.root);
    const journals = groups.map((group) => run.begin("move", { group, id }));
    try {
      const steps = await carryOn(course, options, (step, work) =>
        journals.reduceRight((inner, journal) => () => journal.step(step, inner), work)(),
      );
      for (const journal of journals) journal.end();
      return { id, from: course.from, to: course.to, steps };
    } catch (error) {
      for (const journal of journals)
        journal.end("failed", error instanceof Error ? error.message : String(error));
      if (!(error instanceof Unchanged)) throw error;
      throw new UserError(
        `${id} is not all in ${course.to} yet: ${words[error.step as MoveStep]} has changed nothing of what asks for it. "substation audit" and "substation repair ${course.from}" tell and mend what is there besides; then run this again.`,
      );
    }
  });
}

type Journalled = (step: MoveStep, work: () => Promise<void>) => Promise<void>;

async function carryOn(
  course: Course,
  { note = () => undefined, signal }: Running,
  journalled: Journalled,
): Promise<readonly MoveStep[]> {
  const { id, to } = course;
  const steps: MoveStep[] = [];
  for (let states = await readStates(course); ;) {
    const found = await lookAtMove(course, states, steps.includes("secrets"));
    const next = nextMove(found.facts);
    if (next === "done") return steps;
    if ("stuck" in next) throw new UserError(`${id} cannot be moved to ${to}: ${next.stuck}.`);
    if (signal?.aborted)
      throw new UserError(`${id} is not all in ${to} yet, and it was stopped: run this again.`);
    const { step } = next;
    mustProgress(steps, step);
    note(words[step]);
    steps.push(step);
    await journalled(step, () => carryOut[step](course, found, signal));
    if (changesState.has(step)) states = await readStates(course); // nobody else changes it: both groups are locked
  }
}

const changesState: ReadonlySet<MoveStep> = new Set(["state", "release", "update"]);

const words: Readonly<Record<MoveStep, string>> = {
  secrets: "giving its secrets to the new group",
  file: "moving its file",
  lift: "marking its database as between the two",
  state: "moving its state",
  release: "taking it out of the old group's state",
  mark: "marking its database and roles",
  update: "updating it in its new group",
  forget: "removing its secrets from the old group",
};

type CarryOut = (course: Course, found: MoveLook, signal: AbortSignal | undefined) => Promise<void>;

const carryOut: Readonly<Record<MoveStep, CarryOut>> = {
  async secrets({ workspace, id, from, to }, { facts }) {
    await asUser(`the secrets of ${id} were not copied: run this again`, to, async () => {
      const values = await settingsOf(workspace, from);
      for (const name of facts.unset) {
        const value = values.get(secretSetting(id, name));
        if (value === undefined)
          throw new UserError(`${name} of ${id} is not in the settings of ${from} any more: run this again.`);
        await setConfig(workspace, to, secretSetting(id, name), value, true);
      }
    });
  },
  async file({ workspace, id, to }, { secrets }) {
    try {
      moveFile(join(workspace.root, "stacks"), id, to);
    } catch (error) {
      // It stays where it is, and so do they.
      if (secrets.length > 0)
        await removeConfig(workspace, to, ...secrets.map((name) => secretSetting(id, name)));
      throw error;
    }
  },
  lift: (course, { roles }) => markAs(course, between(course.from, course.to), roles),
  async state(course, { urns }) {
    const { workspace, id } = course;
    sound(join(workspace.root, "stacks"), id);
    const component = urns.find((urn) => urn.endsWith(`::substation:index:Substation::${id}`));
    if (component === undefined) throw new Error(`there are parts of ${id} in its stack, and no component`);
    await moveState(course, component);
  },
  release: (course, { urns }) => releaseState(course, urns),
  mark: (course, { roles }) => markAs(course, course.to, roles),
  async update({ workspace, id, to }, _, signal) {
    const { group, held } = onlyOne(join(workspace.root, "stacks"), id);
    await updateOne(workspace, {
      ...{ id, group, held, signal },
      what: `all in ${to}`,
      file: `stacks/${to}/${id}.yaml`,
    });
  },
  async forget({ workspace, id, from }, { secrets }) {
    await asUser(
      `the secrets of ${id} are still in the settings of ${from}: run this again`,
      from,
      async () => {
        await removeConfig(workspace, from, ...secrets.map((name) => secretSetting(id, name)));
      },
    );
  },
};

const markAs = ({ platform, database, id }: Course, group: string, roles: readonly string[]): Promise<void> =>
  markDatabase(platform.database, {
    ...{ database, roles },
    mark: mark({ platform: platform.name, group, id }),
  });
