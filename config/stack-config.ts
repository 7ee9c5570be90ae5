import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "./error";

/** A project's name and what the settings files of its stacks say. Pulumi's own commands would tell the same, at half a second each. */
export interface ProjectSettings {
  readonly project: string;
  /** A plain setting of a stack, as text; undefined where it has none of that name, or an encrypted one. */
  readonly setting: (stack: string, key: string) => string | undefined;
}

/**
 * Each file is read once, when it is first asked for: a group's is large.
 * @param at its `root` is the folder of Pulumi.yaml
 */
export function projectSettings({ root }: { readonly root: string }): ProjectSettings {
  const { name: project, stackConfigDir = "" } = readYaml(join(root, "Pulumi.yaml")) as {
    name: string;
    stackConfigDir?: string;
  };
  const files = new Map<string, StackFile>();
  const fileOf = (stack: string): StackFile => {
    const path = join(root, stackConfigDir, `Pulumi.${stack}.yaml`);
    const file = files.get(stack) ?? readYaml(path) ?? {};
    files.set(stack, file);
    return file;
  };
  const setting = (stack: string, key: string): string | undefined => {
    const value = fileOf(stack).config?.[`${project}:${key}`] ?? undefined;
    return typeof value === "object" || value === undefined ? undefined : String(value);
  };
  return { project, setting };
}

interface StackFile {
  readonly config?: Readonly<Record<string, string | number | boolean | object | null>> | null;
}

/** The stacks of Docker hosts are told by their names; every other stack is a group of substations. */
export const isPlatformStack = (stack: string): boolean => /^platform(-|$)/.test(stack);

/** The stack of the platform that a stack stands on; a platform's stack stands on itself. */
export const platformOf = ({ setting }: ProjectSettings, stack: string): string =>
  isPlatformStack(stack) ? stack : (setting(stack, "platform") ?? "platform");

/** A plain setting that a platform's stack must have. @throws UserError that says how to set it */
export function requiredSetting({ project, setting }: ProjectSettings, stack: string, key: string): string {
  const value = setting(stack, key);
  if (value) return value;
  throw new UserError(
    `${project}:${key} is not in the config of the platform's stack "${stack}", so nothing can be judged that stands on it: ` +
      `set it with "pulumi config set -s ${stack} ${key} <value>" (docs/platform.md).`,
  );
}

/** A file as YAML says it; undefined where there is none. */
export function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // a stack without settings has no file
    throw error;
  }
}
