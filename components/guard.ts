import * as pulumi from "@pulumi/pulumi";
import type { ChannelSpec } from "../config/channels/types";
import type { Owner } from "../config/names";
import type { Platform } from "../config/platform";
import type { Scope } from "../config/scopes";
import { planFacts } from "../policies/facts/plan";
import { rules } from "../policies/rules";
import { expectedAdapters, type Intent } from "../policies/rules/intent";
import { judge, type Rule } from "../policies/rules/rule";
import type { SubstationLimits } from "./substation";

export interface GuardArgs {
  readonly owner: Owner;
  readonly tier: string;
  readonly scopes: readonly Scope[];
  readonly host: string;
  readonly limits: SubstationLimits;
  readonly channels: readonly ChannelSpec[];
  readonly platform: Platform;
}

/** Those that judge one object by itself: what is missing from a plan, the policy pack sees. */
const factRules: readonly Rule[] = rules.filter((rule) => rule.kind !== "fleet");

/**
 * The component's own assertion: every part of a substation passes every rule before the engine hears of it, whether or not somebody runs the policy pack. What it finds is a
 * mistake in a program, never in a typed file: these were checked before.
 */
export function guard(args: GuardArgs): pulumi.ResourceTransformation {
  const { owner } = args;
  const intent = intentOf(args);
  return ({ type, name, props, opts }) => {
    const facts = planFacts({
      type,
      name,
      props: props,
      opts: opts,
      owner,
    });
    const found = judge(factRules, facts, intent);
    if (found.length > 0) {
      throw new pulumi.RunError(
        `Substation ${owner.group}/${owner.id} may not have the ${type.split(":").at(-1) ?? type} ${name}:\n` +
          found
            .map(({ rule, message }) => `  ${rule.id} (${rule.severity})  ${message}. ${rule.remedy}`)
            .join("\n"),
      );
    }
    return undefined;
  };
}

function intentOf({ owner, tier, scopes, host, limits, channels, platform }: GuardArgs): Intent {
  return {
    platform: {
      name: platform.name,
      zone: platform.dns.name,
      ingressAddress: platform.ingress.address,
      edgeNetwork: platform.edgeNetwork,
      provisioner: platform.database.user,
    },
    stack: owner.group,
    substations: new Map([
      [
        owner.id,
        {
          ...{ owner, tier, scopes, host, limits, resources: limits },
          adapters: expectedAdapters(channels),
          file: { file: "", line: 1, column: 1 },
        },
      ],
    ]),
    capacity: undefined,
    mayTouch: undefined,
  };
}
