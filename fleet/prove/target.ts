import { join } from "node:path";
import { UserError } from "../../config/error";
import {
  formatProblem,
  loadFleet,
  problemsFor,
  type Fleet,
  type Problem,
  type SubstationSpec,
} from "../../config/fleet";
import { substationIn } from "../../config/hold";
import type { Ingress } from "../../config/platform";
import {
  platformOf,
  projectSettings,
  requiredSetting,
  type ProjectSettings,
} from "../../config/stack-config";
import { others } from "../../config/suggest";
import { mapBounded } from "../../inventory/bounded";
import { exportsAtOnce, type Workspace } from "../pulumi";
import { standing, type Standing } from "../standing";

/** A substation that a file asks for, with what is known of where it stands. */
export interface Target {
  readonly spec: SubstationSpec;
  readonly platform: PlatformAddress;
  /** As its stack has it; undefined where it was never opened. */
  readonly standing: Standing | undefined;
}

/** How a platform's shops are reached; all of it plain settings of its stack. */
export interface PlatformAddress {
  readonly name: string;
  readonly ingress: Ingress;
  /** `address:port` of the DNS server that knows the zone; undefined for the system's resolver. */
  readonly resolver: string | undefined;
  /** Base URL of the sandbox payment gateways. */
  readonly sandboxGateway: string | undefined;
}

/** Those of a group, or of some of its members, whatever stands in the files of the others; or those with an id; without an id, all of the fleet. */
export type Choice =
  | { readonly group: string; readonly only?: ReadonlySet<string> | undefined }
  | { readonly ids: readonly string[] };

/**
 * Substations in the order of the files.
 * @throws UserError for an id that no file has, where files of their groups or common to all have problems, or where a stack cannot be read
 */
export async function targets(workspace: Workspace, choice: Choice): Promise<Target[]> {
  const settings = projectSettings(workspace);
  const fleet = loadFleet(join(workspace.root, "stacks"));
  const specs = "group" in choice ? ofGroup(fleet, choice.group, choice.only) : withIds(fleet, choice.ids);
  const groups = [...new Set(specs.map(({ group }) => group))];
  const platforms = new Map(
    groups.map((group) => [group, platformAddress(settings, platformOf(settings, group))]),
  );
  const states = new Map(
    await mapBounded(
      exportsAtOnce,
      groups,
      async (group) => [group, await standing(workspace, group)] as const,
    ),
  );
  return specs.map((spec) => ({
    spec,
    platform: platforms.get(spec.group)!,
    standing: states.get(spec.group)!.get(spec.id),
  }));
}

function ofGroup(fleet: Fleet, group: string, only?: ReadonlySet<string>): readonly SubstationSpec[] {
  const isWanted = (id: string | undefined) => id === undefined || !only || only.has(id);
  refuse(problemsFor(fleet, group).filter((problem) => isWanted(substationIn(fleet, problem))));
  return (fleet.groups.get(group) ?? []).filter(({ id }) => isWanted(id));
}

function withIds(fleet: Fleet, ids: readonly string[]): readonly SubstationSpec[] {
  const all = [...fleet.groups.values()].flat();
  const unknown = ids.find((id) => !all.some((spec) => spec.id === id));
  if (ids.length === 0 || unknown !== undefined) refuse(fleet.problems); // its own file may be the one that cannot be read
  if (unknown !== undefined) {
    const ids = all.map(({ id }) => id);
    throw new UserError(`there is no substation "${unknown}" in ${fleet.root}: ${others(unknown, ids)}`);
  }
  const chosen = ids.length === 0 ? all : all.filter(({ id }) => ids.includes(id));
  for (const group of new Set(chosen.map((spec) => spec.group))) refuse(problemsFor(fleet, group));
  return chosen;
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new UserError(
    `the typed files have problems, so nobody can say what should stand:\n${problems.map(formatProblem).join("\n")}`,
  );
}

function platformAddress(settings: ProjectSettings, stack: string): PlatformAddress {
  const required = (key: string): string => requiredSetting(settings, stack, key);
  return {
    name: required("name"),
    ingress: { address: required("ingressAddress"), port: Number(required("ingressPort")) },
    resolver: settings.setting(stack, "dnsResolver"),
    sandboxGateway: settings.setting(stack, "sandboxGateway"),
  };
}
