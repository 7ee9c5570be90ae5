import { join } from "node:path";
import { UserError } from "../../config/error";
import { loadFleet, type SubstationSpec } from "../../config/fleet";
import { adaptersOf } from "../../config/channels/adapters";
import { platformOf, projectSettings } from "../../config/stack-config";
import { limiter } from "../../inventory/bounded";
import { defaultEngines, othersOf, platforms } from "../open/open";
import { select, type Selection } from "../open/selection";
import type { Workspace } from "../pulumi";
import { capacityOf } from "./fits";
import { planGate, type Gate } from "./gate";
import { estimate, readRates } from "./rates";
import type { Duration, FleetPlan, GroupPlan, MemberAction, MemberPlan } from "./types";
import type { PlanOptions } from "./update";

export interface FleetPlanOptions extends Omit<PlanOptions, "held" | "onEvent"> {
  /** Previews at one time. @default the cores, or the gigabytes of memory where that is less */
  readonly engines?: number | undefined;
}

/** Cloudflare's 1,200 in 5 minutes, with room for whoever else uses the API (`Coordinator`). */
const dnsRate = 3.5;

/**
 * What an opening of a selection would do, by the same looks that it begins with, and what that takes of the platforms. Changes nothing.
 * @throws UserError for an id that no file has
 */
export async function planFleet(
  workspace: Workspace,
  selection: Selection,
  { engines = defaultEngines(), ...options }: FleetPlanOptions = {},
): Promise<FleetPlan> {
  const { root } = workspace;
  const selected = await select(root, selection);
  const settings = projectSettings(workspace);
  const bounded = limiter(engines);
  const platform = platforms(workspace);
  const groups = await Promise.all(
    [...selected].map(([group, ids]) =>
      bounded(async (): Promise<GroupPlan> => {
        const at = { group, platform: platformOf(settings, group) };
        try {
          const asked = {
            ...options,
            ids,
            others: othersOf(root, group, ids),
            platform: await platform(group),
          };
          return groupPlan(at, ids, await planGate(workspace, group, asked));
        } catch (error) {
          return { ...at, update: undefined, members: [], problems: [userMessage(error)] };
        }
      }),
    ),
  );
  const members = groups.flatMap((one) => one.members);
  const going = new Map(members.filter(({ action }) => action !== "held").map((one) => [one.id, one]));
  const fleet = loadFleet(join(root, "stacks"));
  const specs = [...fleet.groups.values()].flat().filter(({ id }) => going.has(id));
  const replaced = new Set(
    [...going.values()].filter(({ action }) => action === "replace").map(({ id }) => id),
  );
  const looked = groups.filter(({ members: found }) => found.length > 0);
  const capacity = await Promise.all(
    [...new Map(looked.map((one) => [one.platform, one.group]))].map(async ([stack, group]) => {
      const on = specs.filter((spec) => platformOf(settings, spec.group) === stack);
      return await capacityOf(workspace, stack, await platform(group), { specs: on, replaced, engines });
    }),
  );
  return {
    groups,
    capacity,
    allowed:
      capacity.every(({ fits }) => fits) &&
      groups.every(({ problems }) => problems.length === 0) &&
      members.every(({ action }) => action !== "held"),
    duration: durationOf(root, members, specs),
  };
}

function userMessage(error: unknown): string {
  if (error instanceof UserError) return error.message;
  throw error;
}

function groupPlan(
  at: Pick<GroupPlan, "group" | "platform">,
  ids: readonly string[],
  { plan, failures, violations, refused }: Gate,
): GroupPlan {
  const failed = [...failures.keys()].filter((id) => !ids.includes(id));
  const members = [...ids, ...failed].map((id): MemberPlan => {
    const steps = plan?.steps.filter(({ owner }) => owner?.id === id) ?? [];
    const failure = failures.get(id);
    const ops = steps.map(({ op, type }) => ({ op, type }));
    return {
      id,
      group: at.group,
      action: failure ? "held" : actionOf(ops),
      steps,
      problems: failure
        ? [
            {
              message: failure.cause,
              ...(failure.code === undefined ? {} : { code: failure.code }),
              ...(failure.place === undefined ? {} : { place: failure.place }),
            },
          ]
        : [],
      violations: violations.filter(({ file }) => file?.file.endsWith(`/${at.group}/${id}.yaml`)),
    };
  });
  return { ...at, update: plan, members, problems: refused };
}

/** What the steps of a member come to: the weightiest of them, and a new one is not replaced. @internal */
export function actionOf(steps: readonly { readonly op: string; readonly type: string }[]): MemberAction {
  const ofComponent = steps.find(({ type }) => type === "substation:index:Substation")?.op;
  if (ofComponent === "create") return "create";
  if (ofComponent === "delete") return "remove";
  if (steps.length === 0) return "leave";
  return steps.some(({ op }) => op.includes("replace")) ? "replace" : "change";
}

function durationOf(
  root: string,
  members: readonly MemberPlan[],
  specs: readonly SubstationSpec[],
): Duration {
  const active = members.filter(({ action }) => action !== "leave" && action !== "held");
  const { seconds, source } = estimate(readRates(root), active.length);
  const dnsRequests = members
    .flatMap(({ steps }) => steps)
    .filter(({ type }) => type.startsWith("cloudflare:index/dnsRecord:")).length;
  const made = new Set(
    active.filter(({ action }) => action === "create" || action === "replace").map(({ id }) => id),
  );
  // The migration's config, the shop's, and one for each adapter.
  const uploads = specs
    .filter(({ id }) => made.has(id))
    .reduce((sum, { channels }) => sum + 2 + adaptersOf(channels).length, 0);
  return { seconds: Math.max(seconds, dnsRequests / dnsRate), dnsRequests, uploads, source };
}
