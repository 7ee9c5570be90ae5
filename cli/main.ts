import { createRequire } from "node:module";

import { Command, CommanderError } from "commander";

import { UserError } from "../config/error";
import type * as Anomalies from "./anomalies";
import type * as Audit from "./audit";
import type * as Check from "./check";
import type * as Close from "./close";
import type * as Drift from "./drift";
import type * as Deploy from "./deploy";
import type * as Explain from "./explain";
import type * as Local from "./local";
import type * as Move from "./move";
import type * as New from "./new";
import type * as Open from "./open";
import type * as Plan from "./plan";
import type * as Prove from "./prove";
import type * as Repair from "./repair";
import type * as Restore from "./restore";
import type * as Resume from "./resume";
import type * as Review from "./review";
import type * as Rotate from "./rotate";
import type * as Rules from "./rules";
import type * as Sandbox from "./sandbox";
import type * as Schema from "./schema";
import type * as Secret from "./secret";
import type * as Status from "./status";
import type * as Suspend from "./suspend";
import type * as Up from "./up";

/** 0 is well; 1 is findings, or a mistake that the user can mend; 2 is wrong usage, or that the command could not do its work. */
export type ExitCode = 0 | 1 | 2;

interface Entry {
  readonly summary: string;
  /** Loaded only when it is the one that runs: help and `check` stay quick. */
  readonly load: () => Command;
}

// In CommonJS a late `import()` would look for ECMAScript modules, with extensions; this is the late `import` of TypeScript's kind.
const lazily = createRequire(__filename);
const commands: Readonly<Record<string, Entry>> = {
  check: {
    summary: "check the typed files of stacks/",
    load: () => (lazily("./check") as typeof Check).checkCommand(),
  },
  explain: {
    summary: "say where each value of a substation comes from, and what else could set it",
    load: () => (lazily("./explain") as typeof Explain).explainCommand(),
  },
  schema: {
    summary: "write the JSON Schemas of the typed files, for editors",
    load: () => (lazily("./schema") as typeof Schema).schemaCommand(),
  },
  new: {
    summary: "write the files of new substations, from a template, another one or a CSV file",
    load: () => (lazily("./new") as typeof New).newCommand(),
  },
  plan: {
    summary: "say what an opening would do, and whether the platforms can carry it",
    load: () => (lazily("./plan") as typeof Plan).planCommand(),
  },
  open: {
    summary: "open substations, many at once, and prove each",
    load: () => (lazily("./open") as typeof Open).openCommand(),
  },
  up: {
    summary: "update a stack, if no rule forbids what that would do",
    load: () => (lazily("./up") as typeof Up).upCommand(),
  },
  review: {
    summary: "say what a merge would do, as a comment for the pull request",
    load: () => (lazily("./review") as typeof Review).reviewCommand(),
  },
  deploy: {
    summary: "do what was merged, if it is what was approved, in rings",
    load: () => (lazily("./deploy") as typeof Deploy).deployCommand(),
  },
  prove: {
    summary: "prove that substations are open, by buying from them",
    load: () => (lazily("./prove") as typeof Prove).proveCommand(),
  },
  status: {
    summary: "say which substations are open",
    load: () => (lazily("./status") as typeof Status).statusCommand(),
  },
  audit: {
    summary: "judge what really runs, or attack it",
    load: () => (lazily("./audit") as typeof Audit).auditCommand(),
  },
  drift: {
    summary: "look for what is not as the files ask for, and mend what may be",
    load: () => (lazily("./drift") as typeof Drift).driftCommand(),
  },
  rules: {
    summary: "list the rules that plans and what runs are judged by",
    load: () => (lazily("./rules") as typeof Rules).rulesCommand(),
  },
  local: {
    summary: "start, stop and look at what one machine needs",
    load: () => (lazily("./local") as typeof Local).localCommand(),
  },
  secret: {
    summary: "set, list and remove the secrets of payment channels",
    load: () => (lazily("./secret") as typeof Secret).secretCommand(),
  },
  anomalies: {
    summary: "show payments that only a person may decide, and keep the decisions",
    load: () => (lazily("./anomalies") as typeof Anomalies).anomaliesCommand(),
  },
  sandbox: {
    summary: "register a substation's merchants at this machine's sandbox gateways",
    load: () => (lazily("./sandbox") as typeof Sandbox).sandboxCommand(),
  },
  rotate: {
    summary: "renew a secret of a substation, or all of them",
    load: () => (lazily("./rotate") as typeof Rotate).rotateCommand(),
  },
  suspend: {
    summary: "let a substation sell nothing for a while, with a page that says so",
    load: () => (lazily("./suspend") as typeof Suspend).suspendCommand(),
  },
  resume: {
    summary: "let a suspended substation sell again",
    load: () => (lazily("./resume") as typeof Resume).resumeCommand(),
  },
  move: {
    summary: "move a substation to another group, with all its data",
    load: () => (lazily("./move") as typeof Move).moveCommand(),
  },
  close: {
    summary: "close a substation by an order, with an export and a grace period",
    load: () => (lazily("./close") as typeof Close).closeCommand(),
  },
  restore: {
    summary: "undo the order to close a substation",
    load: () => (lazily("./restore") as typeof Restore).restoreCommand(),
  },
  repair: {
    summary: "make a stack whose update was killed ready for the next one",
    load: () => (lazily("./repair") as typeof Repair).repairCommand(),
  },
};

/** Runs the command line `argv` (without node and script) and says how it went. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  try {
    const program = build(argv);
    await program.parseAsync(argv, { from: "user" });
    return process.exitCode === 1 || process.exitCode === 2 ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UserError) {
      process.stderr.write(`substation: ${error.message}\n`);
      return 1;
    }
    // Not the user's mistake: whoever mends it needs the stack.
    process.stderr.write(`substation: unexpected ${error instanceof Error ? error.stack : String(error)}\n`);
    return 2;
  }
}

function build(argv: readonly string[]): Command {
  const program = new Command("substation")
    .description("Opens, changes, watches and closes the substations of a reselling platform.")
    .helpCommand("help [command]", "show help for a command");
  const words = argv.filter((word) => !word.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    program.addCommand(name === wanted ? load().summary(summary) : new Command(name).description(summary));
  }
  govern(program);
  return program;
}

/** The same manners for every command, however deep: usage before the error, and an exit code instead of an exit. */
function govern(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => {
      write(`Usage: ${usage(command)}\n\n`);
      write(text.replace(/^error: /, "substation: "));
    },
  });
  for (const child of command.commands) govern(child);
}

function usage(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  return `${names.join(" ")} ${command.usage()}`;
}

/** Runs this process's command line. */
export function run(): void {
  // `substation check | head` closes the pipe early: that is no fault.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(process.exitCode ?? 0);
  });
  // The exit code is set, not exited with: what is written into a pipe must arrive.
  void main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}

if (require.main === module) run();
