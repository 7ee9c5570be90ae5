import { join } from "node:path";
import { UserError } from "../config/error";
import { heldIds, withoutHeld } from "../config/hold";
import { formatProblem, loadFleet, problemsFor, type Fleet, type Problem } from "../config/fleet";
import { platformOf, projectSettings, requiredSetting, type ProjectSettings } from "../config/stack-config";
import { expectedAdapters, type ExpectedSubstation, type Intent, type PlatformIntent } from "./rules/intent";

/**
 * What the files ask of a plan of `stack`. Nothing here comes from the program that made the plan.
 * @param root the folder of Pulumi.yaml
 * @param held substations that the plan leaves as they are: nothing is asked of it for them
 * @throws UserError where the files cannot be read or have a problem that concerns the stack: what is not known cannot be held against a plan
 */
export function loadIntent(root: string, stack: string, held: ReadonlySet<string> = heldIds()): Intent {
  const settings = projectSettings({ root });
  const fleet = withoutHeld(loadFleet(join(root, "stacks")), held);
  refuse(`the plan of ${stack}`, problemsFor(fleet, stack));
  return { ...intentOf(settings, fleet, platformOf(settings, stack)), stack };
}

/**
 * What the files ask of everything that stands on a platform.
 * @throws UserError as above, for any problem of any file
 */
export function loadPlatformIntent(root: string, platform: string): Intent {
  const fleet = loadFleet(join(root, "stacks"));
  refuse(`what stands on ${platform}`, fleet.problems);
  return intentOf(projectSettings({ root }), fleet, platform);
}

function intentOf(settings: ProjectSettings, fleet: Fleet, platformStack: string): Intent {
  const platform = platformIntent(settings, platformStack);
  const substations = new Map<string, ExpectedSubstation>();
  for (const [group, specs] of fleet.groups) {
    if (platformOf(settings, group) !== platformStack) continue;
    for (const spec of specs) {
      substations.set(spec.id, {
        owner: { platform: platform.name, group, id: spec.id },
        tier: spec.tier.name,
        scopes: spec.tier.scopes,
        host: spec.host,
        limits: spec.tier.limits,
        resources: spec.resources,
        adapters: expectedAdapters(spec.channels),
        file: { file: spec.file, line: 1, column: 1 },
      });
    }
  }
  return { platform, stack: undefined, substations, capacity: undefined, mayTouch: undefined };
}

function platformIntent(settings: ProjectSettings, stack: string): PlatformIntent {
  const required = (key: string): string => requiredSetting(settings, stack, key);
  const name = required("name");
  return {
    name,
    zone: required("zone"),
    ingressAddress: required("ingressAddress"),
    edgeNetwork: `${name}-edge`,
    provisioner: required("databaseUser"),
  };
}

function refuse(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new UserError(
    `${what} cannot be judged, since the files have problems:\n${problems.map(formatProblem).join("\n")}`,
  );
}
