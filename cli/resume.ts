import { Command } from "commander";
import { resume } from "../fleet/lifecycle/suspend";
import { fleetStatus } from "../fleet/status";
import { proveAll } from "../fleet/prove";
import type { Workspace } from "../fleet/pulumi";
import { projectWorkspace } from "./project";
import { isProved, provedText, showProof } from "./prove";
import { statusText } from "./status";
import { note } from "./waiting";

export function resumeCommand(): Command {
  return new Command("resume")
    .description(
      "Lets a suspended substation sell again: takes the suspension out of its file, updates it and no other, and proves by a purchase that it is open.",
    )
    .argument("<id>", "the substation")
    .option("--no-prove", "do not buy from it")
    .addHelpText(
      "after",
      "\nExit code: 0 it is open, 1 it is not.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string, { prove }: { readonly prove: boolean }) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const workspace = projectWorkspace();
      const { file } = await resume(workspace, id, { signal: stop.signal, note });
      process.stdout.write(`${id} is resumed, and ${file} says so: commit it\n`);
      if (prove) await proveAndTell(workspace, id);
    });
}

/** Buys from a substation that is to sell, and says whether it is open. */
export async function proveAndTell(workspace: Workspace, id: string): Promise<void> {
  const failed = (await proveAll(workspace, [id], showProof())).filter((one) => !isProved(one));
  const found = await fleetStatus(workspace, [id]);
  process.stdout.write(`${provedText(failed)}${statusText(found)}`);
  if (!found.every(({ ok }) => ok)) process.exitCode = 1;
}
