import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

import { locator, quote } from "./problem";
import type { Problem } from "./problem";
import { codePoint } from "./text";

/** Bytes. A typed file is a screenful; what is larger is something else, and is not even read. */
export const largestFile = 64 * 1024;

export interface Source {
  /** Undefined where the file could not be read as text. Without a byte order mark. */
  readonly text?: string;
  readonly problems: readonly Problem[];
}

/**
 * Reads one typed file. It is opened without following a symbolic link and without waiting for a pipe's other end, and looked at only
 * after that, so that nothing can be put in its place between the look and the read.
 * @param path where the file is; @param file how problems name it; @param largest bytes that it may have
 */
export function readSource(path: string, file: string, largest = largestFile): Source {
  const problem = (code: Problem["code"], message: string): Source => ({
    problems: [{ file, line: 1, column: 1, code, message }],
  });
  let descriptor: number;
  try {
    descriptor = openSync(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
  } catch (error) {
    return problem("file/unreadable", `The file cannot be read (${reason(error)}): let this user read it.`);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return problem("file/kind", "This is no regular file: remove it.");
    const bytes = Buffer.allocUnsafe(Math.min(stat.size, largest) + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (stat.size > largest || length > largest) {
      const seen = `${Math.max(stat.size, length).toLocaleString("en")} bytes`;
      return problem(
        "file/too-large",
        `The file has ${seen}: ${largest === largestFile ? "a typed file has" : "such a file has"} at most ${largest.toLocaleString("en")}.`,
      );
    }
    return decode(bytes.subarray(0, length), file);
  } catch (error) {
    return problem("file/unreadable", `The file cannot be read (${reason(error)}): look at the disk.`);
  } finally {
    closeSync(descriptor);
  }
}

const reason = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    ENOENT: "it is gone",
    ELOOP: "it is a symbolic link",
  };
  return (code && words[code]) ?? code ?? String(error);
};

/** Bytes to text. Line ends may be LF or CRLF; a byte order mark is refused, and what follows it is checked all the same. */
export function decode(bytes: Buffer, file: string): Source {
  if (!isUtf8(bytes)) return { problems: [encodingProblem(bytes, file)] };
  const whole = bytes.toString("utf8");
  const marked = whole.startsWith("\uFEFF");
  const text = marked ? whole.slice(1) : whole;
  const problems: Problem[] = [];
  if (marked) {
    const message =
      "The file begins with a byte order mark (U+FEFF), which other tools stumble over: save it as UTF-8 without BOM.";
    problems.push({ file, line: 1, column: 1, code: "text/bom", message });
  }
  const locate = locator(file, text);
  for (const { 0: character, index } of text.matchAll(unwelcome)) {
    const what =
      character === "\r"
        ? "a carriage return that ends no line (U+000D)"
        : `the invisible character ${codePoint(character)}`;
    problems.push({
      ...locate(index),
      code: "text/character",
      message: `Here stands ${what}: remove it.`,
    });
    if (problems.length > 20) break;
  }
  return { text, problems };
}

/** Control characters, a CR that ends no line, and what makes text read otherwise than it is: bidirectional controls, more marks. */
const unwelcome =
  /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]|\r(?!\n)/g;

function encodingProblem(bytes: Buffer, file: string): Problem {
  const code = "text/encoding" as const;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return {
      file,
      line: 1,
      column: 1,
      code,
      message: "The file is in UTF-16: save it as UTF-8 without BOM.",
    };
  }
  let valid = 0;
  for (let width = 0; valid < bytes.length; valid += width) {
    const lead = bytes[valid] ?? 0;
    width = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (!isUtf8(bytes.subarray(valid, valid + width))) break;
  }
  const before = bytes.subarray(0, valid).toString("utf8");
  const seen = (bytes[valid] ?? 0).toString(16).toUpperCase().padStart(2, "0");
  const tail = quote(before.slice(before.lastIndexOf("\n") + 1).slice(-20));
  const message = `After ${tail} stands the byte 0x${seen}, which is not UTF-8 (is the file in GBK?): save it as UTF-8.`;
  return { ...locator(file, before)(before.length), code, message };
}
