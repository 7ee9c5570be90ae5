import { isSameSubstation, mark } from "../../config/names";
import { noFacts, type FactKind, type Facts } from "../rules/facts";
import { dockerTypes } from "./docker";
import { Inputs } from "./inputs";
import { otherTypes, providerTypes } from "./others";
import { postgresqlTypes } from "./postgresql";
import type { PlannedResource, TypeReaders } from "./resource";

export type { PlannedResource } from "./resource";

const readers: TypeReaders = { ...dockerTypes, ...postgresqlTypes, ...otherTypes, ...providerTypes };

/**
 * The facts of one resource of a plan: what it is, and always a fact about the resource itself, by which rules refuse what they know nothing of. Pure, and without a
 * part of Pulumi's SDK: the policy pack calls it, and so does the component, with inputs that may be outputs.
 */
export function planFacts(resource: PlannedResource): Facts {
  const inputs = new Inputs(resource.props);
  const reader = Object.hasOwn(readers, resource.type) ? readers[resource.type] : undefined;
  const facts = { ...noFacts, ...reader?.facts(inputs, resource) };
  return {
    ...facts,
    resource: [
      {
        name: resource.name,
        owner: resource.owner,
        type: resource.type,
        judged: reader !== undefined,
        unread: reader
          ? inputs.unread().filter((path) => !reader.harmless.includes(withoutIndices(path)))
          : [],
        claims:
          [...facts.container, ...facts.record].find(
            ({ owner }) => owner && (!resource.owner || mark(owner) !== mark(resource.owner)),
          )?.owner ??
          facts.volume.find(({ owner }) => owner && !isSameSubstation(owner, resource.owner))?.owner,
        unknown: [],
      },
    ],
  };
}

/** `mounts.0.source` is `mounts.source`. */
const withoutIndices = (path: string): string => path.replace(/\.[0-9]+(?=\.|$)/g, "");

/** The types that facts of a kind are made of; none for a kind that no plan can tell. Facts of kind "resource" are made of every type there is, known or not. */
export const typesOf = (kind: FactKind): readonly string[] =>
  Object.keys(readers).filter((type) => readers[type]?.kinds.includes(kind));

/** Facts of many, by kind. */
export function joinFacts(all: readonly Facts[]): Facts {
  const joined = Object.keys(noFacts).map((kind) => [
    kind,
    all.flatMap((facts) => [...facts[kind as FactKind]]),
  ]);
  return Object.fromEntries(joined) as Facts;
}
