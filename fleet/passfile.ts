import { readFileSync } from "node:fs";

export interface PassfileKey {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly user: string;
}

/**
 * The password that a file in the form of PostgreSQL's `.pgpass` has for a connection: `host:port:database:user:password`, "*" for any, "\" before a ":" or "\" that is meant
 * as such. The first line that fits counts.
 * @returns undefined where none does, or there is no such file
 */
export function passwordIn(file: string, { host, port, database, user }: PassfileKey): string | undefined {
  const wanted = [host, port, database, user];
  return read(file)
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(fields)
    .find((line) => line.length === 5 && wanted.every((want, at) => line[at] === "*" || line[at] === want))
    ?.at(4);
}

const fields = (line: string): string[] =>
  (line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? [])
    .slice(0, 5)
    .map((field) => field.replace(/:$/, "").replace(/\\(.)/g, "$1"));

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
