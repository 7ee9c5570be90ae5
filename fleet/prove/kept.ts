import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { proofHash, proofSchema, type Proof } from "../../config/proof";
import { list } from "../state-files";
import { writeNew } from "../write-new";
import type { Fresh } from "./prove";

/** A file of `proofs/<id>/`, and what is wrong with it by itself and beside its neighbours. */
export interface Kept {
  /** `proofs/<id>/<time>.json` */
  readonly file: string;
  /** Undefined where it cannot be read as a proof. */
  readonly proof: Proof | undefined;
  /** In words; none where it is as it was written. */
  readonly faults: readonly Fault[];
}

/** unreadable: no proof by its form. altered: its hash does not fit. foreign: another substation's, or another time's. chain: proofs before it were removed or put in. */
export interface Fault {
  readonly kind: "unreadable" | "altered" | "foreign" | "chain";
  readonly what: string;
}

const folder = "proofs";
const name = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.json$/;

/** Ids that proofs are kept of, whether there is a file of the substation or not. */
export const provedIds = (root: string): readonly string[] =>
  list(join(root, folder))
    .filter((name) => statSync(join(root, folder, name)).isDirectory())
    .sort();

/** The proofs of one substation, oldest first, each looked at by itself and as a link of their chain. */
export function keptProofs(root: string, id: string): Kept[] {
  const names = list(join(root, folder, id)).filter((file) => name.test(file));
  let before: Proof | undefined;
  return [...names].sort().map((file) => {
    const path = join(folder, id, file);
    const read = readProof(join(root, path));
    if (typeof read === "string")
      return { file: path, proof: undefined, faults: [{ kind: "unreadable", what: read }] };
    const kept = { file: path, proof: read, faults: faultsOf(read, id, file, before) };
    before = read;
    return kept;
  });
}

function faultsOf(proof: Proof, id: string, file: string, before: Proof | undefined): Fault[] {
  const faults: Fault[] = [];
  if (proofHash(proof) !== proof.hash)
    faults.push({ kind: "altered", what: "its hash does not fit: it was changed after it was written" });
  if (proof.id !== id) faults.push({ kind: "foreign", what: `it is a proof of ${proof.id}` });
  if (fileName(proof.when) !== file)
    faults.push({ kind: "foreign", what: `it is of ${proof.when}, which is not what its name says` });
  if (proof.previous !== before?.hash)
    faults.push({
      kind: "chain",
      what: before
        ? "it does not follow the proof before it: one was removed or put in between"
        : "it is not the first: those before it were removed",
    });
  return faults;
}

/** The proof, or why it is none. */
function readProof(path: string): Proof | string {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return "it is not JSON";
    throw error;
  }
  const parsed = proofSchema.safeParse(value);
  return parsed.success ? parsed.data : z.prettifyError(parsed.error).replaceAll("\n", " ");
}

const fileName = (when: string): string => `${when.replaceAll(":", "-")}.json`;

/**
 * Keeps a proof as the last of its substation's chain: whole or not at all, and never in another one's place.
 * @returns what was kept, with the second in which there was room for it
 */
export function keep(root: string, fresh: Fresh): Kept & { readonly proof: Proof } {
  const { id } = fresh;
  const place = join(root, folder, id);
  mkdirSync(place, { recursive: true });
  for (;;) {
    const previous = keptProofs(root, id).findLast(({ proof }) => proof)?.proof;
    // Never before the last one, even where the clock went back: the order of times is the order of the chain.
    const at = Math.max(Date.parse(fresh.when), previous ? Date.parse(previous.when) + 1000 : 0);
    const when = `${new Date(at).toISOString().slice(0, 19)}Z`;
    const unsigned = { ...fresh, when, ...(previous ? { previous: previous.hash } : {}) };
    const proof = proofSchema.parse({ ...unsigned, hash: proofHash(unsigned) });
    const file = fileName(when);
    try {
      writeNew(join(place, file), `${JSON.stringify(proof, null, 2)}\n`);
      return { file: join(folder, id, file), proof, faults: [] };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
