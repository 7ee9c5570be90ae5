import { rule, type Rule } from "./rule";

/** Name of the fact. Its text is the status that the DNS provider tells, and where it ends one day, in how many days: "active", "active for 12 days". */
export const zoneTokenFact = "DNS token";

/** An update that finds its token ended half-way leaves a substation half-open. */
const leastDays = 14;

export const zoneToken = rule("host", {
  id: "host-dns-token",
  severity: "medium",
  description: "Checks that the token that the zone is edited with is active, and stays so for two weeks.",
  references: ["C01"],
  remedy:
    'Make a new token for this one zone, and give it to the platform: "pulumi config set --secret dnsToken".',
  *check({ name, value }) {
    if (name !== zoneTokenFact) return;
    const days = /^active(?: for (\d+) days)?$/.exec(value);
    if (!days) yield `DNS token must be active but is ${value}`;
    else if (days[1] !== undefined && Number(days[1]) < leastDays)
      yield `DNS token must be active for ${leastDays} days or more but is for ${days[1]}`;
  },
});

export const tokenRules: readonly Rule[] = [zoneToken];
