import { availableParallelism, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { join, relative } from "node:path";
import { UserError } from "../../config/error";
import { outcomes, type Member, type OpenReport, type Outcome } from "../../config/open-report";
import type { Platform } from "../../config/platform";
import { loadFleet } from "../../config/fleet";
import { platformOf, projectSettings } from "../../config/stack-config";
import { readTree } from "../../config/tree";
import { limiter } from "../../inventory/bounded";
import { version } from "../../package.json";
import { capacityOf, shortages } from "../plan/fits";
import { estimate, keepRate, readRates } from "../plan/rates";
import { Run } from "../journal";
import type { PatienceLimits } from "../patience";
import type { UpdatePlan } from "../plan";
import type { Workspace } from "../pulumi";
import { platformUnder } from "../read-platform";
import { provedIds } from "../prove/kept";
import { auditOnce } from "./as-left";
import { Coordinator } from "./coordinator";
import { tell, type Hear } from "./events";
import { openGroup, type GroupResult } from "./group";
import { select, type Selected, type Selection } from "./selection";

export interface OpenOptions {
  /** Groups that are worked on at one time. @default the cores, or the gigabytes of memory where that is less */
  readonly engines?: number | undefined;
  /** Substations that are worked on at one time, over all groups. @default as many as go well, from 4 for each core on */
  readonly parallel?: number | undefined;
  /** How many of a group's standing substations the run may change, of 10,000. @default a quarter, and 5 in any case */
  readonly maxTouched?: number | undefined;
  /** Whether a group that another run has is waited for; a number: so many milliseconds at most. @default true */
  readonly wait?: boolean | number | undefined;
  /** Whether what was opened is proved by buying from it. @default true */
  readonly prove?: boolean | undefined;
  /** Why a plan that no rule forbids is not to be carried out; asked while nobody else can change the group. @default carried out */
  readonly objection?: ((group: string, plan: UpdatePlan) => string | undefined) | undefined;
  /** What engines that say nothing are granted. */
  readonly patience?: PatienceLimits | undefined;
  /** Engines finish what is under way, and nothing more is begun. */
  readonly signal?: AbortSignal | undefined;
}

/** Shops that are bought from at one time, over all groups: much of a proof is waiting, and all of them share the host. */
const proofsAtOnce = 4;

/** Each engine with its plugins takes most of a gigabyte, and most of a core. */
export const defaultEngines = (): number =>
  Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 30)));

/**
 * Opens substations, and goes on with the others where one cannot be opened. What is not selected is left as it is, whatever its file says.
 * @throws UserError where nothing can be begun: for an id that no file has
 */
export async function openFleet(
  workspace: Workspace,
  selection: Selection,
  options: OpenOptions = {},
  on: Hear = () => undefined,
): Promise<OpenReport> {
  const began = new Date();
  const start = performance.now();
  const { root } = workspace;
  const selected = await select(root, selection);
  const { engines = defaultEngines(), parallel } = options;
  const journal = new Run(root);
  const say = tell(on);
  const groups = [...selected].map(([group, ids]) => ({ group, ids }));
  const proved = new Set(provedIds(root));
  const fresh = groups.flatMap(({ ids }) => ids).filter((id) => !proved.has(id));
  const expected = estimate(readRates(root), fresh.length).seconds;
  say({ event: "begun", run: journal.id, groups, engines, expected });
  const admission = await Coordinator.open(parallel ? { limit: { start: parallel, most: parallel } } : {});
  const shared = {
    workspace,
    options,
    tell: say,
    journal,
    engines: limiter(engines),
    provers: limiter(proofsAtOnce),
    admission,
  };
  const platform = platforms(workspace);
  const shortagesOf = capacities(workspace, selected, engines, platform);
  const audited = auditOnce(workspace, (on, why) => say({ event: "unaudited", platform: on, why }));
  const work = Promise.all(
    groups.map(({ group, ids }) =>
      openGroup({
        ...shared,
        group,
        ids,
        whole: selection === "all",
        others: othersOf(root, group, ids),
        platform: () => platform(group),
        shortages: () => shortagesOf(group),
        audited: () => audited(platformOf(projectSettings(workspace), group)),
      }),
    ),
  );
  const results = await work.finally(() => admission.close());
  const members = results.flatMap((result) => result.members);
  const seconds = Math.round(performance.now() - start) / 1000;
  const made = members.filter(({ outcome }) => outcome === "open").length;
  // A batch in which much failed, or that changed only some of what stands, says little of how long others take.
  if (made > 0 && made === members.length)
    keepRate(root, { when: began.toISOString(), members: made, engines, seconds });
  return {
    version: 1,
    run: journal.id,
    when: `${began.toISOString().slice(0, 19)}Z`,
    seconds,
    by: { substation: version, node: process.version },
    counts: countsOf(members),
    groups: results.map(({ report }: GroupResult) => report),
    members,
  };
}

/** Members of the group that are not to be opened, by their files' names. */
export function othersOf(root: string, group: string, ids: readonly string[]): readonly string[] {
  const { groups } = readTree(join(root, "stacks"), (path) => relative(root, path));
  const files = groups.find(({ name }) => name === group)?.files ?? [];
  return files.map(({ id }) => id).filter((id) => !ids.includes(id));
}

/** Each platform is read once: its secrets are decrypted for it, which takes a second. */
export function platforms(workspace: Workspace): (group: string) => Promise<Platform> {
  const settings = projectSettings(workspace);
  const read = new Map<string, Promise<Platform>>();
  return (group) => {
    const stack = platformOf(settings, group);
    const found = read.get(stack) ?? platformUnder(workspace, group);
    read.set(stack, found);
    return found;
  };
}

/** Each platform is asked once, for all that is to stand on it. */
function capacities(
  workspace: Workspace,
  selected: Selected,
  engines: number,
  platform: (group: string) => Promise<Platform>,
): (group: string) => Promise<readonly string[]> {
  const settings = projectSettings(workspace);
  const asked = new Map<string, Promise<readonly string[]>>();
  const ask = async (stack: string, group: string): Promise<readonly string[]> => {
    const fleet = loadFleet(join(workspace.root, "stacks"));
    const specs = [...selected]
      .filter(([name]) => platformOf(settings, name) === stack)
      .flatMap(([name, ids]) => (fleet.groups.get(name) ?? []).filter(({ id }) => ids.includes(id)));
    const at = await platform(group);
    try {
      return shortages(await capacityOf(workspace, stack, at, { specs, engines }));
    } catch (error) {
      throw new UserError(
        `what ${stack} can carry cannot be looked at, so nothing was changed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  return (group) => {
    const stack = platformOf(settings, group);
    const found = asked.get(stack) ?? ask(stack, group);
    asked.set(stack, found);
    return found;
  };
}

function countsOf(members: readonly Member[]): Record<Outcome, number> {
  const of = (outcome: Outcome) => members.filter((member) => member.outcome === outcome).length;
  return Object.fromEntries(outcomes.map((outcome) => [outcome, of(outcome)])) as Record<Outcome, number>;
}
