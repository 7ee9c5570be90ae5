import { StringDecoder } from "node:string_decoder";
import type { ReadStream } from "node:tty";
import { UserError } from "../config/error";

/** As much of a terminal as is needed here. */
export type Terminal = Pick<ReadStream, "setRawMode" | "on" | "off" | "resume" | "pause">;

const interrupt = "\u0003";
const endOfInput = "\u0004";
const killLine = "\u0015";

/**
 * Asks for a value on a terminal, which does not show it. It ends with Enter; a key in PEM form, which has many lines, with its last line.
 * @throws UserError where the question is left with Ctrl-C, or more follows than one value
 */
export function askHidden(
  question: string,
  input: Terminal = process.stdin,
  output: { write(text: string): unknown } = process.stderr,
): Promise<string> {
  input.setRawMode(true); // the terminal echoes nothing, and hands on Ctrl-C
  output.write(question); // not before: whoever is asked may paste at once
  const decoder = new StringDecoder("utf8");
  let typed = "";
  return new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      // A paste brings CR for every line end; some terminals bring CR and LF.
      const characters = [...decoder.write(chunk).replaceAll("\r\n", "\n").replaceAll("\r", "\n")];
      for (const [at, character] of characters.entries()) {
        if (character === interrupt) return finish(() => reject(new UserError("left: nothing was set.")));
        if (character === "\n" && isOpenPem(typed)) typed += character;
        else if (character === "\n" || character === endOfInput) {
          const rest = characters.slice(at + 1).join("");
          return finish(() => (rest.trim() === "" ? resolve(typed) : reject(tooMuch())));
        } else if (character === killLine) typed = "";
        else if (character === "\u007f" || character === "\b") typed = [...typed].slice(0, -1).join("");
        else typed += character;
      }
    };
    const finish = (settle: () => void): void => {
      input.off("data", read);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
      settle();
    };
    input.on("data", read);
    input.resume();
  });
}

const isOpenPem = (typed: string): boolean =>
  typed.trimStart().startsWith("-----BEGIN ") && !/\n-----END [A-Z0-9 ]+-----[ \t]*$/.test(typed);

const tooMuch = (): UserError =>
  new UserError(
    "more than one line came, so nothing was set: give a value of several lines from a file, with `< file`.",
  );
