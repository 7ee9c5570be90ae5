import { Command } from "commander";
import { restore } from "../fleet/lifecycle/restore";
import { projectWorkspace } from "./project";
import { proveAndTell } from "./resume";

export function restoreCommand(): Command {
  return new Command("restore")
    .description(
      "Undoes the order to close a substation, as long as nothing of it was removed: it is then as its file says, with all its data, and is proved by a purchase.",
    )
    .argument("<id>", "the substation")
    .option("--no-prove", "do not buy from it")
    .addHelpText(
      "after",
      "\nExit code: 0 it is as its file says, 1 it is not.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string, { prove }: { readonly prove: boolean }) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const workspace = projectWorkspace();
      const note = (what: string): void => void process.stderr.write(`${id}: ${what}\n`);
      const { order } = await restore(workspace, id, { signal: stop.signal, note });
      process.stdout.write(`${id} is restored, and ${order} is gone: commit that\n`);
      if (prove) await proveAndTell(workspace, id);
    });
}
