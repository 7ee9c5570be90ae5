import type { Seen } from "./merge";

/**
 * What may be mended without being asked: containers and records, which hold no data, and are made again from the files. Never a database, a role, a volume, anything with
 * somebody else's mark; and never a container in which somebody may have done more than to stop it or to change its limits: whoever looks into that needs it as it is.
 */

const containerRules: ReadonlySet<string> = new Set([
  ...["running", "crash-loop", "memory", "swap", "cpus", "processes"].map((name) => `container-${name}`),
  ...["container-routes", "container-scopes"], // labels
  "fleet-container-missing",
]);
const recordRules: ReadonlySet<string> = new Set([
  ...["record-content", "record-type", "record-ttl"],
  ...["fleet-record-missing", "fleet-dangling-record"],
]);
const limits = ["mustRun", "memory", "memorySwap", "cpus"];

export function isRepairable({ object: { kind }, state, intent, audited }: Seen): boolean {
  const rules = audited.map(({ rule }) => rule.id);
  if (kind === "container") {
    if (!rules.every((rule) => containerRules.has(rule))) return false;
    // The limit of processes is one that the engine cannot see: each update sets it again.
    if (!state) return !intent && rules.length > 0 && rules.every((rule) => rule === "container-processes");
    return state.op === "delete" || state.diffs.every((property) => limits.includes(property));
  }
  if (kind !== "record" || !rules.every((rule) => recordRules.has(rule))) return false;
  // A mark that somebody changed makes it somebody else's.
  return state !== undefined && !state.diffs.includes("comment") && !state.diffs.includes("name");
}
