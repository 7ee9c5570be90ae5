import { noFacts, type Facts } from "./facts";
import type { Intent } from "./intent";
import { judge, type Rule } from "./rule";
import { intent } from "./testing";

/** What one rule says of some facts. */
export interface Case {
  /** The rule's id. */
  readonly rule: string;
  /** Follows "finds" or "passes". */
  readonly when: string;
  readonly facts: Partial<Facts>;
  /** What differs from a good intent. */
  readonly intent?: Partial<Intent>;
  /** All that the rule says; nothing where it passes. */
  readonly says: readonly string[];
}

export const finds = (
  rule: string,
  when: string,
  facts: Partial<Facts>,
  says: string | readonly string[],
  change?: Partial<Intent>,
): Case => ({ rule, when, facts, says: [says].flat(), ...(change ? { intent: change } : {}) });

export const passes = (rule: string, when: string, facts: Partial<Facts>, change?: Partial<Intent>): Case =>
  finds(rule, when, facts, [], change);

/** A test for each case, and one that every rule has both a case that breaks it and one that does not. */
export function testCases(rules: readonly Rule[], cases: readonly Case[]): void {
  test.each(
    cases.map((one) => [`${one.rule} ${one.says.length > 0 ? "finds" : "passes"} ${one.when}`, one] as const),
  )("%s", (_title, { rule: id, facts, intent: change, says }) => {
    const rule = rules.filter((candidate) => candidate.id === id);
    expect(rule).toHaveLength(1);
    const found = judge(rule, { ...noFacts, ...facts }, intent(change));
    expect(found.map(({ message }) => message)).toEqual(says);
  });

  test("every rule has a case that breaks it and one that does not", () => {
    const ids = (broken: boolean) =>
      new Set(cases.filter(({ says }) => says.length > 0 === broken).map(({ rule }) => rule));
    const lacking = (broken: boolean) => rules.map(({ id }) => id).filter((id) => !ids(broken).has(id));
    expect({ broken: lacking(true), passing: lacking(false) }).toEqual({ broken: [], passing: [] });
  });
}
