import * as readline from "node:readline/promises";
import { Command } from "commander";
import {
  resetLocal,
  startLocal,
  statusLocal,
  stopLocal,
  type LocalStatus,
  type PartStatus,
} from "../local/instance";
import { UserError } from "../config/error";
import { consoleProgress } from "../local/progress";

/** `substation local`: the platform's parts on this machine. */
export function localCommand(): Command {
  const local = new Command("local").description(
    "start, stop and look at the platform's parts on this machine",
  );
  local
    .command("start")
    .description(
      "start Docker, PostgreSQL and the DNS zone, and bring the images; what runs already is left alone",
    )
    .option("--no-images", "leave the images alone")
    .action(async ({ images }: { images: boolean }) => {
      await startLocal({ images }, consoleProgress());
      process.stdout.write(table(await statusLocal()));
    });
  local
    .command("stop")
    .description("stop them; data and settings stay")
    .option("--docker", "stop Docker too, with every container, where Substation started it", false)
    .action(async ({ docker }: { docker: boolean }) => {
      const stopped = await stopLocal({ docker }, consoleProgress());
      process.stdout.write(
        stopped.length
          ? `Stopped: ${stopped.join(", ")}. Substations that still run have no database until the next start.\n`
          : "Nothing was running.\n",
      );
    });
  local
    .command("status")
    .description("say which parts run; exit 1 where one does not")
    .option("--json", "as JSON", false)
    .action(async ({ json }: { json: boolean }) => {
      const status = await statusLocal();
      process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : table(status));
      if (status.parts.some(({ state }) => state !== "running")) process.exitCode = 1;
    });
  local
    .command("reset")
    .description(
      "remove everything: databases, DNS zone, secrets, settings; asks for the platform's name first",
    )
    .option("--docker-objects", "also remove the platform's containers, networks and volumes", false)
    .option("--yes <name>", "the platform's name, instead of being asked for it")
    .action(async ({ dockerObjects, yes }: { dockerObjects: boolean; yes?: string }) => {
      const confirm = yes === undefined ? askInTerminal : () => Promise.resolve(yes);
      const removed = await resetLocal({ confirm, dockerObjects }, consoleProgress());
      process.stdout.write(removed ? "Everything was removed.\n" : "There was nothing to remove.\n");
    });
  return local;
}

const table = ({ home, name, parts }: LocalStatus): string =>
  `${name ? `Platform ${name} in ${home}` : `No platform in ${home} yet`}\n${parts.map(row).join("")}`;

function row({ part, state, detail, pid, port, since }: PartStatus): string {
  const facts = [
    port && `port ${port}`,
    pid && `pid ${pid}`,
    since && `since ${since.slice(0, 19).replace("T", " ")} UTC`,
  ]
    .filter(Boolean)
    .join(", ");
  return `  ${part.padEnd(9)} ${state.padEnd(8)} ${detail}${facts ? ` (${facts})` : ""}\n`;
}

async function askInTerminal(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new UserError(
      "A reset asks first, and there is nobody to ask: no terminal. Name the platform with --yes <name>.",
    );
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
