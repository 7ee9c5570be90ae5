import { labels, mark } from "../../config/names";
import {
  limitCores,
  limitProcesses,
  liveContainers,
  removeContainer,
  renameContainer,
  type LiveContainer,
} from "../../inventory/docker";
import { DockerError } from "../../inventory/docker-api";
import { substationOf } from "../../policies/facts/steps";
import type { Workspace } from "../pulumi";
import { causeInOutput } from "../open/causes";
import { readState } from "../standing";
import { carryOut } from "../up";
import type { DriftOptions } from "./drift";
import { intentDrift, type EngineLook, type EngineStep } from "./engine";
import type { Seen } from "./merge";

const container = "docker:index/container:Container";

export interface Job {
  readonly workspace: Workspace;
  readonly group: string;
  /** Its name. */
  readonly platform: string;
  readonly objects: readonly Seen[];
  readonly held: ReadonlySet<string>;
  readonly options: DriftOptions;
}

/**
 * Mends objects of one group by an update of these alone. First it is planned, by every rule, from what is there now; only where it brings back what was there, and nothing beside that, is anything
 * touched. To be called with the group's lock held.
 * @returns why nothing, or not all, was done
 * @throws UserError where the state or the files cannot be read
 */
export async function mend({
  workspace,
  group,
  platform,
  objects,
  held,
  options,
}: Job): Promise<string | undefined> {
  const known = await knownObjects(workspace, group, platform);
  const target = [...new Set(objects.flatMap((one) => targetsOf(one, known)))];
  const settings = { held, target, parallel: options.parallel, signal: options.signal };
  const plan = await intentDrift(workspace, group, platform, settings);
  const fault = planFault(group, plan, target, known);
  if (fault !== undefined) return fault;

  const live = await liveContainers();
  const aside: LiveContainer[] = [];
  for (const one of objects) {
    if (one.object.kind !== "container") continue;
    const found = live.find(({ Names }) => Names.includes(`/${one.object.name}`));
    if (!found) continue;
    if (known.some(({ objectId }) => objectId === found.Id)) await limit(found, one);
    else if (found.Labels[labels.mark] === mark({ platform, group, id: one.id ?? "" })) aside.push(found);
    else
      return `container ${one.object.name} is there and does not have the mark of ${one.id}: it is not touched`;
  }
  // Made anew by hand, under our name and with our mark: they serve until ours do.
  for (const { Id, Names } of aside) await renameContainer(Id, `${Names[0]!.slice(1)}-drifted`);
  const { kind, output } = await carryOut(workspace, group, { ...settings, refresh: true }, () => undefined);
  if (kind === "updated") {
    for (const { Id } of aside) await removeContainer(Id);
    return undefined;
  }
  return [causeInOutput(output), ...(await giveNamesBack(aside))].join(" ");
}

/**
 * Calls containers again what they were called before, all but those whose name ours has by now.
 * @returns a sentence for each that keeps the other name
 */
export async function giveNamesBack(
  containers: readonly Pick<LiveContainer, "Id" | "Names">[],
  rename: typeof renameContainer = renameContainer,
): Promise<readonly string[]> {
  const kept: string[] = [];
  for (const { Id, Names } of containers) {
    const name = Names[0]!.slice(1);
    try {
      await rename(Id, name);
    } catch (error) {
      if (!(error instanceof DockerError)) throw error;
      const isTaken = error.status === 409;
      if (!isTaken)
        kept.push(
          `The container ${name} is called ${name}-drifted now, and could not be renamed: ${error.message}.`,
        );
    }
  }
  return kept;
}

/** An object as the state has it. */
export interface Known {
  readonly urn: string;
  readonly type: string;
  readonly id: string | undefined;
  /** Docker's or the zone's. */
  readonly objectId: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
}

async function knownObjects(
  workspace: Workspace,
  group: string,
  platform: string,
): Promise<readonly Known[]> {
  const { resources = [] } = (await readState(workspace, group))?.deployment ?? {};
  return resources.map((resource) => ({
    urn: resource.urn,
    type: resource.type,
    id: substationOf(resource, platform)?.id,
    objectId: resource.id,
    inputs: resource.inputs ?? {},
  }));
}

/** A substation's containers go together: an adapter lives in its shop's namespaces. */
const targetsOf = ({ object, id, state }: Seen, known: readonly Known[]): readonly string[] =>
  object.kind === "container"
    ? known.filter((one) => one.type === container && one.id === id).map(({ urn }) => urn)
    : state
      ? [state.urn]
      : [];

/** What an update would make the container anew for, or sets before it starts those that do not run: Docker sets it where the container stands. */
async function limit({ Id, Labels }: LiveContainer, { state, intent, audited }: Seen): Promise<void> {
  if (state?.diffs.includes("cpus") && intent) await limitCores(Id, Number(intent.inputs["cpus"]));
  const processes = Number(Labels[labels.processes]);
  if (audited.some(({ rule }) => rule.id === "container-processes") && processes > 0)
    await limitProcesses(Id, processes);
}

/** What speaks against carrying a plan out: it must bring back what was there, and nothing that the files ask for beside that. */
export function planFault(
  group: string,
  { steps, violations, errors }: EngineLook,
  target: readonly string[],
  known: readonly Known[],
): string | undefined {
  if (violations.length + errors.length > 0)
    return [...violations.map(({ message }) => message), ...errors].join("; ");
  const before = new Map(known.map((one) => [one.urn, one.inputs]));
  const strange = steps.find(
    (step) => !target.includes(step.urn) || !isRestoring(step, before.get(step.urn)),
  );
  return (
    strange &&
    `the files ask for more than what was there: ${strange.op} ${strange.type.split(":").at(-1)} ${strange.name}. Run \`npm run up -- ${group}\`, which shows the plan first`
  );
}

/** What a name does not tell: a container's is made from nearly all that it is, a record's is its host. */
const told = ["name", "memory", "memorySwap", "cpus", "type", "content", "ttl", "proxied", "comment"];

const isRestoring = (
  { op, type, inputs }: EngineStep,
  before: Readonly<Record<string, unknown>> | undefined,
): boolean =>
  before !== undefined &&
  (["create", "update"].includes(op) || (op === "replace" && type === container)) &&
  told.every((property) => inputs[property] === before[property]);
