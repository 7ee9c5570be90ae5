import type { Fleet } from "../../config/fleet";
import type { Placed } from "./merge";
import { driftLooks, type DriftFinding } from "./report";
import type { StackLook } from "./stack";

/** What one side has and the other does not: objects, substations and stacks without files, and files without them. */

interface Unlisted {
  readonly group: string;
  readonly id: string;
}

/** Substations that no file lists: those of a state, and those of which only objects are there. */
export function strays(audited: readonly Placed[], inStates: readonly Unlisted[]): DriftFinding[] {
  const all = new Map<
    string,
    Unlisted & { readonly state: boolean; readonly objects: Placed["finding"][] }
  >();
  for (const one of inStates) all.set(`${one.group}/${one.id}`, { ...one, state: true, objects: [] });
  for (const { finding, group = "", id = "" } of audited) {
    const key = `${group}/${id}`;
    const entry = all.get(key) ?? { group, id, state: false, objects: [] };
    entry.objects.push(finding);
    all.set(key, entry);
  }
  return [...all.values()].map(({ group, id, state, objects }) => {
    const names = [...new Set(objects.map(({ kind, subject }) => `${kind} ${subject}`))];
    const holdsData = state || objects.some(({ kind }) => kind === "database" || kind === "volume");
    return {
      ...{ group, id, object: { kind: "substation", name: id } },
      class: holdsData ? "data-at-risk" : "security",
      seenBy: driftLooks.filter(
        (look) => (look === "state" && state) || (look === "audit" && objects.length > 0),
      ),
      what: [
        `Substation ${id} stands and is in no list: there is no file stacks/${group}/${id}.yaml`,
        ...(state ? [`The state of stack ${group} has it`] : []),
        ...(names.length > 0 ? [`It has ${names.join(", ")}`] : []),
      ],
      remedy: `Bring its file back from git, or close it with a closing order (docs/closing.md). Nothing of it is removed for want of a file.`,
      fixable: false,
      file: undefined,
    };
  });
}

/**
 * Files of substations that were never opened, and groups that were never made.
 * @param withDatabase substations that have a database, by id the group that it says it is of
 */
export function neverOpened(
  fleet: Fleet,
  groups: readonly string[],
  stacks: ReadonlySet<string>,
  unopened: ReadonlySet<string>,
  withDatabase: ReadonlyMap<string, string>,
): DriftFinding[] {
  const specs = groups.flatMap((group) => fleet.groups.get(group) ?? []);
  const folders = groups.filter((group) => !stacks.has(group) && (fleet.groups.get(group) ?? []).length > 0);
  return [
    ...folders.map((group): DriftFinding => ({
      ...{ group, id: undefined, file: undefined, fixable: false },
      object: { kind: "folder", name: group },
      class: "config",
      seenBy: ["intent"],
      what: [`Folder stacks/${group} has no stack`],
      remedy: `Make it with "pulumi stack init ${group} --no-select", and open the group. Is PULUMI_BACKEND_URL the backend that it was made in?`,
    })),
    ...specs
      .filter(({ id }) => unopened.has(id))
      .map(({ id, group, file }): DriftFinding => {
        const standsIn = withDatabase.get(id);
        const lost = standsIn !== undefined;
        const moved = lost && standsIn !== group;
        return {
          ...{ group, id, file, fixable: false },
          object: { kind: "substation", name: id },
          class: lost && !moved ? "data-at-risk" : "config",
          seenBy: ["intent"],
          what: [
            moved
              ? `Substation ${id} has its file in ${group}, and its database says ${standsIn}`
              : lost
                ? `Substation ${id} has a file and a database, and the state of stack ${group} does not know it`
                : `Substation ${id} has a file and was never opened`,
          ],
          remedy: moved
            ? `\`npm run substation -- move ${id}\` brings it over.`
            : lost
              ? `\`npm run substation -- repair ${group}\` adopts what is there. Was the state brought back from a backup, or is PULUMI_BACKEND_URL another backend than it was opened with?`
              : `Open it: \`npm run up -- ${group}\`.`,
        };
      }),
  ];
}

/** Stacks that no folder is there for. Those with substations are told of by these. */
export function unlisted(
  here: readonly string[],
  fleet: Fleet,
  looked: readonly StackLook[],
): DriftFinding[] {
  return looked
    .filter(
      ({ stack, unlisted: members }) =>
        here.includes(stack) && !fleet.groups.has(stack) && members.length === 0,
    )
    .map(({ stack }) => ({
      ...{ group: stack, id: undefined, file: undefined, fixable: false },
      object: { kind: "stack", name: stack },
      class: "benign",
      seenBy: ["state"],
      what: [`Stack ${stack} has no folder, and no substation`],
      remedy: `Remove it with "pulumi stack rm ${stack}", which refuses while there is anything in it.`,
    }));
}
