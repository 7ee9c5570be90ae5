import type { Owner } from "../../config/names";
import type { FactKind, FactKinds, Facts } from "./facts";
import type { Intent } from "./intent";

/** Worst first. */
export const severities = ["critical", "high", "medium", "low"] as const;
export type Severity = (typeof severities)[number];

/** What all rules tell of themselves. */
export interface RuleInfo {
  /** Kebab-case, the kind first: `container-capabilities`. Stable: people search and suppress by it. */
  readonly id: string;
  readonly severity: Severity;
  /** One sentence that begins with "Checks …". */
  readonly description: string;
  /** Check of docs/security.md first (`D02`), then the sources: "CIS Docker 5.4", "PSS restricted", "KICS ce76b7d0". */
  readonly references: readonly string[];
  /** What to do about a finding. One or two sentences. */
  readonly remedy: string;
}

/** Judges one fact by itself. Pure. */
export interface FactRule<K extends FactKind> extends RuleInfo {
  readonly kind: K;
  /** A message for each fault: "Container mengxiang must drop all capabilities". Nothing where all is well, or where the rule does not apply. */
  check(fact: FactKinds[K], intent: Intent): Iterable<string>;
}

/** Judges all facts together: uniqueness, sums, what is missing. Pure. */
export interface FleetRule extends RuleInfo {
  readonly kind: "fleet";
  /**
   * Kinds of facts that it takes for complete. Where one of them could not be looked at, silence would pass for absence: an audit then leaves the rule out, and says
   * what it could not see.
   */
  readonly needs?: readonly FactKind[];
  check(facts: Facts, intent: Intent): Iterable<FleetFault>;
}

export interface FleetFault {
  /** Name of the object that the fault is of. */
  readonly subject: string;
  readonly owner?: Owner | undefined;
  readonly message: string;
}

/** A rule of any kind. */
export type Rule = { [K in FactKind]: FactRule<K> }[FactKind] | FleetRule;

export interface Finding {
  readonly rule: RuleInfo;
  /** What it is of: "container", "role", "fleet", … */
  readonly kind: FactKind | "fleet";
  readonly subject: string;
  readonly owner: Owner | undefined;
  readonly message: string;
}

/** What the given rules find, in the order of rules, then facts. */
export function judge(rules: readonly Rule[], facts: Facts, intent: Intent): Finding[] {
  return rules.flatMap((rule) =>
    rule.kind === "fleet"
      ? Array.from(rule.check(facts, intent), ({ subject, owner, message }) => ({
          rule,
          kind: rule.kind,
          subject,
          owner,
          message,
        }))
      : judgeEach(rule, facts, intent),
  );
}

function judgeEach<K extends FactKind>(rule: FactRule<K>, facts: Facts, intent: Intent): Finding[] {
  return facts[rule.kind].flatMap((fact) =>
    Array.from(rule.check(fact, intent), (message) => ({
      rule,
      kind: rule.kind,
      subject: fact.name,
      owner: fact.owner,
      message,
    })),
  );
}

/** Keeps the types of a rule literal: `export const containerCapabilities = rule("container", { … })`. */
export const rule = <K extends FactKind>(kind: K, rest: Omit<FactRule<K>, "kind">): FactRule<K> => ({
  kind,
  ...rest,
});

export const fleetRule = (rest: Omit<FleetRule, "kind">): FleetRule => ({ kind: "fleet", ...rest });
