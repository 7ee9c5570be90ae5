import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Platform } from "../config/platform";
import { pulumi, type Workspace } from "./pulumi";
import { repair, type Repair } from "./repair";

/** `repair` for a stack of this project: finds out what it stands on. */
export async function repairStack(workspace: Workspace, name: string): Promise<Repair> {
  const { name: project, stackConfigDir = "" } = readYaml(join(workspace.root, "Pulumi.yaml")) as {
    name: string;
    stackConfigDir?: string;
  };
  // Pulumi's own commands would tell the same, at half a second each.
  const setting = (stack: string, key: string): string | undefined => {
    const { config = {} } = (readYaml(join(workspace.root, stackConfigDir, `Pulumi.${stack}.yaml`)) ??
      {}) as { config?: Record<string, string> };
    return config[`${project}:${key}`];
  };
  const isPlatform = /^platform(-|$)/.test(name);
  const host = isPlatform ? name : (setting(name, "platform") ?? "platform");
  return await repair(workspace, {
    project,
    name,
    scope: { platform: setting(host, "name") ?? "", group: isPlatform ? undefined : name },
    platform: () => (isPlatform ? Promise.resolve(undefined) : readPlatform(workspace, host)),
  });
}

/** The outputs of a platform's stack; undefined where it has none yet. */
async function readPlatform(workspace: Workspace, stack: string): Promise<Platform | undefined> {
  const { code, stdout } = await pulumi(workspace, [
    "stack",
    "output",
    "-s",
    stack,
    "--json",
    "--show-secrets",
  ]);
  const outputs = code === 0 ? (JSON.parse(stdout) as Partial<Platform>) : {};
  return outputs.database && outputs.dns ? (outputs as Platform) : undefined;
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // a stack without settings has no file
    throw error;
  }
}
