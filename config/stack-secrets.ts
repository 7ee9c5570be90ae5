import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readYaml } from "./stack-config";

/** Name, in the project's namespace, of the stack setting that holds a secret of a substation. */
export const secretSetting = (id: string, name: string): string => `secret.${id}.${name}`;

/** A secret of a substation as the settings file of its group's stack holds it. */
export interface StoredSecret {
  readonly id: string;
  readonly name: string;
  /** The encrypted value; undefined where the value stands in plain text, which is a mistake. */
  readonly ciphertext: string | undefined;
}

/**
 * The secrets of a group's substations; undefined where the group has no settings file yet. No value is decrypted.
 * @param stacks the folder of the typed files, where the settings files are too (`stackConfigDir` of Pulumi.yaml)
 */
export function storedSecrets(stacks: string, group: string): readonly StoredSecret[] | undefined {
  const file = readYaml(join(stacks, `Pulumi.${group}.yaml`)) as { config?: unknown } | null | undefined;
  if (file === undefined) return undefined;
  return Object.entries(file?.config ?? {}).flatMap(([key, value]: [string, unknown]): StoredSecret[] => {
    const [, id, name] = /^[^:]+:secret\.([^.]+)\.(.+)$/.exec(key) ?? [];
    if (id === undefined || name === undefined) return [];
    const secure = (value as { secure?: unknown } | null)?.secure;
    return [{ id, name, ciphertext: typeof secure === "string" ? secure : undefined }];
  });
}

/** The group whose settings hold a secret of a substation, whatever group its file is in; undefined where none that can be read do. */
export function groupWithSecret(stacks: string, id: string, name: string): string | undefined {
  const holds = (group: string): boolean => {
    try {
      return storedSecrets(stacks, group)?.some((one) => one.id === id && one.name === name) ?? false;
    } catch {
      return false; // its own group's check says that it cannot be read
    }
  };
  return readdirSync(stacks)
    .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
    .find(holds);
}
