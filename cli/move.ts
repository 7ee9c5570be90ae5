import { Command } from "commander";
import { move } from "../fleet/lifecycle/move/move";
import { projectWorkspace } from "./project";
import { proveAndTell } from "./resume";

export function moveCommand(): Command {
  return new Command("move")
    .description(
      "Moves a substation to another group of its platform: its file, secrets, state and marks. Database, roles, volumes and the secrets in use stay what they are; its containers are replaced as by an update. Then it is proved by a purchase.",
    )
    .argument("<id>", "the substation")
    .argument("[group]", "where to; without it, what was begun or was ordered by moving the file is finished")
    .option("--no-prove", "do not buy from it")
    .addHelpText(
      "after",
      "\nMay be killed at any moment, and run again. Exit code: 0 it is there and open, 1 it is not.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string, group: string | undefined, { prove }: { readonly prove: boolean }) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const workspace = projectWorkspace();
      const note = (what: string): void => void process.stderr.write(`${id}: ${what}\n`);
      const { from, to } = await move(workspace, id, group, { signal: stop.signal, note });
      process.stdout.write(
        from === undefined
          ? `${id} is in ${to}, all of it: nothing was changed\n`
          : `${id} was moved from ${from} to ${to}: commit its file and both settings files\n`,
      );
      if (prove) await proveAndTell(workspace, id);
    });
}
