import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../config/error";

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
