import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../config/error";
import type { Workspace } from "../fleet/pulumi";

/** The folder of Pulumi.yaml: here, or the nearest above. */
export function projectRoot(): string {
  for (let at = process.cwd(); ; at = dirname(at)) {
    if (existsSync(join(at, "Pulumi.yaml"))) return at;
    if (at === dirname(at))
      throw new UserError(
        `there is no Pulumi.yaml in ${process.cwd()} or above it: run this in the project's folder.`,
      );
  }
}

/** The project's folder with this process's environment, which is what `pulumi` runs with. */
export const projectWorkspace = (): Workspace => ({ root: projectRoot(), env: process.env });

/** Where a stack's settings stand, as people name it. */
export const settingsFile = (stack: string): string => `stacks/Pulumi.${stack}.yaml`;
