import { UserError } from "../../config/error";
import { formatProblem, type Fleet } from "../../config/fleet";
import { substationIn } from "../../config/hold";
import { isPlatformStack } from "../../config/stack-config";
import type { Blind } from "../audit/report";
import { PulumiFailed, type Workspace } from "../pulumi";
import { standing, type Standing } from "../standing";
import { intentDrift, stateDrift, type EngineOptions } from "./engine";
import type { EngineSeen } from "./merge";
import type { DriftFinding } from "./report";

export interface StackLook extends EngineSeen {
  readonly held: ReadonlySet<string>;
  readonly blind: readonly Blind[];
  /** Ids that files ask for and the state does not have. */
  readonly unopened: readonly string[];
  /** What the state has and no file asks for. */
  readonly unlisted: readonly { readonly group: string; readonly id: string }[];
  /** What the files ask for against a rule. */
  readonly forbidden: readonly DriftFinding[];
}

const nothing = {
  ...{ intent: [], state: [], unopened: [], unlisted: [], forbidden: [] },
  compared: false,
};

/** Both looks of the engine at one stack. Substations of which nobody knows what they should be are left out of the one at the files, so that the others are seen. */
export async function lookAtStack(
  workspace: Workspace,
  fleet: Fleet,
  stack: string,
  platform: string,
  gone: ReadonlySet<string>,
  options: EngineOptions,
): Promise<StackLook> {
  const specs = fleet.groups.get(stack) ?? [];
  const files = new Map(specs.map(({ id, file }) => [id, file]));
  const blind: Blind[] = [];
  const members = isPlatformStack(stack)
    ? new Map<string, Standing>()
    : await asBlind(blind, `the state of stack ${stack}`, () => standing(workspace, stack));
  if (!members) return { ...nothing, stack, files, blind, held: new Set(files.keys()) };
  const broken = new Map<string, string>();
  for (const problem of fleet.problems) {
    const id = substationIn(fleet, problem);
    if (id !== undefined && !broken.has(id)) broken.set(id, formatProblem(problem));
  }
  const mine = [...members.keys(), ...files.keys()].filter((id) => broken.has(id));
  for (const id of new Set(mine))
    blind.push({ what: `what ${id} should be`, why: `Its file has problems: ${broken.get(id)}` });
  const without = [...members.keys()].filter((id) => !files.has(id) && !broken.has(id));
  const held = new Set([...mine, ...without, ...gone]);
  // One that is being removed has its order, and is kept as it is until `substation close` goes on.
  const unlisted = without.filter((id) => !fleet.closings.has(id));

  const state = await stateDrift(workspace, stack, platform, options);
  // Where there is no file there is nothing to ask of: what stands without one is told as such.
  const intent =
    files.size === 0 && !isPlatformStack(stack)
      ? undefined
      : await asBlind(blind, `what the files of ${stack} ask for`, () =>
          intentDrift(workspace, stack, platform, { ...options, held }),
        );
  for (const [what, look] of [
    ["state", state],
    ["files", intent],
  ] as const)
    for (const why of look?.errors ?? [])
      blind.push({ what: `stack ${stack}, held against its ${what}`, why });
  return {
    ...{ stack, files, held, blind },
    compared: intent !== undefined && intent.errors.length === 0,
    intent: intent?.steps ?? [],
    state: state.steps,
    unopened: [...files.keys()].filter((id) => !members.has(id)),
    unlisted: unlisted.map((id) => ({ group: stack, id })),
    forbidden: (intent?.violations ?? []).map((violation) => ({
      group: stack,
      id: undefined,
      object: { kind: "plan", name: violation.rule },
      class: "config",
      seenBy: ["intent"],
      what: [`An update of ${stack} would be refused: ${violation.message}`],
      remedy: "Mend the file, or what it asks for.",
      fixable: false,
      file: violation.file?.file,
    })),
  };
}

async function asBlind<T>(blind: Blind[], what: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError || error instanceof PulumiFailed)) throw error;
    blind.push({ what, why: error.message });
    return undefined;
  }
}
