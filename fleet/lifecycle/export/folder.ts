import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { manifestSchema, type Manifest } from "../../../config/lifecycle/manifest";
import { list } from "../../state-files";
import { replaceFile, syncFolder } from "../../write-new";

/** Milliseconds are in the name, since two exports may follow each other at once. A colon is no name everywhere. */
export const folderName = (takenAt: string): string => takenAt.replaceAll(":", "-");

const partial = ".partial";
const manifestName = "manifest.json";

/** In an export that no later order may count on. */
const voidName = "void.txt";

/** An export that is being written: nobody takes it for one before `finish`. Readable by its owner alone, since it holds customers' data and unsold codes. */
export class ExportFolder {
  readonly #path: string;
  readonly #files: Manifest["files"] = [];

  /** @param place the folder of all exports of one substation */
  constructor(
    private readonly place: string,
    private readonly name: string,
  ) {
    this.#path = join(place, `${name}${partial}`);
    for (const left of list(place).filter((one) => one.endsWith(partial)))
      rmSync(join(place, left), { recursive: true }); // of a run that was killed
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
    syncFolder(place);
  }

  /** Opens a file for writing in pieces. */
  open(path: string): { write(chunk: Buffer): void; close(): void } {
    const full = join(this.#path, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o700 });
    const file = openSync(full, "wx", 0o600);
    const hash = createHash("sha256");
    let bytes = 0;
    return {
      write: (chunk) => {
        writeSync(file, chunk);
        hash.update(chunk);
        bytes += chunk.length;
      },
      close: () => {
        fsyncSync(file);
        closeSync(file);
        this.#files.push({ path, bytes, sha256: hash.digest("hex") });
      },
    };
  }

  write(path: string, content: Buffer | string): void {
    const file = this.open(path);
    file.write(Buffer.from(content));
    file.close();
  }

  /** Writes the manifest, and makes it an export: whole, on the disk, and read back. @throws Error where what is read back is not what was written */
  finish(manifest: Omit<Manifest, "files">): void {
    const whole = manifestSchema.parse({ ...manifest, files: this.#files });
    writeFileSync(join(this.#path, manifestName), `${JSON.stringify(whole, null, 2)}\n`, { mode: 0o600 });
    syncFolder(join(this.#path, manifestName));
    const wrong = faultOf(this.#path);
    for (const folder of this.#folders()) syncFolder(folder);
    if (wrong !== undefined) throw new Error(`the export in ${this.#path} was not written rightly: ${wrong}`);
    renameSync(this.#path, join(this.place, this.name));
    for (const folder of [this.place, dirname(this.place)]) syncFolder(folder);
  }

  /** Those that it made, its own among them. */
  #folders(): Set<string> {
    return new Set([this.#path, ...this.#files.map(({ path }) => dirname(join(this.#path, path)))]);
  }
}

/** An export that was finished. */
export interface KeptExport {
  readonly name: string;
  readonly path: string;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, which names the hashes of all else. */
  readonly sha256: string;
  /** Whether its order was undone, or carried out to its end: its grace counts for no other. */
  readonly isVoid: boolean;
  /** What is wrong with it now; undefined where every byte is as it was written. */
  readonly fault: string | undefined;
}

/** The exports of one substation, oldest first, each read back. One whose manifest cannot be read is none. */
export const keptExports = (place: string): KeptExport[] =>
  listedExports(place).map((one) => ({ ...one, fault: faultOf(one.path) }));

/** The same by their manifests alone. */
export function listedExports(place: string): Omit<KeptExport, "fault">[] {
  return list(place)
    .filter((name) => !name.endsWith(partial))
    .sort()
    .flatMap((name) => {
      const path = join(place, name);
      const manifest = readManifest(path);
      return manifest ? [{ name, path, ...manifest, isVoid: existsSync(join(path, voidName)) }] : [];
    });
}

/** Lets no later order count on these: one that is brought back from git says the same words. @param why for people */
export function voidExports(exports: readonly Pick<KeptExport, "path" | "isVoid">[], why: string): void {
  for (const { path, isVoid } of exports) if (!isVoid) replaceFile(join(path, voidName), `${why}\n`);
}

function readManifest(path: string): Pick<KeptExport, "manifest" | "sha256"> | undefined {
  try {
    const bytes = readFileSync(join(path, manifestName));
    const manifest = manifestSchema.safeParse(JSON.parse(bytes.toString("utf8"))).data;
    return manifest && { manifest, sha256: createHash("sha256").update(bytes).digest("hex") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Reads everything back: each file by its hash, each table by its lines. */
function faultOf(path: string): string | undefined {
  const { manifest } = readManifest(path) ?? {};
  if (!manifest) return `${manifestName} cannot be read`;
  const rows = new Map((manifest.database?.tables ?? []).map((table) => [table.file, table.rows]));
  for (const { path: file, bytes, sha256 } of manifest.files) {
    const read = digest(join(path, file));
    if (!read) return `${file} is gone`;
    if (read.bytes !== bytes || read.sha256 !== sha256) return `${file} was changed`;
    if (rows.has(file) && rows.get(file) !== read.lines)
      return `${file} has ${read.lines} rows, not ${rows.get(file)}`;
  }
  const missing = [...rows.keys()].find((file) => !manifest.files.some((one) => one.path === file));
  return missing === undefined ? undefined : `${missing} is not among its files`;
}

function digest(file: string): { sha256: string; bytes: number; lines: number } | undefined {
  let opened: number;
  try {
    opened = openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const [hash, chunk] = [createHash("sha256"), Buffer.alloc(1024 * 1024)];
  let [bytes, lines] = [0, 0];
  for (let size = readSync(opened, chunk); size > 0; size = readSync(opened, chunk)) {
    const read = chunk.subarray(0, size);
    hash.update(read);
    bytes += size;
    for (const byte of read) if (byte === 10) lines++;
  }
  closeSync(opened);
  return { sha256: hash.digest("hex"), bytes, lines };
}
