import { Command } from "commander";
import { suspend } from "../fleet/lifecycle/suspend";
import { projectWorkspace } from "./project";
import { note } from "./waiting";

export function suspendCommand(): Command {
  return new Command("suspend")
    .description(
      "Lets a substation sell nothing for a while: writes that into its file, updates it and no other, and looks through the ingress whether it is so. Its pages say so, payments that are under way are still taken and delivered, and all data stays.",
    )
    .argument("<id>", "the substation")
    .requiredOption("--reason <text>", "why, in words that its visitors read")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nExit code: 0 it is suspended, 1 its image does not do what it should, or the update failed: run this again.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string, { reason, json }: { readonly reason: string; readonly json?: boolean }) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const done = await suspend(projectWorkspace(), id, reason, { signal: stop.signal, note });
      if (done.disobeyed.length > 0) process.exitCode = 1;
      if (json) {
        process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
        return;
      }
      const lines =
        done.disobeyed.length > 0
          ? [
              `${id} was told that it is suspended, and its image does not keep to that (docs/image-contract.md):`,
              ...done.disobeyed.map((what) => `  ${what}`),
              `it may go on selling: give it an image that does, or close it`,
            ]
          : [`${id} is suspended since ${done.since}: seen through the ingress`];
      process.stdout.write(`${[...lines, `${done.file} says so: commit it`].join("\n")}\n`);
    });
}
