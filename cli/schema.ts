import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { Command } from "commander";

import { jsonSchemas } from "../config/jsonSchema";
import { UserError } from "../config/error";

export function schemaCommand(): Command {
  return new Command("schema")
    .description(
      "Writes the JSON Schemas of the typed files: editors with a YAML language server then complete and check as you type.",
    )
    .option("--out <dir>", "folder to write to", "schemas")
    .action(({ out }: { readonly out: string }) => {
      for (const [name, text] of jsonSchemas()) {
        const path = join(out, name);
        try {
          mkdirSync(out, { recursive: true });
          writeFileSync(path, text);
        } catch (error) {
          throw new UserError(
            `Cannot write ${path} (${(error as NodeJS.ErrnoException).code}): name another folder with --out.`,
          );
        }
        process.stdout.write(`${relative("", path) || path}\n`);
      }
    });
}
