import type { Member, OpenStep } from "../../config/open-report";

/** What an opening tells while it goes on. */
export type OpenEvent = {
  /** RFC 3339. */
  readonly at: string;
} & Told;

export type Told =
  | {
      readonly event: "begun";
      readonly run: string;
      readonly groups: readonly { readonly group: string; readonly ids: readonly string[] }[];
      /** Groups that are worked on at one time. */
      readonly engines: number;
      /** Seconds that it may take, from what was measured here before, if nothing is changed but those that were never proved: what else changes, each group's plan tells. */
      readonly expected: number;
    }
  /** A group goes into a phase; `what` says why it waits, what was repaired, or what is changed. */
  | { readonly event: "group"; readonly group: string; readonly phase: GroupPhase; readonly what?: string }
  /** What stands on a platform (its stack) could not be audited: whether a group is as it was left, an engine is asked then. */
  | { readonly event: "unaudited"; readonly platform: string; readonly why: string }
  /** A step of a member has begun. */
  | {
      readonly event: "step";
      readonly group: string;
      readonly id: string;
      readonly step: OpenStep;
      readonly what?: string;
    }
  /** What came of a member; nothing follows of it. */
  | { readonly event: "member"; readonly member: Member; readonly seconds: number };

export type GroupPhase = "waiting" | "repairing" | "planning" | "opening" | "proving" | "ended";

export type Hear = (event: OpenEvent) => void;

export const tell =
  (on: Hear) =>
  (told: Told): void =>
    on({ at: new Date().toISOString(), ...told });
