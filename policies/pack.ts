import type {
  Policies,
  Policy,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { loadIntent } from "./intent";
import { joinFacts, planFacts, typesOf } from "./facts/plan";
import { substationOf, urnStack } from "./facts/steps";
import { noFacts, type FactKind, type Facts } from "./rules/facts";
import type { Capacity, Intent } from "./rules/intent";
import { judge, type FleetRule, type Rule, type RuleInfo } from "./rules/rule";

type Share = Pick<Capacity, "memoryBytes" | "cpus">;
type RuleOfFacts = Exclude<Rule, FleetRule>;

/**
 * The rules as policies of Pulumi, each under its own name and mandatory. Whatever throws here ends the preview or update: a plan that cannot be judged is not carried out.
 * @param root the folder of Pulumi.yaml
 * @param capacity asked once, when all resources are known
 */
export function policiesOf(rules: readonly Rule[], root: string, capacity: () => Promise<Share>): Policies {
  const plan = new Plan(root, capacity);
  const ofFacts = rules.filter((rule): rule is RuleOfFacts => rule.kind !== "fleet");
  const ofFleet = rules.filter((rule): rule is FleetRule => rule.kind === "fleet");
  // The rules about resources as such apply to every type, so that the first of them meets each resource before any other rule does.
  const first = ofFacts.filter(({ kind }) => kind === "resource");
  if (first.length === 0)
    throw new Error("there is no rule of kind resource: nothing would be refused that no rule knows");
  const others = ofFacts.filter(({ kind }) => isPlanned(kind));
  return [
    ...first.map((rule, at) =>
      ofResource(rule, (args) => (at === 0 ? plan.read(args) : plan.factsOf(args)), plan),
    ),
    ...others.map((rule) => ofResource(rule, (args) => plan.factsOf(args), plan)),
    ...ofFleet.filter(({ needs = [] }) => needs.every(isPlanned)).map((rule) => ofStack(rule, plan)),
  ];
}

/** Whether facts of that kind are in a plan. Steps are not: they are judged by fleet/plan.ts, which sees them. */
const isPlanned = (kind: FactKind): boolean => typesOf(kind).length > 0;

/** What was read of the plan so far. The facts of a resource are made once, for all rules, and kept for those that judge all resources together. */
class Plan {
  readonly #facts = new Map<string, Facts>();
  readonly #intents = new Map<string, Intent>();
  #capacity: Promise<Share> | undefined;

  constructor(
    private readonly root: string,
    private readonly capacity: () => Promise<Share>,
  ) {}

  read(resource: Resource): Facts {
    const { type, name, props, opts, urn } = resource;
    const owner = substationOf({ type, urn, parent: opts.parent }, this.intentOf(urn).platform.name);
    const facts = planFacts({ type, name, props, opts, owner });
    this.#facts.set(urn, facts);
    return facts;
  }

  factsOf(resource: Resource): Facts {
    return this.#facts.get(resource.urn) ?? this.read(resource);
  }

  intentOf(urn: string): Intent {
    const stack = urnStack(urn);
    let intent = this.#intents.get(stack);
    if (!intent) this.#intents.set(stack, (intent = loadIntent(this.root, stack)));
    return intent;
  }

  async withCapacity(intent: Intent): Promise<Intent> {
    this.#capacity ??= this.capacity();
    // How many connections the server has to give is not known from a plan: the audit asks it.
    return { ...intent, capacity: { ...(await this.#capacity), databaseConnections: undefined } };
  }
}

type Resource = Pick<ResourceValidationArgs, "type" | "name" | "props" | "urn"> & {
  readonly opts: Pick<
    ResourceValidationArgs["opts"],
    "protect" | "ignoreChanges" | "additionalSecretOutputs" | "parent"
  >;
};

function ofResource(
  rule: RuleOfFacts,
  factsOf: (resource: Resource) => Facts,
  plan: Plan,
): ResourceValidationPolicy {
  const validateResource: NonNullable<ResourceValidationPolicy["validateResource"]> = (args, report) => {
    const facts = { ...noFacts, [rule.kind]: factsOf(args)[rule.kind] };
    for (const { message } of judge([rule], facts, plan.intentOf(args.urn))) report(words(rule, message));
  };
  const types = typesOf(rule.kind);
  // The SDK passes other types over without unpacking them for this rule.
  if (types.length === 1) Object.assign(validateResource, { __pulumiType: types[0] });
  return { ...policyOf(rule), validateResource };
}

function ofStack(rule: FleetRule, plan: Plan): StackValidationPolicy {
  return {
    ...policyOf(rule),
    async validateStack({ resources }, report) {
      const [{ urn: any } = { urn: "" }] = resources;
      if (any === "") return; // a stack without resources
      const each = resources.map((resource) => ({ urn: resource.urn, facts: plan.factsOf(resource) }));
      const intent = await plan.withCapacity(plan.intentOf(any));
      for (const { subject, message } of judge([rule], joinFacts(each.map(({ facts }) => facts)), intent)) {
        const urn = each.find(({ facts }) => named(facts, subject))?.urn;
        report(words(rule, message), urn);
      }
    },
  };
}

const words = (rule: RuleInfo, message: string): string => `${message}. ${rule.remedy}`;

const named = (facts: Facts, subject: string): boolean =>
  Object.values(facts).some((kind) => kind.some(({ name }) => name === subject));

function policyOf(rule: RuleInfo): Policy {
  const [check = "", ...sources] = rule.references;
  return {
    name: rule.id,
    description: rule.description,
    enforcementLevel: "mandatory",
    severity: rule.severity,
    remediationSteps: rule.remedy,
    framework: {
      name: "Substation security checks",
      version: "1",
      reference: check,
      specification: rule.description,
    },
    tags: [...sources],
    url: `docs/security.md#${check.toLowerCase()}`,
  };
}
