import { join } from "node:path";
import { readYaml } from "../stack-config";
import { usualGrace } from "./order";

/**
 * The least grace of a closing, as the settings of the platform under a group say it.
 * @param stacks the folder of the typed files, where the settings files are too
 */
export function minimumGrace(stacks: string, group: string): string {
  const platform = plain(stacks, group, "platform") ?? "platform";
  return plain(stacks, platform, "minimumGrace") ?? usualGrace;
}

/** A plain setting in the namespace of any project: this is read where Pulumi.yaml is not known. */
function plain(stacks: string, stack: string, key: string): string | undefined {
  const file = readYaml(join(stacks, `Pulumi.${stack}.yaml`)) as { config?: object } | null | undefined;
  const [, value] = Object.entries(file?.config ?? {}).find(([name]) => name.endsWith(`:${key}`)) ?? [];
  return typeof value === "string" ? value : undefined;
}
