import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Platform } from "../config/platform";
import { pulumiOk, type Workspace } from "./pulumi";
import { repair, type Repair } from "./repair";

/** `repair` for a stack of this project: finds out what it stands on, where that is needed. */
export async function repairStack(workspace: Workspace, stack: string): Promise<Repair> {
  const project = (parse(readFileSync(join(workspace.root, "Pulumi.yaml"), "utf8")) as { name: string }).name;
  return await repair(workspace, project, stack, async () => {
    const config = JSON.parse(await pulumiOk(workspace, ["config", "-s", stack, "--json"])) as Record<string, { value?: string }>;
    const platform = config[`${project}:platform`]?.value ?? "platform";
    return JSON.parse(await pulumiOk(workspace, ["stack", "output", "-s", platform, "--json", "--show-secrets"])) as Platform;
  });
}
