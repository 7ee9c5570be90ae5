import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { Command } from "commander";

import { jsonSchemas } from "../config/jsonSchema";
import { withReference } from "../config/reference";
import { UserError } from "../config/error";

export function schemaCommand(): Command {
  return new Command("schema")
    .description(
      "Writes the JSON Schemas of the typed files: editors with a YAML language server then complete and check as you type.",
    )
    .option("--out <dir>", "folder to write to", "schemas")
    .option(
      "--reference <file>",
      "page whose tables of keys are made anew, where it is there",
      "docs/substation-file.md",
    )
    .action(({ out, reference }: { readonly out: string; readonly reference: string }) => {
      const page = existsSync(reference) ? withReference(readFileSync(reference, "utf8")) : undefined;
      for (const [name, text] of jsonSchemas())
        write(join(out, name), text, "name another folder with --out");
      if (page !== undefined) write(reference, page, "name another page with --reference");
    });
}

function write(path: string, text: string, otherwise: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new UserError(`Cannot write ${path} (${(error as NodeJS.ErrnoException).code}): ${otherwise}.`);
  }
  process.stdout.write(`${relative("", path) || path}\n`);
}
