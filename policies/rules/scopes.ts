import { labels } from "../../config/names";
import { orderedScopes, type Scope } from "../../config/scopes";
import { purposeOf } from "./container";
import type { ExpectedSubstation } from "./intent";
import { rule, type Rule } from "./rule";

/**
 * The flaw that once gave substations an administrator's rights: a token that may do more than the tier says. One that may do less is a
 * shop that does not work, and files that nobody has brought about.
 */
export const containerScopes = rule("container", {
  id: "container-scopes",
  severity: "critical",
  description: "Checks that a shop's token for the main station has exactly the scopes of its tier.",
  references: ["S06", "CWE-269"],
  remedy:
    "Run the update: shop and token are made anew with the tier's scopes. Where a token has had more, have the main station refuse it by its jti, and renew it with `substation rotate <id> mainStationToken`.",
  *check(container, intent) {
    const { name, owner } = container;
    const purpose = purposeOf(container, intent);
    const label = container.labels[labels.scopes];
    if (purpose !== "shop") {
      if (label !== undefined)
        yield `Container ${name} must have no token for the main station, but says it has one for ${label}`;
      return;
    }
    const substation = intent.substations.get(owner?.id ?? "");
    if (!substation) return; // `container-owner` finds fault with that
    const has = (label ?? "").split(" ").filter((scope) => scope !== "");
    const { more, less } = differenceOf(substation, [...new Set(has)]);
    const tier = `the tier ${substation.tier}`;
    if (more.length > 0)
      yield `Container ${name} must not have a token for ${more.join(", ")}, which ${tier} does not allow`;
    if (less.length > 0) yield `Container ${name} must have a token for ${less.join(", ")}, as ${tier} says`;
  },
});

export const tokenScopes = rule("token", {
  id: "token-scopes",
  severity: "critical",
  description:
    "Checks that the token that a shop was given is the platform's own, with exactly the scopes of its tier.",
  references: ["S06", "CWE-269", "CWE-345"],
  remedy: containerScopes.remedy,
  *check({ name, owner, scopes, fault }, intent) {
    if (fault !== undefined) {
      yield `Token ${name} must be the platform's for this substation, but ${fault}`;
      return;
    }
    const substation = intent.substations.get(owner?.id ?? "");
    if (!substation) return;
    const { more, less } = differenceOf(substation, scopes);
    const tier = `the tier ${substation.tier}`;
    if (more.length > 0) yield `Token ${name} must not allow ${more.join(", ")}, which ${tier} does not`;
    if (less.length > 0) yield `Token ${name} must allow ${less.join(", ")}, as ${tier} does`;
  },
});

/** Scopes beyond those of the substation's tier, and those that lack. */
function differenceOf({ scopes }: ExpectedSubstation, has: readonly string[]) {
  return {
    more: has.filter((scope) => !scopes.includes(scope as Scope)),
    less: orderedScopes(scopes).filter((scope) => !has.includes(scope)),
  };
}

export const scopeRules: readonly Rule[] = [containerScopes, tokenScopes];
