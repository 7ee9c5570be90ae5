import { relative } from "node:path";
import { UserError } from "../../config/error";
import { readTree } from "../../config/tree";
import { stepFact } from "../../policies/facts/steps";
import { loadIntent } from "../../policies/intent";
import { noFacts, type StepFact } from "../../policies/rules/facts";
import { planRules } from "../../policies/rules/plan";
import { judge } from "../../policies/rules/rule";
import { heldOptions } from "../hold";
import { isIdle } from "../plan";
import { asUser, pulumiOk, type EngineEvent } from "../pulumi";
import type { Subject } from "./subject";

/**
 * Takes a substation out of its stack: the engine removes its record first, then containers and volumes, and lets go of database and roles, which stay on their server.
 * Nothing else of the group is touched: no other resource is a target, and the program lays nothing out. It runs for its hook alone, which tries again what a server refuses;
 * without it the engine would tell nothing but that there is none. Its plan is judged by the rules before; the protection is passed over for exactly these resources.
 * @param urns the component and its parts, all of them
 * @throws UserError where a rule forbids it, or the engine cannot do it
 */
export async function removeFromStack(
  subject: Subject,
  urns: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { workspace, owner } = subject;
  const held = new Set([...neighbours(workspace.root, owner.group), owner.id]);
  const { at } = await heldOptions(workspace, owner.group, held);
  // Without a look first (Pulumi.yaml asks for one): what it does not find any more, the engine would then miss among its targets.
  const args = [
    "-s",
    owner.group,
    "--ignore-protect",
    "--refresh=false",
    "--run-program",
    ...urns.flatMap((urn) => ["--target", urn]),
  ];
  const run = (more: readonly string[], onEvent: (event: EngineEvent) => void) =>
    asUser(`${owner.id} is not removed from its stack yet: run this again`, owner.group, () =>
      pulumiOk(at, ["destroy", ...args, ...more], { onEvent, ...(signal ? { signal } : {}) }),
    );
  const steps: StepFact[] = [];
  await run(["--preview-only"], ({ resourcePreEvent }) => {
    if (resourcePreEvent) steps.push(stepFact(resourcePreEvent.metadata, owner.platform));
  });
  refuse(
    subject,
    urns,
    steps.filter(({ op }) => !isIdle(op)),
  );
  await run(["--yes", "--skip-preview"], () => undefined);
}

/** Whatever the plan does besides removing exactly these is forbidden, and so is what the rules forbid. */
function refuse({ workspace, owner }: Subject, urns: readonly string[], steps: readonly StepFact[]): void {
  const others = steps.filter(({ urn, op }) => op !== "delete" || !urns.includes(urn));
  const intent = {
    ...loadIntent(workspace.root, owner.group, neighbours(workspace.root, owner.group)),
    mayTouch: 1,
    removable: new Set([owner.id]),
  };
  const unheard = urns.filter((urn) => !steps.some((step) => step.urn === urn));
  const said = [
    ...unheard.map((urn) => `it says nothing of ${urn}`),
    ...others.map(({ op, urn }) => `it would ${op} ${urn}`),
    ...judge(planRules, { ...noFacts, step: [...steps] }, intent).map(
      ({ rule, message }) => `${rule.id}: ${message}`,
    ),
  ];
  if (said.length > 0)
    throw new UserError(`${owner.id} cannot be removed from its stack, and nothing was:\n${said.join("\n")}`);
}

/** Nothing is asked of the others of the group here, whatever stands in their files. */
function neighbours(root: string, group: string): ReadonlySet<string> {
  const { groups } = readTree(`${root}/stacks`, (path) => relative("", path));
  return new Set(groups.find(({ name }) => name === group)?.files.map(({ id }) => id));
}
