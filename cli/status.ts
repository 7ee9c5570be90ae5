import { Command } from "commander";
import { fleetStatus, type SubstationStatus } from "../fleet/status";
import { orBlind } from "./blind";
import { paint } from "./paint";
import { projectWorkspace } from "./project";
import { table } from "./table";

export function statusCommand(): Command {
  return new Command("status")
    .description(
      "Says which substations are open: those in whose stack and on whose engine all is well, and from which a purchase was proved to go through as they stand now.",
    )
    .argument("[ids...]", "these substations only; without any, the whole fleet")
    .option(
      "--json",
      "print an array of {id, group, tier, url, engine, proof, state, deadline, suspended, ok, open, reason}",
    )
    .addHelpText(
      "after",
      "\nExit code: 0 all are as their files ask, open or suspended; 1 some are not; 2 nobody could look.\nNeeds the `pulumi` command on PATH and PULUMI_BACKEND_URL, and the Docker engine.",
    )
    .action((ids: string[], { json }: { readonly json?: boolean }) =>
      orBlind(async () => {
        const found = await fleetStatus(projectWorkspace(), ids);
        process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : statusText(found));
        return found.every(({ ok }) => ok) ? 0 : 1;
      }),
    );
}

/** The table, and below it a line for each substation that is not open. */
export function statusText(found: readonly SubstationStatus[]): string {
  if (found.length === 0) return "there is no substation\n";
  const head = ["id", "group", "tier", "URL", "engine", "proof", "verdict"].map((word) =>
    paint("bold", word),
  );
  const rows = found.map(({ id, group, tier, url, engine, proof, open, ok, state }) => [
    id,
    group,
    tier,
    url ?? "-",
    engine.what,
    proofWord(proof),
    verdict({ open, ok, state }),
  ]);
  const reasons = found.flatMap(({ id, reason, ok }) =>
    reason === undefined ? [] : [ok ? `${id} is ${reason}` : `${id} is not open: ${reason}`],
  );
  return `${[...table([head, ...rows]), ...(reasons.length > 0 ? ["", ...reasons] : [])].join("\n")}\n`;
}

const verdict = ({ open, ok, state }: Pick<SubstationStatus, "open" | "ok" | "state">): string =>
  open
    ? paint("green", "open")
    : ok
      ? paint("yellow", state)
      : paint("red", state === "removing" || state === "closing" ? state : "not open");

function proofWord({ state, since, stopped = [] }: SubstationStatus["proof"]): string {
  if (state !== "valid") return state;
  return stopped.length === 0 ? `since ${since}` : `since ${since}, ${stopped.join(", ")} unpaid`;
}
