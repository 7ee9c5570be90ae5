import { databaseName, volumeName } from "../../config/names";
import type { FactKind, Facts } from "./facts";
import type { ExpectedSubstation, Intent } from "./intent";
import { fleetRule, type FleetRule, type Rule } from "./rule";
import { rolesOf } from "./tenants";

/**
 * What a file asks for and is not there, and records that lead nowhere. The other direction, objects that no file asks for, is judged object by object:
 * container-owner, volume-owner, database-name, role-name, record-name.
 */

export const fleetContainers = complete("container", {
  references: ["D17", "X02"],
  what: "a container that serves",
  missing({ container }) {
    const served = new Set(container.filter(({ role }) => role === "shop").map(({ owner }) => owner?.id));
    return ({ owner }) => (served.has(owner.id) ? [] : [""]);
  },
});

export const fleetVolumes = complete("volume", {
  references: ["D12", "X02"],
  what: "its volume",
  missing: ({ volume }) => absent(volume, ({ owner }) => [volumeName(owner.platform, owner.id)]),
});

export const fleetDatabases = complete("database", {
  references: ["P20", "X02"],
  what: "its database",
  missing: ({ database }) => absent(database, ({ owner }) => [databaseName(owner.platform, owner.id)]),
});

export const fleetRoles = complete("role", {
  references: ["P01", "X02"],
  what: "its roles",
  missing: ({ role }) => absent(role, ({ owner }) => rolesOf(databaseName(owner.platform, owner.id))),
});

export const fleetRecords = complete("record", {
  references: ["C02", "X02"],
  what: "its DNS record",
  missing: ({ record }) => absent(record, ({ host }) => [host]),
});

export const fleetDangling = fleetRule({
  id: "fleet-dangling-record",
  severity: "high",
  needs: ["container", "record"],
  description: "Checks that no record of a substation leads visitors to where nothing serves them.",
  references: ["C04", "C05", "CWE-284"],
  remedy:
    "Run the update of the group: it makes the container. Where the substation is closed, remove the record (docs/closing.md).",
  *check({ container, record }, { stack }) {
    if (stack !== undefined) return; // a plan makes the container before the record
    const serving = new Set(
      container
        .filter(({ role, live }) => role === "shop" && live?.state === "running")
        .map(({ owner }) => owner?.id),
    );
    for (const { name, owner } of record) {
      if (owner && !serving.has(owner.id))
        yield {
          subject: name,
          owner,
          message: `Record ${name} must not be there while no container of ${owner.id} runs`,
        };
    }
  },
});

export const fleetPublicRevoked = fleetRule({
  id: "fleet-public-revoked",
  severity: "critical",
  needs: ["database", "grant"],
  description:
    "Checks that a plan takes from everybody what PostgreSQL gives to everybody on a new database.",
  references: ["P04", "CIS PostgreSQL 4.6"],
  remedy: 'Add a Grant for the role "public" on the database, with privileges: [].',
  *check({ database, grant }, { stack }) {
    if (stack === undefined) return; // what is live is judged right by right: grant.ts
    const revoked = new Set(
      grant
        .filter((one) => one.name === "public" && one.on === "database" && one.privileges.length === 0)
        .map((one) => one.database),
    );
    for (const { name, owner } of database) {
      if (!revoked.has(name))
        yield {
          subject: name,
          owner,
          message: `Database ${name} must have all rights of PUBLIC taken away in the plan`,
        };
    }
  },
});

export const completeRules: readonly Rule[] = [
  fleetContainers,
  fleetVolumes,
  fleetDatabases,
  fleetRoles,
  fleetRecords,
  fleetDangling,
  fleetPublicRevoked,
];

interface Complete {
  readonly references: readonly string[];
  readonly what: string;
  /** Names of what a substation lacks; "" for what has none before it is made. */
  readonly missing: (facts: Facts) => (substation: ExpectedSubstation) => readonly string[];
}

/** A plan must hold the substations of its own stack, whole; an audit all of them. */
function complete(kind: FactKind, { references, what, missing }: Complete): FleetRule {
  return fleetRule({
    id: `fleet-${kind}-missing`,
    severity: "high",
    needs: [kind],
    description: `Checks that every substation that has a file has ${what}.`,
    references,
    remedy:
      'Run "npm run up -- <group>", or remove the file once the substation is closed (docs/closing.md). In a plan: the program has left it out.',
    *check(facts, intent) {
      const missingOf = missing(facts);
      for (const substation of expectedIn(intent)) {
        const { owner } = substation;
        const names = missingOf(substation);
        if (names.length === 0) continue;
        const list = names.filter((name) => name !== "").join(" and no ");
        yield {
          subject: owner.id,
          owner,
          message: `Substation ${owner.id} must have ${what}, but there is ${list ? `no ${list}` : "none"}`,
        };
      }
    },
  });
}

export const expectedIn = ({ stack, substations }: Intent): readonly ExpectedSubstation[] =>
  [...substations.values()].filter(({ owner }) => stack === undefined || owner.group === stack);

function absent(
  facts: readonly { readonly name: string }[],
  namesOf: (substation: ExpectedSubstation) => readonly string[],
): (substation: ExpectedSubstation) => readonly string[] {
  const there = new Set(facts.map(({ name }) => name));
  return (substation) => namesOf(substation).filter((name) => !there.has(name));
}
