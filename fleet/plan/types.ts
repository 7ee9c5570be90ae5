import type { CapacityName } from "../../config/capacity";
import type { Problem } from "../../config/problem";
import type { StepFact } from "../../policies/rules/facts";
import type { UpdatePlan, Violation } from "./update";

/** What an opening of some substations would do, what forbids it, and whether the platforms can carry it. */
export interface FleetPlan {
  readonly groups: readonly GroupPlan[];
  /** By platform, of those that could be looked at. */
  readonly capacity: readonly PlatformCapacity[];
  /** Whether everything that is asked for may be done: no problem, no violation, and it fits. */
  readonly allowed: boolean;
  readonly duration: Duration;
}

export interface GroupPlan {
  readonly group: string;
  /** Stack of the platform that it stands on. */
  readonly platform: string;
  /** The last preview; undefined where there was none. */
  readonly update: UpdatePlan | undefined;
  readonly members: readonly MemberPlan[];
  /** What keeps all of the group from being opened, or from being looked at. */
  readonly problems: readonly string[];
}

export type MemberAction = "create" | "change" | "replace" | "remove" | "leave" | "held";

export interface MemberPlan {
  readonly id: string;
  readonly group: string;
  /** "held": it cannot be opened as it is, and the others of its group are opened without it. */
  readonly action: MemberAction;
  /** Without those that change nothing. */
  readonly steps: readonly StepFact[];
  readonly problems: readonly (Pick<Problem, "message"> & {
    /** Of a problem of a file or a rule. */
    readonly code?: string;
    /** `file:line:column` */
    readonly place?: string;
  })[];
  readonly violations: readonly Violation[];
}

export interface PlatformCapacity {
  /** Stack of the platform. */
  readonly platform: string;
  /** Empty where nothing is taken. */
  readonly rows: readonly CapacityRow[];
  /** What allows the fewest more of the kind that is asked for; undefined where nothing is asked for, or nothing is known. */
  readonly firstToRunOut: { readonly name: CapacityName; readonly more: number } | undefined;
  readonly fits: boolean;
}

/** Bytes, cores, or a number. */
export interface CapacityRow {
  readonly name: CapacityName;
  /** What the batch takes, at its height. */
  readonly need: number;
  /** What may be promised in all; undefined where that cannot be known. */
  readonly most: number | undefined;
  /** What is promised already, to everything that stands there. */
  readonly committed: number;
  /** `most` less `committed`; below 0 where too much is promised already. */
  readonly left: number | undefined;
  readonly fits: boolean;
  /** Why something is not known or not counted. */
  readonly notes: readonly string[];
}

export interface Duration {
  readonly seconds: number;
  /** Requests that change something at the DNS API. */
  readonly dnsRequests: number;
  /** Files that are copied into containers. */
  readonly uploads: number;
  /** Where the rates come from, for people. */
  readonly source: string;
}
