import { hostFinding } from "../../config/hosts";
import { mark } from "../../config/names";
import type { RecordFact } from "./facts";
import type { ExpectedSubstation, Intent } from "./intent";
import { known } from "./known";
import { rule, type Rule } from "./rule";
import { sameOwner, seen } from "./tenants";

/**
 * Rules about the records of the zone. A substation has one, of type A. Others in the zone are the operator's own business as long as they take no substation's name,
 * and lead nobody to where strangers may answer.
 */

/** Seconds: a substation that moves is found within this time. 1 is Cloudflare's "automatic", 300. */
const longestTtl = 300;

const hosts = new WeakMap<Intent, ReadonlyMap<string, ExpectedSubstation>>();

function expectedAt(name: string, intent: Intent): ExpectedSubstation | undefined {
  let index = hosts.get(intent);
  if (!index) hosts.set(intent, (index = new Map([...intent.substations.values()].map((s) => [s.host, s]))));
  return index.get(name);
}

/** Whether it is, or passes for, a substation's. A plan makes no others. */
const concerns = ({ name, owner }: RecordFact, intent: Intent): boolean =>
  intent.stack !== undefined || owner !== undefined || expectedAt(name, intent) !== undefined;

const describe = ({ name, type, content }: RecordFact): string =>
  `Record ${name} (${seen(type)} ${seen(content)})`;

const isReserved = (name: string): boolean => hostFinding(name)?.code === "host/reserved";

export const recordKnown = known("record", "Record");

export const recordName = rule("record", {
  id: "record-name",
  severity: "critical",
  description:
    "Checks that a substation's record has the host name that its file asks for, one label below the zone and not reserved.",
  references: ["C02", "C05"],
  remedy:
    "Remove the record, or restore the substation's file (docs/closing.md). A plan makes records for substations alone.",
  *check(record, intent) {
    const { name, owner } = record;
    const { zone, name: platform } = intent.platform;
    if (!concerns(record, intent)) return;
    if (owner?.platform === platform) {
      const expected = intent.substations.get(owner.id);
      if (!sameOwner(expected?.owner, owner))
        yield `Record ${name} must belong to a substation that has a file, but ${owner.group}/${owner.id} has none`;
      else if (expected && expected.host !== name)
        yield `Record ${name} must be named ${expected.host}, as the file of ${owner.id} asks`;
    } else if (!owner && !expectedAt(name, intent))
      yield `Record ${name} must be one of a substation that has a file`;
    if (!name.endsWith(`.${zone}`) || name.slice(0, -zone.length - 1).includes("."))
      yield `Record ${name} must be one label below the zone ${zone}`;
    const finding = hostFinding(name);
    if (finding) yield `Record ${name} must be fit for a substation: ${finding.why}`;
  },
});

export const recordType = rule("record", {
  id: "record-type",
  severity: "critical",
  description:
    "Checks that what a substation's name leads to is an address, and no other name, zone or mail server.",
  references: ["C02", "C03", "CWE-284"],
  remedy: "Remove the record; `up` of the group makes the right one.",
  *check(record, intent) {
    if (concerns(record, intent) && record.type !== "A" && record.type !== "AAAA")
      yield `${describe(record)} must be of type A`;
  },
});

export const recordContent = rule("record", {
  id: "record-content",
  severity: "critical",
  description: "Checks that a substation's name leads to the ingress.",
  references: ["C03", "CWE-284"],
  remedy: "Find out who changed it; `up` of the group sets it back.",
  *check(record, intent) {
    const { ingressAddress } = intent.platform;
    if (concerns(record, intent) && record.content !== ingressAddress)
      yield `${describe(record)} must lead to the ingress, ${ingressAddress}`;
  },
});

export const recordMark = rule("record", {
  id: "record-mark",
  severity: "high",
  description: "Checks that the record at a substation's host name carries its mark as the comment.",
  references: ["C05"],
  remedy:
    "Find out who made the record. Where it is the substation's, `up` of the group sets the comment back.",
  *check({ name, comment }, intent) {
    const expected = expectedAt(name, intent);
    if (expected && comment !== mark(expected.owner))
      yield `Record ${name} must carry the comment "${mark(expected.owner)}" but carries ${comment === undefined || comment === "" ? "none" : `"${comment}"`}`;
  },
});

export const recordTtl = rule("record", {
  id: "record-ttl",
  severity: "low",
  description:
    "Checks that a substation's record is not remembered for long, so that it can be moved or closed.",
  references: ["C03"],
  remedy: "`up` of the group sets it back.",
  *check(record, intent) {
    const { name, ttl } = record;
    if (concerns(record, intent) && (ttl === undefined || ttl < 1 || ttl > longestTtl))
      yield `Record ${name} must be remembered for at most ${longestTtl} s but is for ${seen(ttl)}`;
  },
});

export const recordUnmarked = rule("record", {
  id: "record-unmarked",
  severity: "medium",
  description: "Checks that nobody but a substation or the platform itself has a name in the zone.",
  references: ["C05"],
  remedy:
    "Remove the record if nobody knows it. The platform's own stand at reserved names, such as www, or at the zone's top.",
  *check(record, intent) {
    const { name, type = "" } = record;
    if (concerns(record, intent) || name === intent.platform.zone || isReserved(name)) return;
    if (["A", "AAAA"].includes(type) || (type === "CNAME" && staysInside(record, intent)))
      yield `${describe(record)} must carry the mark of a substation`;
  },
});

export const recordTakeover = rule("record", {
  id: "record-takeover",
  severity: "high",
  description: "Checks that no stranger's record hands a name in the zone, or a substation's own, to others.",
  references: ["C02", "C03", "CWE-284"],
  remedy: "Remove the record, unless you know whom it serves and that they still hold what it leads to.",
  *check(record, intent) {
    const { name, type } = record;
    const { zone } = intent.platform;
    if (concerns(record, intent)) return;
    const above = name.replace(/^[^.]*\./, "");
    if (name.startsWith("*.")) yield `${describe(record)} must not answer for every name that nobody has`;
    else if (underSubstation(above, intent))
      yield `${describe(record)} must not be below a substation's host name`;
    else if (type === "NS" && name !== zone)
      yield `${describe(record)} must not hand a part of the zone to other servers`;
    else if (type === "CNAME" && !staysInside(record, intent) && !name.startsWith("_") && !isReserved(name))
      yield `${describe(record)} must not lead out of the zone: whoever gets hold of that name gets this one`;
  },
});

const staysInside = ({ content = "" }: RecordFact, { platform }: Intent): boolean =>
  content === platform.zone || content.endsWith(`.${platform.zone}`);

/** Whether it is a substation's host name, or lies below one. */
const underSubstation = (name: string, intent: Intent): boolean =>
  name.includes(".") &&
  (expectedAt(name, intent) !== undefined || underSubstation(name.replace(/^[^.]*\./, ""), intent));

export const recordRules: readonly Rule[] = [
  recordKnown,
  recordName,
  recordType,
  recordContent,
  recordMark,
  recordTtl,
  recordUnmarked,
  recordTakeover,
];
