import type { Finding } from "../../policies/rules/rule";

/** What an audit found, and what it could not look at. */
export interface AuditReport {
  readonly platform: string;
  /** Ids that were asked for; empty for everything on the platform. */
  readonly ids: readonly string[];
  readonly findings: readonly LocatedFinding[];
  readonly blind: readonly Blind[];
  /** How many of each kind of fact were judged. */
  readonly looked: Readonly<Record<string, number>>;
  readonly rules: number;
  readonly seconds: number;
}

export interface LocatedFinding extends Finding {
  /** The file of the substation that it concerns. */
  readonly file: string | undefined;
}

/** A part that was not audited: nobody may take it for clean. */
export interface Blind {
  /** "pg_hba.conf of 127.0.0.1:5432" */
  readonly what: string;
  /** Why, and what to do. One or two sentences. */
  readonly why: string;
}

/** 0 clean, 1 findings, 2 could not look: what was not seen counts more than what was. */
export const exitCodeOf = ({ findings, blind }: AuditReport): 0 | 1 | 2 =>
  blind.length > 0 ? 2 : findings.length > 0 ? 1 : 0;
