import type { Proof } from "../../config/proof";
import { mapBounded } from "../../inventory/bounded";
import type { Workspace } from "../pulumi";
import { keep, keptProofs, provedIds } from "./kept";
import { prove } from "./prove";
import { targets, type Target } from "./target";
import { validityOf } from "./validity";

/** How the proof of one substation went. */
export type Proved =
  | { readonly id: string; readonly file: string; readonly proof: Proof }
  /** It is not in its stack. */
  | { readonly id: string; readonly untried: string }
  /** Its file says that it sells nothing, since when and why. */
  | { readonly id: string; readonly suspended: string };

/** Runs the proof of one substation under a name; its `note` tells of each step. */
export type Shown = (id: string, work: (note: (what: string) => void) => Promise<Proved>) => Promise<Proved>;

/** Shops at one time: much of a proof is waiting, and all of them share the host. */
const atOnce = 4;

/**
 * Proves substations and keeps the proofs, whatever they say.
 * @param ids all of the fleet where there is none
 * @throws UserError as `targets`
 * @throws Error where the Docker engine does not answer; of shops that were not proved by then nothing is kept
 */
export async function proveAll(
  workspace: Workspace,
  ids: readonly string[],
  shown: Shown,
): Promise<Proved[]> {
  return await proveTargets(workspace.root, await targets(workspace, { ids }), shown);
}

/**
 * Proves those of a group that have no valid proof.
 * @param only these members, whatever is wrong with others
 * @returns all that were looked up, and what was proved
 */
export async function proveMissing(
  workspace: Workspace,
  group: string,
  shown: Shown,
  only?: ReadonlySet<string>,
): Promise<{ readonly looked: readonly Target[]; readonly proved: readonly Proved[] }> {
  const looked = await targets(workspace, { group, only });
  const missing = looked.filter(
    (target) =>
      !target.spec.suspended &&
      validityOf(target, keptProofs(workspace.root, target.spec.id)).state !== "valid",
  );
  return { looked, proved: await proveTargets(workspace.root, missing, shown) };
}

const proveTargets = (root: string, looked: readonly Target[], shown: Shown): Promise<Proved[]> =>
  mapBounded(atOnce, looked, (target) =>
    shown(target.spec.id, async (note): Promise<Proved> => {
      const { id, group, suspended } = target.spec;
      if (suspended) return { id, suspended: `since ${suspended.since}: ${suspended.reason}` };
      if (!target.standing?.shop) return { id, untried: `it is not open: npm run up -- ${group}` };
      const { file, proof } = keep(root, await prove(target, { root, note }));
      return { id, file, proof };
    }),
  );

/** Something that is wrong with a kept proof. */
export interface ProofFinding {
  readonly id: string;
  readonly file: string;
  readonly kind: "unreadable" | "altered" | "foreign" | "chain" | "stale" | "failed" | "none";
  readonly what: string;
}

/** Of the proofs that were looked at. */
export interface Verified {
  readonly files: number;
  readonly findings: readonly ProofFinding[];
}

/**
 * Looks at all kept proofs of substations, and whether the last of each still holds; changes nothing. Without ids, at those of substations that have no file any more too.
 * @throws UserError as `targets`
 */
export async function verifyProofs(workspace: Workspace, ids: readonly string[]): Promise<Verified> {
  const looked = new Map((await targets(workspace, { ids })).map((target) => [target.spec.id, target]));
  const all = [...new Set([...looked.keys(), ...(ids.length === 0 ? provedIds(workspace.root) : [])])];
  const findings: ProofFinding[] = [];
  let files = 0;
  for (const id of all) {
    const kept = keptProofs(workspace.root, id);
    files += kept.length;
    findings.push(
      ...kept.flatMap(({ file, faults }) => faults.map(({ kind, what }) => ({ id, file, kind, what }))),
    );
    const target = looked.get(id);
    // Of what sells nothing, the last proof is of the time before.
    if (target && !target.spec.suspended) findings.push(...holds(target, kept));
  }
  return { files, findings };
}

function holds(target: Target, kept: ReturnType<typeof keptProofs>): ProofFinding[] {
  const { id } = target.spec;
  const found = validityOf(target, kept);
  switch (found.state) {
    case "none":
      return [{ id, file: `proofs/${id}/`, kind: "none", what: "there is no proof of it" }];
    case "stale":
    case "failed":
      return [{ id, file: found.file, kind: found.state, what: found.why }];
    case "valid":
    case "unusable": // told by its faults
      return [];
  }
}
