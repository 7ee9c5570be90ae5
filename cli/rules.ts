import { Command } from "commander";
import { rules } from "../policies/rules";
import { table } from "./table";

export function rulesCommand(): Command {
  return new Command("rules")
    .description("Lists the rules that plans and what really runs are judged by. docs/security.md says more.")
    .option("--json", "print an array of {id, kind, severity, description, references, remedy}")
    .action(({ json }: { readonly json?: boolean }) => {
      const infos = rules.map(({ id, kind, severity, description, references, remedy }) => ({
        id,
        kind,
        severity,
        description,
        references,
        remedy,
      }));
      const rows = infos.map(({ id, severity, references, description }) => [
        id,
        severity,
        references.join(", "),
        description,
      ]);
      process.stdout.write(json ? `${JSON.stringify(infos, null, 2)}\n` : `${table(rows).join("\n")}\n`);
    });
}
