import { Command } from "commander";
import { repairLines, repairStack } from "../fleet/repair-stack";
import { alone } from "../fleet/lifecycle/alone";
import { projectWorkspace } from "./project";
import { note } from "./waiting";

export function repairCommand(): Command {
  return new Command("repair")
    .description(
      "Makes a stack whose update was killed ready for the next one: breaks a lock whose owner is dead, adopts what was made and not recorded. Removes no data.",
    )
    .argument("<stack>", "a group, or the platform")
    .option(
      "--take-over <host>",
      "what this machine holds is taken from it: only if it is gone for good, since an update that still runs there would be damaged",
    )
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (stack: string, { json, takeOver: gone }: { json?: boolean; takeOver?: string }) => {
      const workspace = projectWorkspace();
      const done = await alone(workspace, stack, "repair", { note, gone }, () =>
        repairStack(workspace, stack, gone),
      );
      if (json) {
        process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
        return;
      }
      const lines = repairLines(done);
      process.stdout.write(
        lines.length === 0 ? "nothing to repair\n" : `${lines.join("\n")}\nNow run: npm run up -- ${stack}\n`,
      );
    });
}
