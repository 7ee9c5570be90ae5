import { existsSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

import { Command } from "commander";

import { formatProblem, loadFleet } from "../config/fleet";
import type { Problem } from "../config/fleet";
import { paint } from "./paint";
import { plural } from "./words";

interface Options {
  readonly json?: boolean;
  readonly stacks?: string;
}

export function checkCommand(): Command {
  return new Command("check")
    .description("Checks the typed files: all problems of all files, as file:line:column  code  message.")
    .argument(
      "[files...]",
      "list the problems of these files or folders only; all files are read all the same",
    )
    .option("--json", "print an array of {file, line, column, code, message}")
    .option(
      "--stacks <dir>",
      'folder of the typed files (default: "stacks" here or in the nearest folder above)',
    )
    .addHelpText("after", "\nExit code: 0 no problems, 1 problems, 2 the check could not run.")
    .action((files: string[], options: Options, command: Command) => {
      const stacks = options.stacks ?? nearestStacks();
      const missing = [stacks, ...files].find((path) => !existsSync(path));
      if (missing !== undefined) {
        const above =
          missing === stacks && !options.stacks ? " here or in a folder above: name it with --stacks" : "";
        command.error(`error: there is no ${missing}${above}`, { exitCode: 2 });
      }
      const outside = files.find((file) => !isBelow(stacks, file));
      if (outside !== undefined) {
        command.error(
          `error: ${outside} is not below ${stacks}: name files of that folder, or the folder with --stacks`,
          { exitCode: 2 },
        );
      }

      const fleet = loadFleet(stacks);
      const shown =
        files.length === 0 ? fleet.problems : fleet.problems.filter((problem) => concerns(problem, files));
      const checked = files.length === 0 ? fleet.fileCount : files.length;
      if (options.json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
      else if (shown.length > 0) process.stdout.write(`${shown.map(render).join("\n")}\n`);
      process.stderr.write(`${plural(checked, "file")}, ${plural(shown.length, "problem")}\n`);
      if (shown.length > 0) process.exitCode = 1;
    });
}

/** `stacks` here or in the nearest folder above that has one; here, where there is none, for the sake of the message. */
export function nearestStacks(): string {
  for (let at = process.cwd(); ; at = dirname(at)) {
    const stacks = join(at, "stacks");
    if (existsSync(stacks)) return relative("", stacks) || ".";
    if (at === dirname(at)) return "stacks";
  }
}

/** Links are resolved in the folders above alone: a file that is itself a link must be found, and refused. */
function isBelow(folder: string, path: string): boolean {
  const real =
    resolve(path) === resolve(folder) ? realpathSync(path) : join(realpathSync(dirname(resolve(path))), "x");
  return `${real}${sep}`.startsWith(`${realpathSync(folder)}${sep}`);
}

/** A problem of the file, of a folder that it is in, or of a file in the folder that was named. */
function concerns(problem: Problem, files: readonly string[]): boolean {
  const place = `${resolve(problem.file)}${sep}`;
  return files.some(
    (file) => place.startsWith(`${resolve(file)}${sep}`) || `${resolve(file)}${sep}`.startsWith(place),
  );
}

/** In colour on a terminal, unless NO_COLOR says otherwise. */
function render(problem: Problem): string {
  const line = formatProblem(problem);
  const [place = "", code = "", ...message] = line.split("  ");
  return [paint("bold", place), paint("red", code), ...message].join("  ");
}
