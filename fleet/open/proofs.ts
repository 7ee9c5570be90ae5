import { proveMissing, type Proved, type Shown } from "../prove";
import { nameOf } from "../prove/ledger";
import { targets } from "../prove/target";
import { statusOf, type SubstationStatus } from "../status";
import type { GroupRun } from "./group";
import type { Members } from "./members";
import type { Failure } from "./problems";

/** Buys from those members that nothing was decided of and that have no valid proof, and decides. */
export async function proveMembers(run: GroupRun, members: Members): Promise<void> {
  const { workspace, group, tell, provers, options } = run;
  const left = members.left;
  if (left.length === 0) return;
  const failures = new Map<string, Failure>();
  const proved = new Set<string>();
  const shown: Shown = (id, work) =>
    provers(async () => {
      if (options.signal?.aborted) return { id, untried: "it was stopped before its proof" };
      tell({ event: "step", group, id, step: "proof" });
      const one = await work((what) => tell({ event: "step", group, id, step: "proof", what }));
      proved.add(id);
      const failure = failureOf(one);
      if (failure) failures.set(id, failure);
      return one;
    });
  if (options.prove === false) {
    for (const status of await statusOf(
      workspace.root,
      await targets(workspace, { group, only: new Set(left) }),
    ))
      if (status.engine.ok && status.url !== undefined) members.open(status.id, status.url, undefined, false);
      else members.fail(status.id, notOpen(status));
    return;
  }
  tell({ event: "group", group, phase: "proving" });
  const { looked } = await proveMissing(workspace, group, shown, new Set(left));
  for (const status of await statusOf(workspace.root, looked)) {
    const { id, url } = status;
    const failure = failures.get(id);
    if (failure) members.fail(id, failure);
    else if (status.open && url !== undefined) members.open(id, url, status.proof.file, proved.has(id));
    // A suspended one stands as its file asks for it, and nothing can be bought from it.
    else if (status.ok && url !== undefined) members.open(id, url, undefined, false);
    else if (options.signal?.aborted)
      members.leave(id, "it was stopped before it was proved: the next run goes on from there");
    else members.fail(id, notOpen(status));
  }
}

function failureOf(one: Proved): Failure | undefined {
  if ("untried" in one || "suspended" in one) return undefined;
  const { result, steps } = one.proof;
  if (result === "proved") return undefined;
  const first = steps.find(({ outcome }) => outcome === "failed") ?? steps[0]!;
  return {
    step: "proof",
    cause: `${nameOf(first)}: ${first.what}`,
    remedy: first.remedy ?? `See ${one.file}, and prove it again: npm run substation -- prove ${one.id}`,
  };
}

const notOpen = ({ engine, reason = "" }: SubstationStatus): Failure => ({
  step: engine.ok ? "proof" : "container",
  cause: reason,
  remedy: "Open it again; where that does not help, look at its container's log (docker logs).",
});
