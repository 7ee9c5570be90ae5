import type { LocatedFinding } from "../audit/report";
import type { EngineStep } from "./engine";
import { classOfKind, classOfRule, isMissing, kindOf, objectOf } from "./objects";
import { isRepairable } from "./repairable";
import {
  driftClasses,
  driftLooks,
  findingKey,
  type DriftClass,
  type DriftFinding,
  type DriftObject,
} from "./report";

/** All that was seen of one object. */
export interface Seen {
  readonly group: string | undefined;
  readonly id: string | undefined;
  readonly object: DriftObject;
  readonly file: string | undefined;
  readonly intent?: EngineStep;
  readonly state?: EngineStep;
  /** Whether the files were held against it, so that an absent `intent` means that an update would leave it so. */
  readonly compared: boolean;
  readonly audited: readonly LocatedFinding[];
}

/** What the audit says, with the group and the substation that it concerns. */
export interface Placed {
  readonly finding: LocatedFinding;
  readonly group: string | undefined;
  readonly id: string | undefined;
}

export interface EngineSeen {
  readonly stack: string;
  readonly intent: readonly EngineStep[];
  readonly state: readonly EngineStep[];
  /** Whether the look at what the files ask for came to its end. */
  readonly compared: boolean;
  /** Files of its substations, by id. */
  readonly files: ReadonlyMap<string, string>;
}

/** Brings together what the looks say of the same object. */
export function mergeSeen(engines: readonly EngineSeen[], audited: readonly Placed[]): Seen[] {
  const all = new Map<string, Seen>();
  const put = (one: Omit<Seen, "audited">, add: Partial<Pick<Seen, "intent" | "state" | "audited">>) => {
    const key = findingKey(one);
    const before = all.get(key) ?? { ...one, audited: [] };
    all.set(key, { ...before, ...add, audited: [...before.audited, ...(add.audited ?? [])] });
  };
  for (const { stack, intent, state, compared, files } of engines) {
    const at = (step: EngineStep) => {
      const file = step.id === undefined ? undefined : files.get(step.id);
      const object = { kind: kindOf(step.type), name: step.name };
      return { group: stack, id: step.id, object, file, compared };
    };
    for (const step of state) put(at(step), { state: step });
    for (const step of intent) put(at(step), { intent: step });
  }
  for (const { finding, group, id } of audited) {
    const named = objectOf(finding);
    // What is missing is told by the substation's name: the engine knows the object's.
    const gone = [...all.values()].find(
      (one) => one.id === id && one.object.kind === named.kind && isGone(one),
    )?.object;
    const object = isMissing(finding) ? (gone ?? named) : named;
    put({ group, id, object, file: finding.file, compared: false }, { audited: [finding] });
  }
  return [...all.values()];
}

const isGone = ({ state, intent }: Seen): boolean => state?.op === "delete" || intent?.op === "create";

/** @param held substations that an update must leave as they are: nobody knows what they should be */
export function findingOf(seen: Seen, held: ReadonlySet<string>): DriftFinding {
  const { group, id, object, file, audited } = seen;
  const fixable = id !== undefined && !held.has(id) && isRepairable(seen);
  return {
    ...{ group, id, object, file, fixable },
    class: worst(classesOf(seen)),
    seenBy: driftLooks.filter((look) => (look === "audit" ? audited.length > 0 : seen[look])),
    what: [...engineWords(seen), ...new Set(audited.map(({ message }) => message))],
    remedy: fixable ? "It is made again from the files: `substation drift --fix`." : remedyOf(seen),
  };
}

function classesOf(seen: Seen): DriftClass[] {
  const { object, state, intent, compared, audited } = seen;
  const byRules = audited.map(({ rule }) => classOfRule(rule.id, rule.severity));
  if (state?.op === "update" && compared && !intent && byRules.length === 0) return ["benign"]; // an update would leave it so
  if (state) return [classOfKind(object.kind), ...byRules];
  const loses =
    intent && ["delete", "replace"].includes(intent.op) && classOfKind(object.kind) === "data-at-risk";
  return loses ? ["data-at-risk"] : byRules.length > 0 ? byRules : ["config"];
}

export const worst = (classes: readonly DriftClass[]): DriftClass =>
  driftClasses.find((one) => classes.includes(one)) ?? "benign";

function engineWords({ object: { kind, name }, state, intent }: Seen): string[] {
  const what = `${kind.replace(/^./, (first) => first.toUpperCase())} ${name}`;
  if (state?.op === "delete") return [`${what} is gone`];
  if (state?.diffs.length === 1 && state.diffs[0] === "mustRun") return [`${what} does not run`];
  if (state)
    return [`${what} is not as the last update left it: ${state.diffs.join(", ") || "no property is named"}`];
  if (!intent) return [];
  const verbs: Readonly<Record<string, string>> = { create: "made", delete: "removed", replace: "made anew" };
  const changes = intent.diffs.length > 0 ? `: ${intent.diffs.join(", ")}` : "";
  return [
    `${what} is to be ${verbs[intent.op] ?? "changed"}, as the files ask, and no update has done it${changes}`,
  ];
}

function remedyOf({ object, state, intent, audited, group }: Seen): string {
  const [first] = audited;
  if (!state && intent) return `Run \`npm run up -- ${group ?? "<group>"}\`, which shows the plan first.`;
  if (classOfKind(object.kind) === "data-at-risk" && state?.op === "delete")
    return "Do not update the group: that would make it anew, and empty. Bring it back from a backup, or find out where it went.";
  return first?.rule.remedy ?? `Run \`npm run up -- ${group ?? "<group>"}\`, which shows the plan first.`;
}

/** The worst first; then by group, substation and object. */
export const sortedFindings = (findings: readonly DriftFinding[]): DriftFinding[] =>
  [...findings].sort(
    (a, b) =>
      driftClasses.indexOf(a.class) - driftClasses.indexOf(b.class) || compare(findingKey(a), findingKey(b)),
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
