import type { FactKind } from "./facts";
import { rule, type FactRule } from "./rule";

/**
 * The rule that every kind has: inputs that matter and are not known before the update cannot be judged. Pulumi makes a mandatory policy advisory where it meets an unknown
 * value, so that the unknown value itself is the fault.
 * @param thing what messages call the object: "Role"
 */
export const known = <K extends FactKind>(kind: K, thing: string): FactRule<K> =>
  rule(kind, {
    id: `${kind}-known`,
    severity: "high",
    description: `Checks that all of a ${thing.toLowerCase()} that rules look at is known before the update.`,
    references: ["X01"],
    remedy: "Give it as a literal, not as another resource's output.",
    *check({ name, unknown }) {
      for (const path of unknown)
        yield `${thing} ${name}: ${path} is not known before the update, so it cannot be judged`;
    },
  });
