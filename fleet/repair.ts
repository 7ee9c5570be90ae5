import { basename, dirname, join } from "node:path";
import { loadFleet } from "../config/fleet";
import { substationIn } from "../config/hold";
import { labels } from "../config/names";
import type { Platform } from "../config/platform";
import { problemsIn } from "../config/problem";
import { isPlatformStack } from "../config/stack-config";
import { mapBounded } from "../inventory/bounded";
import { removeContainer } from "../inventory/docker";
import { UserError } from "../config/error";
import { pendingCreations, recorded, type Checkpoint, type Resource } from "./checkpoint";
import { heldOptions } from "./hold";
import { endLeftovers } from "./leftovers";
import { hasUnknown, importId, lookAround, unknownContainers, untilSettled, type Scope } from "./live";
import { breakLock, readLocks } from "./lock";
import { takeOverCommand } from "./owner";
import { exportsAtOnce, pulumi, pulumiOk, type Workspace } from "./pulumi";
import { stackNames } from "./stack-names";
import { readState } from "./standing";
import { shownBackend, stateStore, type StateStore } from "./state-store";

/** What a repair did, for people to read. */
export interface Repair {
  readonly brokenLocks: readonly string[];
  /** Files beside the state that a killed write had cut off, and that kept it from being read. */
  readonly torn: readonly string[];
  /** Plugins that outlived their engine, and were ended. */
  readonly ended: readonly string[];
  /** Objects that were made and not recorded, and now are. */
  readonly adopted: readonly string[];
  /** Containers that were made and not recorded. They carry no data, and are made anew. */
  readonly removed: readonly string[];
  /** Creations that were begun and made nothing that lasts. */
  readonly forgotten: readonly string[];
  /** Ids of members whose files have problems, so that nobody knows what an update of them had begun to make: they are looked at again once these are mended. */
  readonly skipped: readonly string[];
}

export interface Stack {
  readonly project: string;
  readonly name: string;
  readonly scope: Scope;
  /** A host of which a person says that it is gone for good: its locks are broken. */
  readonly gone?: string | undefined;
  /** What it stands on; undefined where that was never set up. */
  readonly platform: () => Promise<Platform | undefined>;
}

/**
 * Makes a stack whose update was killed, or lost one of its plugins, ready for the next one. Nothing with data in it is removed.
 *
 * 1. A lock is broken where its owner is proved dead, or its host is said to be gone; files that it had half written, and plugins that it left behind, go with it.
 * 2. What the state does not know of is looked for among what is live. Containers are removed. Databases, roles and DNS records that an update began to create, or that
 *    the next one would, are adopted where they exist and are ours; the state gets them, and reads them.
 *
 * @throws UserError where the owner of a lock may be alive, or an object under one of our names is not ours
 */
export async function repair(workspace: Workspace, stack: Stack): Promise<Repair> {
  const backend = workspace.env["PULUMI_BACKEND_URL"] ?? "";
  const store = stateStore(workspace.env, { project: stack.project, stack: stack.name });
  const brokenLocks = store ? await breakStaleLocks(store, stack) : [];
  const torn = (await store?.removeTorn()) ?? [];
  const ended = endLeftovers(backend);
  const [exported, platform] = await Promise.all([
    pulumiOk(workspace, ["stack", "export", "-s", stack.name]),
    stack.platform(),
  ]);
  const checkpoint = JSON.parse(exported) as Checkpoint;
  const pending = pendingCreations(checkpoint);
  if (platform) await untilSettled(platform.database, pending.flatMap(databaseObject));
  const live = await lookAround(platform);
  const own = idsOf(checkpoint);
  const known = new Set(own);
  const mayKnow = new Set([...known, ...pending.flatMap(databaseObject)]);
  if (unknownContainers(live, stack.scope, known).length > 0 || hasUnknown(live, stack.scope, mayKnow))
    for (const id of await knownElsewhere(workspace, stack.name)) known.add(id);

  const strays = unknownContainers(live, stack.scope, known);
  if (strays.length > 0 && own.length === 0 && pending.length === 0) {
    throw new UserError(
      `the state of stack ${stack.name} is empty, and yet ${strays.length} of its containers are there. Nothing was removed. ` +
        `Is "${shownBackend(backend)}" the backend that it was opened with (PULUMI_BACKEND_URL)?`,
    );
  }
  for (const { Id } of strays) await removeContainer(Id);

  const skipped = new Set<string>();
  const candidates = [...pending];
  const begun = new Set(pending.map(({ urn }) => urn));
  const seen = new Set([...known, ...pending.flatMap(databaseObject)]);
  if (hasUnknown(live, stack.scope, seen))
    candidates.push(
      ...(await nextCreations(workspace, stack.name, skipped)).filter(({ urn }) => !begun.has(urn)),
    );
  const found = candidates.flatMap((resource) => {
    const id = importId(live, resource);
    return id === undefined ? [] : [{ resource, id }];
  });
  if (pending.length > 0 || found.length > 0)
    await record(workspace, stack.name, recorded(checkpoint, found, candidates), found);

  const adopted = new Set(found.map(({ resource }) => resource));
  return {
    brokenLocks,
    torn,
    ended,
    adopted: [...adopted].map(title),
    removed: strays.map(({ Labels }) =>
      [labels.id, labels.role].flatMap((label) => Labels[label] ?? []).join(" "),
    ),
    forgotten: pending.filter((resource) => !adopted.has(resource)).map(title),
    skipped: [...skipped],
  };
}

const idsOf = ({ deployment }: Checkpoint): readonly string[] =>
  (deployment.resources ?? []).flatMap(({ id }) => id ?? []);

/** What other groups' stacks know of: a moving that was cut off has what says that it is of one group in the state of another. */
async function knownElsewhere(workspace: Workspace, stack: string): Promise<readonly string[]> {
  const groups = (await stackNames(workspace)).filter((name) => name !== stack && !isPlatformStack(name));
  const states = await mapBounded(exportsAtOnce, groups, (group) => readState(workspace, group));
  return states.flatMap((state) => (state ? idsOf(state) : []));
}

async function breakStaleLocks(store: StateStore, { name, gone }: Stack): Promise<string[]> {
  const broken: string[] = [];
  for (const lock of await readLocks(store, gone)) {
    const who = `process ${lock.pid} of ${lock.user}@${lock.host}, since ${lock.since}`;
    if (lock.owner === "alive") {
      throw new UserError(
        `stack ${name} is locked by a running update: ${who}. Wait for it, or stop it with Ctrl-C where it runs.`,
      );
    }
    if (lock.pid === 0) {
      throw new UserError(
        `stack ${name} has a lock that cannot be read: ${lock.file}. Whose it is nobody can tell: see that no update of the stack runs anywhere, and remove it.`,
      );
    }
    if (lock.owner === "elsewhere") {
      throw new UserError(
        `stack ${name} is locked from another machine: ${who}. Whether that update is dead can only be seen there: run this command on ${lock.host}; or, if that machine is gone for good, here: ${takeOverCommand(name, lock.host)}`,
      );
    }
    await breakLock(store, lock);
    broken.push(who);
  }
  return broken;
}

/**
 * What an update would create now. Asked of the program, since what the state does not tell, it must. It lays out nothing while a file has a problem: those members are left out.
 * @param skipped gets their ids
 */
async function nextCreations(
  workspace: Workspace,
  stack: string,
  skipped: Set<string>,
): Promise<readonly Resource[]> {
  for (;;) {
    // Of one that is being closed nothing is created any more, and its closing sees to the rest.
    const { at, exclude } = await heldOptions(workspace, stack, skipped);
    const excluded = exclude.flatMap((urn) => ["--exclude", urn]);
    const args = ["preview", "-s", stack, "--json", "--refresh=false", ...excluded];
    const { code, stdout, stderr } = await pulumi(at, args);
    if (code === 0) {
      const { steps = [] } = JSON.parse(stdout) as { steps?: readonly Planned[] };
      return steps.flatMap(({ op, newState }) => (op === "create" && newState ? newState : []));
    }
    const fresh = membersIn(workspace, stack, `${stdout}\n${stderr}`).filter((id) => !skipped.has(id));
    if (fresh.length === 0)
      throw new UserError(
        `what the update of ${stack} had begun to make cannot be told, since its program does not run. Nothing was adopted. It said: ${(stderr || stdout).trim()}`,
      );
    for (const id of fresh) skipped.add(id);
  }
}

interface Planned {
  readonly op: string;
  readonly newState?: Resource;
}

/** Members whose files the program finds fault with. With `--json` its words come as JSON, line ends escaped. */
function membersIn({ root }: Workspace, stack: string, said: string): string[] {
  const fleet = loadFleet(join(root, "stacks"));
  return problemsIn(said.replaceAll("\\n", "\n"))
    .filter(({ file }) => basename(dirname(file)) === stack)
    .flatMap((problem) => substationIn(fleet, problem) ?? []);
}

/** Writes the state; what was found is then read from its provider. */
async function record(
  workspace: Workspace,
  stack: string,
  checkpoint: Checkpoint,
  found: Parameters<typeof recorded>[1],
): Promise<void> {
  await pulumiOk(workspace, ["stack", "import", "-s", stack], { input: JSON.stringify(checkpoint) });
  if (found.length === 0) return;
  await pulumiOk(workspace, [
    "refresh",
    "-s",
    stack,
    "--yes",
    "--skip-preview",
    ...found.flatMap(({ resource }) => ["--target", resource.urn]),
  ]);
}

/** Names under which the database server knows what the resource is. */
const databaseObject = ({ type, inputs = {} }: Resource): string[] =>
  type.startsWith("postgresql:") && typeof inputs["name"] === "string" ? [inputs["name"]] : [];

const title = ({ type, urn }: Resource): string => `${type.split(":").at(-1)} ${urn.split("::").at(-1)}`;
