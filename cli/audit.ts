import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { UserError } from "../config/error";
import { loadFleet } from "../config/fleet";
import { others } from "../config/suggest";
import { audit } from "../fleet/audit/audit";
import { exitCodeOf } from "../fleet/audit/report";
import type { Workspace } from "../fleet/pulumi";
import { platformOf, projectSettings } from "../fleet/read-platform";
import { consoleProgress } from "../local/progress";
import { version } from "../package.json";
import { rules } from "../policies/rules";
import { severities, type Severity } from "../policies/rules/rule";
import { runAttack } from "./attack";
import { atLeast, auditJson, auditSummary, auditText, type ShownReport } from "./audit-report";
import { orBlind } from "./blind";
import { paint } from "./paint";
import { projectWorkspace } from "./project";
import { sarif } from "./sarif";

interface Options {
  readonly platform: string;
  readonly severity: Severity;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly attack?: string;
}

export function auditCommand(): Command {
  return new Command("audit")
    .description(
      "Looks at what really runs (Docker, PostgreSQL, DNS, this host) and judges it by the rules of docs/security.md. Changes nothing.",
    )
    .argument("[ids...]", "these substations only; without any, the whole platform")
    .option("--platform <stack>", "the platform's stack", "platform")
    .addOption(
      new Option("--severity <least>", "tell, and count, only what is at least this severe")
        .choices(severities)
        .default("low"),
    )
    .option("--json", "print the report as JSON")
    .addOption(new Option("--sarif", "print it as SARIF 2.1.0, for code scanning").conflicts("json"))
    .addOption(
      new Option(
        "--attack <id>",
        "try what an intruder would, from inside this substation, instead",
      ).conflicts(["sarif", "severity", "platform"]),
    )
    .addHelpText(
      "after",
      "\nExit code: 0 clean, 1 findings, 2 something could not be looked at, whatever else was found.\n" +
        "With --attack: 0 everything was refused, 1 something got through, 2 it could not be tried.\n" +
        "Needs what `pulumi` needs: the command on PATH, PULUMI_BACKEND_URL, and the passphrase.",
    )
    .action(async (ids: string[], options: Options, command: Command) => {
      const { attack: target } = options;
      if (target !== undefined && ids.length > 0)
        command.error(`error: --attack is for one substation: leave out ${ids.join(" ")}`, { exitCode: 2 });
      await orBlind(async () => {
        const workspace = projectWorkspace();
        if (target === undefined) checkIds(workspace, ids, options.platform);
        else checkIds(workspace, [target]);
        return target === undefined
          ? await runAudit(workspace, ids, options)
          : await runAttack({ id: target, json: options.json ?? false });
      });
    });
}

async function runAudit(workspace: Workspace, ids: readonly string[], options: Options): Promise<0 | 1 | 2> {
  const progress = consoleProgress();
  const full = await progress.step(`audit of ${ids.join(", ") || options.platform}`, (note) =>
    audit(workspace, { platform: options.platform, ids }, note),
  );
  const report = atLeast(full, options.severity);
  if (options.json || options.sarif) {
    process.stdout.write(options.json ? auditJson(report) : sarifText(report, workspace, options.platform));
    process.stderr.write(`${auditSummary(report)}\n`);
  } else process.stdout.write(auditText(report, paint));
  return exitCodeOf(report);
}

function sarifText(report: ShownReport, { root }: Workspace, platform: string): string {
  const settings = join(root, "stacks", `Pulumi.${platform}.yaml`);
  const platformFile = existsSync(settings) ? settings : undefined;
  return `${JSON.stringify(sarif(report, { rules, version, root, platformFile }), null, 2)}\n`;
}

/** @throws UserError for ids that no file has, or none of a substation on that platform */
function checkIds(workspace: Workspace, ids: readonly string[], platform?: string): void {
  if (ids.length === 0) return;
  const settings = projectSettings(workspace);
  const fleet = loadFleet(join(workspace.root, "stacks"));
  const platforms = new Map(
    [...fleet.groups.values()].flat().map(({ id, group }) => [id, platformOf(settings, group)]),
  );
  for (const id of ids) {
    const on = platforms.get(id);
    if (on !== undefined && on === (platform ?? on)) continue;
    if (on !== undefined) throw new UserError(`${id} stands on ${on}: add --platform ${on}.`);
    const broken =
      fleet.problems.length > 0 ? " Files with mistakes do not count: see `substation check`." : "";
    throw new UserError(
      `there is no substation "${id}" in ${fleet.root}: ${others(id, platforms.keys())}${broken}`,
    );
  }
}

/** In colour on a terminal, unless NO_COLOR says otherwise. */
