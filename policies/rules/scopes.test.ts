import { labels } from "../../config/names";
import { containerScopes, scopeRules } from "./scopes";
import type { TokenFact } from "./facts";
import {
  container,
  expected,
  ingress,
  migration,
  neighbour,
  owner,
  runningContainer,
  stranger,
} from "./testing";
import { finds, passes, testCases } from "./testing-cases";

const { name } = container();
const withScopes = (scopes: string | undefined, of = owner) => {
  const others = Object.entries(container({}, of).labels).filter(([label]) => label !== labels.scopes);
  const claim = scopes === undefined ? [] : [[labels.scopes, scopes] as const];
  return { labels: Object.fromEntries([...others, ...claim]) };
};
const shop = (scopes: string | undefined) => ({ container: [container(withScopes(scopes))] });
const all = "goods:read orders:create orders:read balance:read";
const trial = new Map([
  [owner.id, expected(owner, { tier: "trial", scopes: ["goods:read", "orders:create", "orders:read"] })],
]);

const token = (change: Partial<TokenFact>, of = owner): { token: readonly TokenFact[] } => ({
  token: [
    { name: `of ${of.id}`, owner: of, unknown: [], scopes: all.split(" "), fault: undefined, ...change },
  ],
});

testCases(scopeRules, [
  passes("token-scopes", "the platform's, with exactly the tier's scopes", token({})),
  passes(
    "token-scopes",
    "one of a substation without a file, which others find",
    token({ scopes: [] }, stranger),
  ),
  finds(
    "token-scopes",
    "more and less than the tier's, whatever the label says",
    token({ scopes: ["goods:read", "orders:read", "members:write"] }),
    [
      "Token of mengxiang must not allow members:write, which the tier standard does not",
      "Token of mengxiang must allow orders:create, balance:read, as the tier standard does",
    ],
  ),
  finds(
    "token-scopes",
    "one that the platform did not sign",
    token({ scopes: [], fault: "was not signed by the platform's key, or was changed" }),
    "Token of mengxiang must be the platform's for this substation, but was not signed by the platform's key, or was changed",
  ),
  passes("container-scopes", "exactly the tier's", shop(all)),
  passes("container-scopes", "the same in another order", shop(all.split(" ").reverse().join(" "))),
  finds(
    "container-scopes",
    "one more than the tier's",
    shop(all),
    `Container ${name} must not have a token for balance:read, which the tier trial does not allow`,
    { substations: trial },
  ),
  finds(
    "container-scopes",
    "a scope that no tier knows",
    shop(`${all} members:write`),
    `Container ${name} must not have a token for members:write, which the tier standard does not allow`,
  ),
  finds(
    "container-scopes",
    "less than the tier's",
    shop("goods:read orders:read"),
    `Container ${name} must have a token for orders:create, balance:read, as the tier standard says`,
  ),
  finds("container-scopes", "others than the tier's", shop("*"), [
    `Container ${name} must not have a token for *, which the tier standard does not allow`,
    `Container ${name} must have a token for goods:read, orders:create, orders:read, balance:read, as the tier standard says`,
  ]),
  finds(
    "container-scopes",
    "a shop that does not say what its token may do",
    shop(undefined),
    `Container ${name} must have a token for goods:read, orders:create, orders:read, balance:read, as the tier standard says`,
  ),
  finds(
    "container-scopes",
    "a shop that runs with another token than its files ask for now",
    { container: [{ ...runningContainer(), ...withScopes(`${all} orders:write`) }] },
    `Container ${name} must not have a token for orders:write, which the tier standard does not allow`,
  ),
  finds(
    "container-scopes",
    "a migration with a token",
    { container: [migration(withScopes(all))] },
    `Container ${migration().name} must have no token for the main station, but says it has one for ${all}`,
  ),
  finds(
    "container-scopes",
    "a token on what is the platform's own",
    { container: [ingress({ labels: { ...ingress().labels, [labels.scopes]: "orders:read" } })] },
    "Container local-ingress must have no token for the main station, but says it has one for orders:read",
  ),
  passes("container-scopes", "what has no token and needs none", { container: [migration(), ingress()] }),
  passes("container-scopes", "a neighbour's shop by the neighbour's tier", {
    container: [container({}, neighbour)],
  }),
  passes("container-scopes", "a shop without a file, which container-owner finds", {
    container: [container(withScopes("*", stranger), stranger)],
  }),
]);

test("it tells what to do about a token that was out there", () => {
  expect(containerScopes.remedy).toContain("substation rotate <id> mainStationToken");
});
