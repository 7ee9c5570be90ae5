import { createInterface } from "node:readline/promises";
import { join } from "node:path";
import { Command } from "commander";
import { UserError } from "../config/error";
import { loadFleet } from "../config/fleet";
import { close, type Closed } from "../fleet/lifecycle/close";
import { writeOrder } from "../fleet/lifecycle/order-file";
import { orderOf } from "../fleet/lifecycle/subject";
import { projectRoot, projectWorkspace } from "./project";

interface Options {
  readonly by?: string;
  readonly reason?: string;
  readonly grace?: string;
  readonly confirm?: string;
  readonly orderOnly?: boolean;
  readonly json?: boolean;
}

export function closeCommand(): Command {
  return new Command("close")
    .description(
      "Closes a substation by an order: suspends it, exports all its data, keeps everything for a grace period, and then, when it is run again, removes it in an order in which nothing is lost, with a certificate. Without an id it carries on with every order there is.",
    )
    .argument("[id]", "the substation")
    .option("--by <name>", "who orders it")
    .option("--reason <text>", "why; visitors do not see it")
    .option("--grace <time>", "how long it can be undone, like 30d (default: the platform's least)")
    .option("--confirm <id>", "the id typed again, where there is no terminal to ask on")
    .option("--order-only", "write the order and nothing more, for a pull request")
    .option("--json", "print how far each came as JSON")
    .addHelpText(
      "after",
      "\nExit code: 0 as far as the orders allow now; 1 not, and why.\n`substation restore` undoes an order as long as nothing was removed. docs/closing.md says what is done when.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (id: string | undefined, options: Options) => {
      const root = projectRoot();
      if (id !== undefined && !orderOf({ root }, id)) {
        const file = await order(root, id, options);
        say(`${file} orders that ${id} be closed: commit it`);
      }
      if (options.orderOnly) return;
      const ids =
        id === undefined
          ? [...loadFleet(join(root, "stacks")).closings.values()].map((order) => order.id)
          : [id];
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const done: Closed[] = [];
      for (const one of ids) {
        try {
          const note = (what: string): void => say(`${one}: ${what}`);
          done.push(await close(projectWorkspace(), one, { signal: stop.signal, note }));
        } catch (error) {
          if (!(error instanceof UserError) || id !== undefined) throw error;
          say(`${one}: ${error.message}`); // the other orders need not wait for it
          process.exitCode = 1;
        }
      }
      process.stdout.write(options.json ? `${JSON.stringify(done, null, 2)}\n` : closedText(done));
    });
}

/** @throws UserError where it was not asked for in a way that cannot be a slip */
async function order(root: string, id: string, { by, reason, grace, confirm }: Options): Promise<string> {
  if (by === undefined || reason === undefined)
    throw new UserError(
      `nobody has ordered that ${id} be closed: say who does and why, with --by and --reason.`,
    );
  const typed = confirm ?? (process.stdin.isTTY ? await ask(`Type ${id} again to close it: `) : undefined);
  if (typed !== id)
    throw new UserError(
      typed === undefined
        ? `there is no terminal to ask on: repeat the id with --confirm ${id}. Nothing was changed.`
        : `"${typed}" is not "${id}": nothing was changed.`,
    );
  return writeOrder(root, id, { by, reason, grace });
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

export function closedText(done: readonly Closed[]): string {
  if (done.length === 0) return "there is no order to close anything\n";
  const lines = done.map(({ id, certificate, until, export: kept }) => {
    const data = kept === undefined ? "" : `; its data is in ${kept}`;
    if (certificate !== undefined)
      return `${id} is closed: ${certificate}${data}. Commit what was moved to closed/`;
    return until === undefined
      ? `${id} is not closed yet: stopped; run this again`
      : `${id} sells nothing any more, and is kept as it is until ${until}: then run this again, or undo it with \`substation restore ${id}\`${data}`;
  });
  return `${lines.join("\n")}\n`;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
