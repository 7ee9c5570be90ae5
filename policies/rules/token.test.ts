import { host } from "./testing";
import { finds, passes, testCases } from "./testing-cases";
import { tokenRules } from "./token";

const token = (value: string) => ({ host: [host("DNS token", value), host("swarm", "inactive")] });

testCases(tokenRules, [
  passes("host-dns-token", "a token without an end", token("active")),
  passes("host-dns-token", "one that is good for a while", token("active for 14 days")),
  finds(
    "host-dns-token",
    "one that ends soon",
    token("active for 13 days"),
    "DNS token must be active for 14 days or more but is for 13",
  ),
  finds(
    "host-dns-token",
    "one that was switched off",
    token("disabled"),
    "DNS token must be active but is disabled",
  ),
]);
