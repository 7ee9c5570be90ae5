import { mark } from "../../config/names";
import { isPlatformStack } from "../../config/stack-config";
import { rule, type Rule } from "./rule";

/**
 * A plan is a closed world: what no rule looks at is refused, not passed. Else a `docker.Service`, a `command.local.Command` or a new input of a container would be the way
 * around every other rule.
 */

/** What a stack holds that belongs to no substation. */
const structural = /^pulumi:(?:pulumi:Stack(?:Reference)?|providers:.*)$/;

const shortType = (type: string): string => type.split(":").at(-1) ?? type;

export const resourceType = rule("resource", {
  id: "resource-type",
  severity: "critical",
  description: "Checks that a plan holds no type of resource that no rule can judge.",
  references: ["X01", "D14", "P08", "C02"],
  remedy:
    "Remove the resource. If the platform needs one of this type, add facts of it to policies/facts/ and rules to policies/rules/ first.",
  *check({ name, type, judged }) {
    if (!judged) yield `Resource ${name} must be of a type that rules can judge, but is a ${type}`;
  },
});

export const resourceInputs = rule("resource", {
  id: "resource-inputs",
  severity: "high",
  description: "Checks that no resource sets an input that no rule looks at.",
  references: ["X01", "D10", "D16"],
  remedy:
    "Remove the input. If it is needed, make facts of it in policies/facts/, or list it there as harmless with the reason.",
  *check({ name, type, unread }) {
    if (unread.length > 0)
      yield `${shortType(type)} ${name} must not set what no rule looks at, but sets ${unread.join(", ")}`;
  },
});

export const resourcePlace = rule("resource", {
  id: "resource-place",
  severity: "critical",
  description:
    "Checks that what belongs to a substation is a part of its component, in its group's stack, and nothing else is there.",
  references: ["D12", "D16", "P02"],
  remedy:
    "Let the Substation component make it: one file in stacks/<group>/ is one substation, and a group's stack holds nothing else.",
  *check(fact, { stack, substations }) {
    const { name, type, owner, claims } = fact;
    const what = `${shortType(type)} ${name}`;
    if (claims)
      yield `${what} must bear the mark of the substation that it is a part of, ${owner ? owner.id : "which is none"}, but is marked as ${claims.group}/${claims.id}`;
    if (stack === undefined || structural.test(type)) return;
    if (isPlatformStack(stack)) {
      if (owner)
        yield `${what} must not be in the platform's stack ${stack}, since it belongs to ${owner.id}`;
      return;
    }
    const expected = owner && substations.get(owner.id);
    if (!owner) yield `${what} must be a part of a substation, since the stack ${stack} holds nothing else`;
    else if (!expected || mark(expected.owner) !== mark(owner) || owner.group !== stack)
      yield `${what} must belong to a substation that has a file in stacks/${stack}/, but is of ${owner.group}/${owner.id}`;
  },
});

export const resourceRules: readonly Rule[] = [resourceType, resourceInputs, resourcePlace];
