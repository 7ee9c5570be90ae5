import { Command } from "commander";
import { repairStack } from "../fleet/repair-stack";
import { projectWorkspace } from "./project";

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
      const done = await repairStack(projectWorkspace(), stack);
      if (json) {
        process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
        return;
      }
      const lines = [
        ...done.cut.map(
          ({ id, action, step }) => `"${action}" of ${id} was cut off${step ? ` at ${step}` : ""}`,
        ),
        ...done.brokenLocks.map((who) => `broke the lock of ${who}, which is dead`),
        ...done.torn.map(
          (file) => `removed ${file}, which was half written and kept the state from being read`,
        ),
        ...done.ended.map((name) => `ended ${name}, which its engine had left behind`),
        ...done.adopted.map((what) => `adopted ${what}`),
        ...done.removed.map(
          (what) => `removed the container ${what}, which was not recorded; the next update makes it anew`,
        ),
        ...done.forgotten.map((what) => `forgot ${what}, which was begun and not made`),
      ];
      process.stdout.write(
        lines.length === 0 ? "nothing to repair\n" : `${lines.join("\n")}\nNow run: pulumi up -s ${stack}\n`,
      );
    });
}
