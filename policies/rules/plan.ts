import type { StepFact } from "./facts";
import type { Intent } from "./intent";
import { fleetRule, type FleetFault, type Rule } from "./rule";

/** Rules about the steps that a plan would take, as Pulumi names them (`StepOp` in its display package). */

/** A replacement is three steps. What was only read, and is let go of, is not removed. */
const removing = ["delete", "replace", "create-replacement", "delete-replaced", "import-replacement"];

const idle = ["same", "read", "refresh", "discard", "read-discard"];

const volume = "docker:index/volume:Volume";

/** With these would go what nobody can make again. */
const sacred: Readonly<Record<string, string>> = {
  "postgresql:index/database:Database": "Database",
  "postgresql:index/role:Role": "Role",
  "postgresql:index/schema:Schema": "Schema",
  [volume]: "Volume",
};

const component = "substation:index:Substation";

const verb = ({ op }: StepFact): string => (op === "delete" ? "deletes" : "replaces");

/** A fault for each object that steps would remove: one, where a replacement takes three. */
function* removals(
  steps: readonly StepFact[],
  intent: Intent,
  thingOf: (type: string) => string | undefined,
): Iterable<FleetFault> {
  const told = new Set<string>();
  for (const step of steps) {
    const thing = thingOf(step.type);
    if (!thing || !removing.includes(step.op) || told.has(step.urn) || mayGo(step, intent)) continue;
    told.add(step.urn);
    const name = step.object ?? step.name;
    yield {
      subject: name,
      owner: step.owner,
      message: `${thing} ${name} must be kept where there is no closing order, and the plan ${verb(step)} it`,
    };
  }
}

/** A part of a substation whose order is due and whose data is kept. Database and roles go by other hands than a plan's, after one more look at that data. */
const mayGo = ({ op, owner, type, retained = false }: StepFact, { removable }: Intent): boolean =>
  op === "delete" &&
  owner !== undefined &&
  (removable?.has(owner.id) ?? false) &&
  (retained || !onServer(type));

/** Whether the object lies on the database server. */
const onServer = (type: string): boolean => type.startsWith("postgresql:") && Object.hasOwn(sacred, type);

export const planData = fleetRule({
  id: "plan-data",
  severity: "critical",
  needs: ["step"],
  description:
    "Checks that a plan deletes and replaces no database, role or volume, and makes no database anew that is gone from its server.",
  references: ["X02", "P20"],
  remedy: "Undo the change that asks for it. A substation is closed by a closing order: docs/closing.md.",
  *check({ step }, intent) {
    // An adapter's volume, whose resource is named <id>.<channel>, holds a file alone that is written anew with each of its containers.
    yield* removals(
      step.filter(({ type, name }) => !(type === volume && /^[a-z0-9-]+\.[a-z0-9-]+$/.test(name))),
      intent,
      (type) => (Object.hasOwn(sacred, type) ? sacred[type] : undefined),
    );
    yield* lost(step);
  },
});

/** What the state knew of was read before anything else: a database that is to be created nevertheless is not on its server any more, and an empty one would take its place. */
function* lost(steps: readonly StepFact[]): Iterable<FleetFault> {
  const known = new Set(steps.filter(({ op }) => op === "refresh").map(({ urn }) => urn));
  for (const { op, type, urn, owner, name, object = name } of steps) {
    if (op !== "create" || type !== "postgresql:index/database:Database" || !known.has(urn)) continue;
    yield {
      subject: object,
      owner,
      message: `Database ${object} must be brought back from a backup, and not be made anew: it is gone from its server, and its data with it`,
    };
  }
}

export const planSubstation = fleetRule({
  id: "plan-substation",
  severity: "critical",
  needs: ["step"],
  description: "Checks that a plan removes no substation.",
  references: ["X02", "C04"],
  remedy: "Restore its file. A substation is closed by a closing order: docs/closing.md.",
  check: ({ step }, intent) =>
    removals(step, intent, (type) => (type === component ? "Substation" : undefined)),
});

export const planTouched = fleetRule({
  id: "plan-touched",
  severity: "high",
  needs: ["step"],
  description:
    "Checks that a plan changes no more standing substations at once than it may; new ones do not count.",
  references: ["X02"],
  remedy:
    "Change a few first and look at them, or allow more with --max-touched. A change of a tier, or of an image that many use, touches all of them.",
  *check({ step }, { mayTouch = 0, stack = "" }) {
    const opsOf = new Map<string, string[]>();
    for (const one of step.filter(concernsSubstation)) {
      const id = one.owner?.id ?? one.urn;
      opsOf.set(id, [...(opsOf.get(id) ?? []), one.op]);
    }
    const touched = [...opsOf]
      .filter(([, ops]) => ops.some((op) => op !== "create") && ops.some((op) => !idle.includes(op)))
      .map(([id]) => id)
      .sort();
    if (touched.length > mayTouch) {
      const some = touched.slice(0, 10).join(", ") + (touched.length > 10 ? ", …" : "");
      yield {
        subject: stack,
        message: `Plan of ${stack} must change at most ${mayTouch} of the substations that stand, and changes ${touched.length}: ${some}`,
      };
    }
  },
});

/** Also what is so deep in one that its owner cannot be told: then it counts by itself. */
const concernsSubstation = ({ owner, urn }: StepFact): boolean =>
  owner !== undefined || urn.includes(`${component}$`);

export const planRules: readonly Rule[] = [planData, planSubstation, planTouched];
