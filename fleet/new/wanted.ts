import { UserError } from "../../config/error";
import type { Fleet } from "../../config/fleet";
import { defaultTemplate } from "../../config/templates";
import type { Wanted } from "./draft";
import type { Fault } from "./new";
import type { Source, Sources } from "./source";

/** What people say of a new substation. */
export interface Asked {
  readonly id: string;
  /** @default that of the substation which is copied, or the only one that there is */
  readonly group?: string | undefined;
  /** @default the template "standard" */
  readonly from?: string | undefined;
  /** By dotted key. `domain.host` is `<id>.<zone>` where it is absent and all substations have one zone. */
  readonly values: ReadonlyMap<string, string>;
}

/** With what was left to us; or why that cannot be told. */
export function wantedOf(
  { id, group, from = defaultTemplate, values }: Asked,
  sources: Sources,
  fleet: Fleet,
): Wanted | Omit<Fault, "index"> {
  let source: Source;
  try {
    source = sources.find(from);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { key: "from", code: "template/unknown", message: error.message };
  }
  const groups = [...sources.groups.keys()];
  const where = group ?? source.group ?? (groups.length === 1 ? groups[0] : undefined);
  if (where === undefined) {
    const message = `The group is missing: it is one of ${groups.join(", ") || "your choice"}, or a new one.`;
    return { key: "group", code: "key/missing", message };
  }
  const zone = source.host === undefined ? zoneOf(fleet) : above(source.host);
  const host =
    zone === undefined || values.has("domain.host") ? [] : [["domain.host", `${id}.${zone}`] as const];
  return { id, group: where, source, values: new Map([...values, ...host]) };
}

const above = (host: string): string => host.replace(/^[^.]*\./, "");

/** The zone of all substations, where they have one. */
function zoneOf({ groups }: Fleet): string | undefined {
  const zones = new Set([...groups.values()].flat().map(({ host }) => above(host)));
  return zones.size === 1 ? [...zones][0] : undefined;
}
