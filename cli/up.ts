import { createInterface } from "node:readline/promises";
import { Command, InvalidArgumentError } from "commander";
import { isPlatformStack } from "../config/stack-config";
import { share, unitFinding } from "../config/units";
import { withGroupLock } from "../fleet/group-lock";
import type { EngineEvent } from "../fleet/pulumi";
import { isIdle, type UpdatePlan, type Violation } from "../fleet/plan";
import { up, type Outcome } from "../fleet/up";
import { openGroup } from "./opening";
import { paint } from "./paint";
import { projectWorkspace } from "./project";
import { table } from "./table";
import { plural } from "./words";

interface Options {
  readonly yes?: boolean;
  /** Of 10,000. */
  readonly maxTouched?: number;
  /** False with --no-prove. */
  readonly prove: boolean;
}

export function upCommand(): Command {
  return new Command("up")
    .description(
      "Updates a stack, if no rule of docs/security.md forbids what that would do: previews it with the policy pack, shows what it changes, asks, and carries it out.",
    )
    .argument("<stack>", "a group, or the platform")
    .option("--yes", "do not ask")
    .option(
      "--max-touched <share>",
      "the share of the standing substations that it may change (default: 25%, and 5 in any case)",
      parseShare,
    )
    .option("--no-prove", "do not buy from the group's substations afterwards")
    .addHelpText(
      "after",
      "\nAfter the update of a group it buys from each of its substations that has no valid proof, and says which are open (docs/opening.md)." +
        "\nExit code: 0 updated, and all are open; 1 a rule forbids it, the update failed, or a substation is not open; 2 the command could not do its work.\nNeeds what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (stack: string, { yes, maxTouched, prove }: Options, command: Command) => {
      if (!yes && !process.stdin.isTTY)
        command.error("error: there is no terminal to ask on: add --yes to update without being asked", {
          exitCode: 2,
        });
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const workspace = projectWorkspace();
      const onWait = (holder: string) => say(`waiting for ${holder}, who works on ${stack}`);
      const { signal } = stop;
      const locked = await withGroupLock(workspace, stack, { what: "up", signal, onWait }, async () => {
        say(`looking at what an update of ${stack} would do`);
        const confirm = async (plan: UpdatePlan) => {
          process.stdout.write(planText(plan));
          return yes ?? (await ask(`Update ${stack}? [y/N] `, signal));
        };
        const outcome = await up(workspace, stack, { maxTouched, signal, confirm }, showProgress);
        process.stdout.write(outcomeText(outcome));
        if (outcome.kind === "refused" || outcome.kind === "failed") return 1;
        if (outcome.kind !== "updated" || !prove || isPlatformStack(stack)) return 0;
        const { text, open } = await openGroup(workspace, stack);
        process.stdout.write(text);
        return open ? 0 : 1;
      });
      if (locked.kind === "busy") say("the wait was stopped; nothing was changed");
      process.exitCode = locked.kind === "done" ? locked.result : 1;
    });
}

/** What a plan changes, a line for each substation. */
export function planText({ stack, steps }: UpdatePlan): string {
  if (steps.length === 0) return `${stack}: no change\n`;
  const rows = new Map<string, Map<string, string[]>>();
  for (const { owner, op, type, name } of steps) {
    const row = rows.get(owner?.id ?? "") ?? new Map<string, string[]>();
    rows.set(owner?.id ?? "", row);
    row.set(op, [...(row.get(op) ?? []), `${type.split(":").at(-1)} ${name}`]);
  }
  const lines = [...rows].map(([id, ops]) => [
    id === "" ? "(no substation)" : id,
    // What is new is counted; what is there already is named.
    [...ops].map(([op, names]) => `${op} ${op === "create" ? names.length : names.join(", ")}`).join("; "),
  ]);
  return `${table(lines).join("\n")}\n`;
}

export function outcomeText(outcome: Outcome): string {
  const { plan, kind } = outcome;
  const { stack, violations, errors } = plan;
  if (kind === "updated") return `${stack} is up to date\n`;
  if (kind === "declined") return "nothing was changed\n";
  if (kind === "failed")
    return `${outcome.output}\n${stack} is not updated as planned: mend the cause and run this again\n`;
  const found = violations.length > 0 ? [`${plural(violations.length, "violation")} of rules`] : [];
  const failed = errors.length > 0 ? [`the preview ended with ${plural(errors.length, "error")}`] : [];
  return `${[...violations.map(violationText), ...errors, `${[...found, ...failed].join("; ")}; nothing was changed`].join("\n")}\n`;
}

function violationText({ file, severity, rule, message }: Violation): string {
  const place = file ? `${file.file}:${file.line}:${file.column}` : "(no file)";
  return `${paint("bold", place)}  ${paint("red", `${severity} ${rule}`)}  ${message}`;
}

function showProgress({ resOutputsEvent, resOpFailedEvent }: EngineEvent): void {
  const metadata = (resOpFailedEvent ?? resOutputsEvent)?.metadata;
  if (!metadata || isIdle(metadata.op)) return;
  const { op, type, urn } = metadata;
  say(`${resOpFailedEvent ? "FAILED to " : ""}${op} ${type.split(":").at(-1)} ${urn.split("::").at(-1)}`);
}

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  try {
    return /^y(?:es)?$/i.test((await terminal.question(question, { signal })).trim());
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}

export function parseShare(text: string): number {
  const parsed = share.parse(text);
  if (parsed === undefined) throw new InvalidArgumentError(unitFinding(share, text)?.why ?? "");
  return parsed;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
