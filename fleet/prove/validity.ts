import type { Proof } from "../../config/proof";
import type { Owner } from "../../config/names";
import type { StandingShop } from "../standing";
import type { Kept } from "./kept";
import { nameOf } from "./ledger";
import type { Target } from "./target";

/** What the proofs of a substation say of the container that its stack has now. */
export type Validity =
  | { readonly state: "valid"; readonly file: string; readonly proof: Proof }
  | { readonly state: "none" }
  /** `why` begins in lower case and has no full stop. */
  | { readonly state: "failed" | "stale" | "unusable"; readonly file: string; readonly why: string };

/**
 * The last proof decides. It is valid where it is as it was written, proved, and of this very container: another configuration has a container of another name, and one
 * that was made anew has another id.
 * @param kept all proofs of the substation, oldest first
 * @param shop the container that the stack has; undefined where there is none
 */
export function validity(kept: readonly Kept[], owner: Owner, shop: StandingShop | undefined): Validity {
  const last = kept.at(-1);
  if (!last) return { state: "none" };
  const { file, proof } = last;
  const bad = last.faults.find(({ kind }) => kind !== "chain");
  if (!proof || bad) return { state: "unusable", file, why: bad?.what ?? "it cannot be read" };
  if (proof.platform !== owner.platform || proof.group !== owner.group)
    return { state: "stale", file, why: `it is of ${proof.platform}/${proof.group}/${proof.id}` };
  if (!shop) return { state: "stale", file, why: "its container is not in the stack any more" };
  if (proof.subject.container !== shop.name)
    return { state: "stale", file, why: "the configuration has changed since" };
  if (proof.subject.containerId !== shop.id)
    return { state: "stale", file, why: "the container was made anew since" };
  if (proof.result === "failed") return { state: "failed", file, why: failures(proof) };
  return { state: "valid", file, proof };
}

/** The same, of a target. */
export const validityOf = ({ spec, platform, standing }: Target, kept: readonly Kept[]): Validity =>
  validity(kept, { platform: platform.name, group: spec.group, id: spec.id }, standing?.shop);

/** "purchase by alipay: paid, and …", of the first step that failed. */
export function failures({ steps }: Proof): string {
  const [first, ...more] = steps.filter(({ outcome }) => outcome === "failed");
  if (!first) return "not everything was tried";
  return `${nameOf(first)}: ${first.what}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
}

/** Channels whose merchant is a real one, so that nothing was paid. */
export const stoppedChannels = ({ steps }: Proof): string[] =>
  steps.flatMap(({ outcome, channel }) => (outcome === "stopped-before-payment" && channel ? [channel] : []));
