import * as fs from "node:fs";
import { Readable } from "node:stream";

/** One file or folder of an archive. */
export interface TarEntry {
  /** Path in the archive, without a leading slash; up to 99 bytes. A folder's ends in "/". */
  readonly name: string;
  readonly mode: number;
  /** The content, or the file on this machine that holds it; absent for a folder. */
  readonly content?: string | Buffer | { readonly file: string };
}

const block = 512;

/**
 * A tar archive (POSIX ustar) as a stream: owned by root, dated 1970, so that the same entries give the same bytes. Large files are
 * streamed from disk.
 */
export const tarStream = (entries: readonly TarEntry[]): Readable =>
  Readable.from(chunks(entries), { objectMode: false, highWaterMark: 1 << 20 });

async function* chunks(entries: readonly TarEntry[]): AsyncGenerator<Buffer> {
  for (const { name, mode, content } of entries) {
    const source = typeof content === "string" ? Buffer.from(content) : content;
    if (source === undefined || Buffer.isBuffer(source)) {
      yield header(name, mode, source?.length ?? 0);
      if (source) yield Buffer.concat([source, Buffer.alloc(padding(source.length))]);
      continue;
    }
    const { size } = fs.statSync(source.file);
    yield header(name, mode, size);
    let sent = 0;
    for await (const chunk of fs.createReadStream(source.file, { highWaterMark: 1 << 20 })) {
      sent += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (sent !== size) throw new Error(`${source.file} changed while it was being read`);
    yield Buffer.alloc(padding(size));
  }
  yield Buffer.alloc(2 * block);
}

const padding = (size: number): number => (block - (size % block)) % block;

function header(name: string, mode: number, size: number): Buffer {
  if (Buffer.byteLength(name) > 99) throw new Error(`"${name}" is too long for a tar archive`);
  const out = Buffer.alloc(block);
  const octal = (value: number, at: number, width: number) =>
    out.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
  out.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // user and group
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12); // 1970
  out.write("        ", 148); // the checksum counts itself as spaces
  out.write(name.endsWith("/") ? "5" : "0", 156);
  out.write("ustar\x0000", 257);
  out.write(
    `${out
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return out;
}
