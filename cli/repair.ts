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
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (stack: string, { json }: { json?: boolean }) => {
      const workspace = projectWorkspace();
      const done = await alone(workspace, stack, "repair", { note }, () => repairStack(workspace, stack));
      if (json) {
        process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
        return;
      }
      const lines = repairLines(done);
      process.stdout.write(
        lines.length === 0 ? "nothing to repair\n" : `${lines.join("\n")}\nNow run: pulumi up -s ${stack}\n`,
      );
    });
}
