import type { Owner } from "../../config/names";
import type { FactKind, Facts } from "../rules/facts";
import type { Inputs } from "./inputs";

/** A resource as a plan asks for it, before its provider made anything of it. */
export interface PlannedResource {
  /** Pulumi's type token. */
  readonly type: string;
  /** Pulumi's name of it, not the object's. */
  readonly name: string;
  /** Its inputs, any of which may be unknown; see `Inputs`. */
  readonly props: object;
  readonly opts: {
    readonly protect?: boolean | undefined;
    readonly ignoreChanges?: readonly string[] | undefined;
    readonly additionalSecretOutputs?: readonly string[] | undefined;
  };
  /** The substation whose component it is a part of; undefined where it is a part of none. */
  readonly owner: Owner | undefined;
}

/** How the facts of one type are made. */
export interface TypeReader {
  /** The kinds of facts that it makes. */
  readonly kinds: readonly FactKind[];
  readonly facts: (inputs: Inputs, resource: PlannedResource) => Partial<Facts>;
  /** Inputs, by path without the indices of lists, that no fact is made of since no value of theirs does harm that another rule does not prevent. */
  readonly harmless: readonly string[];
}

export type TypeReaders = Readonly<Record<string, TypeReader>>;
