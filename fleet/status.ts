import { join } from "node:path";
import { loadFleet } from "../config/fleet";
import type { ClosingOrder } from "../config/lifecycle/order";
import { isSameSubstation, labels, parseMark } from "../config/names";
import type { Suspension } from "../config/lifecycle/suspension";
import { healthOf, liveContainers, type LiveContainer } from "../inventory/docker";
import { graceEnd } from "./lifecycle/grace-end";
import { stateOf, type LifecycleState } from "./lifecycle/states";
import { keptProofs } from "./prove/kept";
import { targets, type Target } from "./prove/target";
import { stoppedChannels, validityOf, type Validity } from "./prove/validity";
import type { Workspace } from "./pulumi";

/** What is so of one substation, whatever any single part says of itself. */
export interface SubstationStatus {
  readonly id: string;
  readonly group: string;
  readonly tier: string;
  /** Undefined where it is not in its stack. */
  readonly url: string | undefined;
  /** What stack and Docker engine say of it: whether it is there, and serves. */
  readonly engine: { readonly ok: boolean; readonly what: string };
  readonly proof: ProofStatus;
  readonly state: LifecycleState;
  /** When the grace of one that is to be closed is over, UTC; undefined before it began, and in every other state. */
  readonly deadline: string | undefined;
  /** As its file says; undefined where it is to sell. */
  readonly suspended: Suspension | undefined;
  /** Whether it is as its file asks: open, or suspended. */
  readonly ok: boolean;
  /** Only where the engine is content, and a valid proof says that a purchase went through what stands there now. */
  readonly open: boolean;
  /** Why it is not open, and what to do; undefined where it is. */
  readonly reason: string | undefined;
}

export interface ProofStatus {
  readonly state: Validity["state"];
  readonly file?: string;
  /** When a valid one began, UTC. */
  readonly since?: string;
  /** Of a valid one: real merchants, with whom nothing was paid. */
  readonly stopped?: readonly string[];
  /** Of one that is not. */
  readonly why?: string;
}

/**
 * Which substations are open; all of them where no id is given.
 * @throws UserError as `targets`
 * @throws Error where the Docker engine cannot be looked at
 */
export async function fleetStatus(workspace: Workspace, ids: readonly string[]): Promise<SubstationStatus[]> {
  const { closings } = loadFleet(join(workspace.root, "stacks"));
  const removing = [...closings.values()].filter((order) => order.removing);
  const others = ids.filter((id) => !removing.some((order) => order.id === id));
  const removed = removing.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const looked = ids.length > 0 && others.length === 0 ? [] : await targets(workspace, { ids: others });
  return [...(await statusOf(workspace.root, looked)), ...removed.map(removingStatus)];
}

/** The same, of targets that were looked up already. */
export async function statusOf(root: string, looked: readonly Target[]): Promise<SubstationStatus[]> {
  const containers = new Map((await liveContainers()).map((container) => [container.Id, container]));
  return looked.map((target) => {
    const { spec, standing } = target;
    const proof = validityOf(target, keptProofs(root, spec.id));
    const engine = engineWord(target, containers);
    const shop = containers.get(standing?.shop?.id ?? "");
    const closed = shop?.Labels[labels.suspended] !== undefined;
    const { suspended } = spec;
    const until = spec.closing && graceEnd(root, spec.closing, target.platform.name);
    const from = standsIn(target, containers.values());
    const wrong = from
      ? `it stands in the group ${from}, and its file is in ${spec.group}: npm run substation -- move ${spec.id}`
      : spec.closing
        ? closingWrong(spec.closing, until, closed || !standing)
        : reasonNot(target, engine, proof, closed);
    const reason = wrong ?? (suspended && reasonClosed(spec.id, suspended, spec.closing, until));
    return {
      id: spec.id,
      group: spec.group,
      tier: spec.tier.name,
      url: standing?.url,
      engine,
      proof: proofStatus(proof),
      state: stateOf({
        ...{ file: true, order: spec.closing, standing },
        suspended: suspended !== undefined,
        elsewhere: from !== undefined,
      }),
      deadline: until === undefined ? undefined : new Date(until).toISOString(),
      suspended,
      ok: wrong === undefined,
      open: reason === undefined,
      reason,
    };
  });
}

/** Another group than its file's that a container of it says it is of: a moving came to no end, or was not begun. */
function standsIn({ spec, platform }: Target, containers: Iterable<LiveContainer>): string | undefined {
  const owner = { platform: platform.name, group: spec.group, id: spec.id };
  return [...containers]
    .flatMap(({ Labels }) => parseMark(Labels[labels.mark]) ?? [])
    .find((one) => isSameSubstation(one, owner) && one.group !== spec.group)?.group;
}

/** Why it sells nothing, as its file or an order says. */
const reasonClosed = (
  id: string,
  { since, reason }: Suspension,
  order: ClosingOrder | undefined,
  until: number | undefined,
): string =>
  order && until !== undefined
    ? `to be closed: all is kept until ${new Date(until).toISOString()}; to undo it: npm run substation -- restore ${id}`
    : `suspended since ${since} (${reason}): npm run substation -- resume ${id}`;

/** Why an order is not carried out as far as it is to be by now. @param until the end of its grace, once that began */
function closingWrong({ id }: ClosingOrder, until: number | undefined, closed: boolean): string | undefined {
  if (!closed || until === undefined)
    return `it is to be closed, and that has not begun: npm run substation -- close ${id}`;
  return Date.now() < until ? undefined : `its grace is over: npm run substation -- close ${id}`;
}

/** One that is not laid out any more. */
const removingStatus = ({ id, group, removing }: ClosingOrder): SubstationStatus => ({
  ...{ id, group, tier: "-", url: undefined },
  engine: { ok: false, what: "being removed" },
  proof: { state: "none" },
  state: "removing",
  deadline: undefined,
  suspended: undefined,
  ...{ ok: false, open: false },
  reason: `its removal began at ${removing?.since}: npm run substation -- close ${id}`,
});

function engineWord(
  { standing }: Target,
  containers: ReadonlyMap<string, LiveContainer>,
): SubstationStatus["engine"] {
  if (!standing) return { ok: false, what: "not in the stack" };
  if (!standing.shop) return { ok: false, what: "without a container" };
  const found = containers.get(standing.shop.id);
  if (!found) return { ok: false, what: "its container is gone" };
  const what = found.State === "running" ? (healthOf(found) ?? "running") : found.State;
  return { ok: what === "healthy" || what === "running", what };
}

/** Why it is not as its file asks. @param closed whether its container was made to sell nothing */
function reasonNot(
  { spec: { id, group, suspended } }: Target,
  engine: SubstationStatus["engine"],
  proof: Validity,
  closed: boolean,
): string | undefined {
  if (!engine.ok)
    return engine.what === "not in the stack"
      ? `it was never opened: npm run up -- ${group}`
      : `${engine.what}: npm run up -- ${group}`;
  if (suspended && closed) return undefined; // of what sells nothing, nothing can be bought
  if (suspended) return `it sells still, though its file says suspended: npm run up -- ${group}`;
  if (closed) return `it is suspended still, though its file says nothing of that: npm run up -- ${group}`;
  const again = `npm run substation -- prove ${id}`;
  switch (proof.state) {
    case "valid":
      return undefined;
    case "none":
      return `nothing was ever bought from it: ${again}`;
    case "stale":
      return `its proof no longer holds: ${proof.why}: ${again}`;
    case "unusable":
      return `its proof cannot be used: ${proof.why} (${proof.file}): ${again}`;
    case "failed":
      return proof.why;
  }
}

function proofStatus(proof: Validity): ProofStatus {
  if (proof.state === "none") return { state: proof.state };
  if (proof.state !== "valid") return { state: proof.state, file: proof.file, why: proof.why };
  const stopped = stoppedChannels(proof.proof);
  return {
    state: proof.state,
    file: proof.file,
    since: proof.proof.when,
    ...(stopped.length > 0 ? { stopped } : {}),
  };
}
