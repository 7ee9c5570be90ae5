import { Command } from "commander";
import { secretNames } from "../config/secret-versions";
import { rotate } from "../fleet/rotate";
import { projectWorkspace } from "./project";
import { note } from "./waiting";

export function rotateCommand(): Command {
  return new Command("rotate")
    .description(
      "Renews a secret of a substation, or all of them: raises its number in the substation's file, updates the group, ends the sessions that the old one had opened. Removes no data.",
    )
    .argument("<id>", "the substation")
    .argument("[secret]", `one of ${secretNames.join(", ")}; root is all of them`, "root")
    .option("--json", "print what was done as JSON")
    .addHelpText(
      "after",
      "\nWhatever else the files of the group ask for is brought about too. Where the update fails, run this again: it finishes.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string, secret: string, { json }: { json?: boolean }) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const workspace = projectWorkspace();
      const done = await rotate(workspace, id, secret, { signal: stop.signal, note });
      if (json) {
        process.stdout.write(`${JSON.stringify(done, null, 2)}\n`);
        return;
      }
      const what = done.secret === "root" ? "all secrets" : done.secret;
      const lines = [
        `${what} of ${id}: version ${done.version} now runs, and the one before no longer works`,
        ...(done.endedSessions > 0 ? [`ended ${done.endedSessions} older sessions of its database`] : []),
        done.raised
          ? `${done.file} has the new number: commit it, since a checkout without it brings the old secret back`
          : `${done.file} had the new number already`,
        `it is not proved yet that the new container can be bought from: npm run substation -- prove ${id}`,
      ];
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}
