import { isPlatformStack } from "../config/stack-config";
import type { Workspace } from "./pulumi";
import { platformOf, projectSettings, readPlatform } from "./read-platform";
import { repair, type Repair } from "./repair";

/** `repair` for a stack of this project: finds out what it stands on. */
export async function repairStack(workspace: Workspace, name: string): Promise<Repair> {
  const settings = projectSettings(workspace);
  const isPlatform = isPlatformStack(name);
  const host = platformOf(settings, name);
  return await repair(workspace, {
    project: settings.project,
    name,
    scope: { platform: settings.setting(host, "name") ?? "", group: isPlatform ? undefined : name },
    platform: () => (isPlatform ? Promise.resolve(undefined) : readPlatform(workspace, host)),
  });
}
