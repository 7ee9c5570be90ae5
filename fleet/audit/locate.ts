import type { Intent } from "../../policies/rules/intent";
import type { Finding } from "../../policies/rules/rule";
import { looksLikeTenant, substationOf } from "../../policies/rules/tenants";
import type { LocatedFinding } from "./report";

/** A finding with the substation that it concerns, where it concerns one. */
export interface Located {
  readonly finding: LocatedFinding;
  readonly id: string | undefined;
}

/** Tells of each finding which substation it concerns: by its mark, else by its name, since what a stranger made has no mark of ours. */
export function located(findings: readonly Finding[], intent: Intent): Located[] {
  return findings.map((finding) => {
    const id = finding.owner?.id ?? idByName(finding.subject, intent);
    return { id, finding: { ...finding, file: intent.substations.get(id ?? "")?.file.file } };
  });
}

function idByName(name: string, intent: Intent): string | undefined {
  if (looksLikeTenant(name)) return substationOf(name.slice(0, "ss_".length + 16), intent)?.owner.id;
  const { name: platform } = intent.platform;
  const ids = [...intent.substations.values()]
    .filter(({ owner, host }) => name === host || name.startsWith(`${platform}-${owner.id}-`))
    .map(({ owner }) => owner.id);
  return ids.sort((a, b) => b.length - a.length)[0]; // "a-b" before "a"
}
