import * as fs from "node:fs";
import * as path from "node:path";

/** Looks for secret values where none may be, in every form that they are likely to take. */

interface Needle {
  /** Which secret, in which form. */
  readonly title: string;
  readonly bytes: Buffer;
}

export class LeakSearch {
  readonly #needles: readonly Needle[];

  /** @param secrets name and value of each; a value that is short could be found by chance, and is refused */
  constructor(secrets: ReadonlyMap<string, string>) {
    for (const [name, { length }] of secrets)
      if (length < 16) throw new Error(`${name} has ${length} characters: too few to search for`);
    this.#needles = [...secrets].flatMap(([name, value]) =>
      [...forms(value)].map(([form, text]) => ({ title: `${name} (${form})`, bytes: Buffer.from(text) })),
    );
  }

  /** `<place>: <secret> (<form>)` for each that is there. */
  in(place: string, content: string | Buffer): string[] {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return this.#needles
      .filter((needle) => bytes.includes(needle.bytes))
      .map(({ title }) => `${place}: ${title}`);
  }

  /** The same for every file below a folder, by its path from there. Links are not followed. */
  inFolder(folder: string): string[] {
    return filesBelow(folder).flatMap((file) => {
      const content = readIfThere(file);
      return content ? this.in(path.relative(folder, file), content) : [];
    });
  }
}

/** Node's own recursive listing goes through links to folders: a project's node_modules is one. */
const filesBelow = (folder: string): string[] =>
  fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(at);
    return entry.isFile() ? [at] : [];
  });

/** A server may remove a file of its own at any time. */
function readIfThere(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** As it is, as hexadecimal digits, as a URL or JSON would carry it, and as base64 of a longer text that holds it at any of three offsets. */
function forms(value: string): Map<string, string> {
  const found = new Map([["plain", value]]);
  const add = (form: string, text: string) => {
    if (![...found.values()].includes(text)) found.set(form, text);
  };
  const hex = Buffer.from(value).toString("hex");
  add("hex", hex);
  add("HEX", hex.toUpperCase());
  add("URL", encodeURIComponent(value));
  add("JSON", JSON.stringify(value).slice(1, -1));
  for (const encoding of ["base64", "base64url"] as const) {
    for (const offset of [0, 1, 2]) {
      const text = Buffer.from(`${"\0".repeat(offset)}${value}`)
        .toString(encoding)
        .replace(/=+$/, "");
      // The first and last digits also carry bits of what stands beside the value.
      const from = Math.ceil((offset * 8) / 6);
      const to = Math.floor(((offset + Buffer.byteLength(value)) * 8) / 6);
      add(`${encoding} at ${offset}`, text.slice(from, to));
    }
  }
  return found;
}
