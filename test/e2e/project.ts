import * as fs from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../local/workspace";

/** Lays out a project folder that runs this checkout's program and policies over `stacks/` of its own, with the tiers of this checkout and no substation. */
export function layProject(root: string): void {
  fs.mkdirSync(path.join(root, "stacks"), { recursive: true });
  for (const name of [
    "infra",
    "components",
    "config",
    "inventory",
    "scripts",
    "node_modules",
    "package.json",
  ])
    fs.symlinkSync(path.join(projectRoot, name), path.join(root, name));
  // A copy, since the policy pack reads the `stacks/` that is beside it.
  fs.cpSync(path.join(projectRoot, "policies"), path.join(root, "policies"), { recursive: true });
  for (const file of ["Pulumi.yaml", "stacks/tiers.yaml"])
    fs.copyFileSync(path.join(projectRoot, file), path.join(root, file));
}
