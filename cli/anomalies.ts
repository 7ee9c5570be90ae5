import { Command, Option } from "commander";
import { printable } from "../config/problem";
import { money } from "../config/units";
import { anomaliesOf, resolveAnomaly, type Wanted } from "../fleet/anomalies";
import { resolutions, type Anomaly } from "../inventory/anomalies";
import { projectWorkspace } from "./project";
import { table } from "./table";

const needs =
  "\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase; and the database server.";

/** `substation anomalies`: payments that a shop does not settle by itself, for people to decide. */
export function anomaliesCommand(): Command {
  const anomalies = new Command("anomalies").description(
    "Shows the payments of a substation that only a person may decide (docs/payments.md), and keeps who decided what.",
  );
  anomalies
    .command("list", { isDefault: true })
    .description("Lists those that nobody has decided yet; exit 1 where there are any.")
    .argument("<id>", "the substation")
    .option("--all", "also those that were decided", false)
    .option("--json", "as JSON, with every detail")
    .addHelpText("after", needs)
    .action(async (id: string, { all, json }: { all: boolean; json?: boolean }) => {
      const found = await anomaliesOf(projectWorkspace(), id);
      const open = found.filter(({ decision }) => decision === null);
      const shown = all ? found : open;
      process.stdout.write(
        json ? `${JSON.stringify(shown, null, 2)}\n` : `${anomaliesText(id, shown).join("\n")}\n`,
      );
      if (open.length > 0) process.exitCode = 1;
    });
  anomalies
    .command("resolve")
    .description(
      "Keeps a decision, once and for all. It moves no money and hands out nothing: do that at the gateway, and with the buyer.",
    )
    .argument("<id>", "the substation")
    .argument("<anomaly>", "its number")
    .addOption(new Option("--as <decision>", "what was decided").choices(resolutions).makeOptionMandatory())
    .requiredOption("--by <name>", "who decided")
    .option("--note <text>", "why, or a reference such as the refund's number")
    .addHelpText(
      "after",
      `\nAn order that waits for stock is closed when it was refunded, or delivered by hand: the shop then hands out nothing for it.${needs}`,
    )
    .action(async (id: string, anomaly: string, wanted: Wanted) => {
      const done = await resolveAnomaly(projectWorkspace(), id, anomaly, wanted);
      process.stdout.write(`${done.kind} ${anomaly} of ${id}: ${wanted.as}, decided by ${wanted.by}\n`);
    });
  return anomalies;
}

export function anomaliesText(id: string, anomalies: readonly Anomaly[]): string[] {
  if (anomalies.length === 0) return [`${id}: no payment waits for a decision`];
  const head = [
    "no",
    "kind",
    "channel",
    "order",
    "buyer",
    "what was seen",
    "times",
    "since",
    "payment",
    "decision",
  ];
  // Buyers and gateways wrote some of it: nothing of theirs may steer the terminal.
  return table([head, ...anomalies.map((anomaly) => row(anomaly).map(printable))]);
}

function row({ order, decision, ...anomaly }: Anomaly): readonly string[] {
  const entries = Object.entries(anomaly.details).sort(([a], [b]) => (a < b ? -1 : 1)); // PostgreSQL keeps no order
  const details = entries.map(([name, value]) => `${name} ${detail(anomaly.kind, name, value)}`);
  return [
    String(anomaly.id),
    anomaly.kind,
    anomaly.channel,
    order ? `${order.title}, ${money.format(order.amount)}, ${order.state}` : "none of this shop",
    order?.contact ?? "",
    details.join(", "),
    String(anomaly.times),
    anomaly.firstSeen.toISOString().slice(0, 16).replace("T", " "),
    `${anomaly.outTradeNo} (gateway: ${anomaly.tradeNo})`,
    decision
      ? `${decision.resolution} by ${decision.by}${decision.note === null ? "" : `: ${decision.note}`}`
      : "",
  ];
}

/** Sums are kept in fen. */
const detail = (kind: string, name: string, value: string | number): string =>
  typeof value === "number" && (kind === "amount" || name === "amount") ? money.format(value) : String(value);
