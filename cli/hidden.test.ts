import { EventEmitter } from "node:events";
import { askHidden, type Terminal } from "./hidden";

/** A terminal that notes its mode, and what is written. That a real one then shows nothing, test/e2e/channel-secrets.test.ts shows. */
class FakeTerminal extends EventEmitter {
  modes: boolean[] = [];
  written = "";
  /** Written while the terminal echoes. */
  openly = "";
  setRawMode(on: boolean): this {
    this.modes.push(on);
    return this;
  }
  resume = () => this;
  pause = () => this;
  write = (text: string) => {
    this.written += text;
    if (this.modes.at(-1) !== true) this.openly += text;
  };
}

async function typed(...chunks: string[]): Promise<{ value: string; terminal: FakeTerminal }> {
  const terminal = new FakeTerminal();
  const answer = askHidden("Value: ", terminal as unknown as Terminal, terminal);
  for (const chunk of chunks) terminal.emit("data", Buffer.from(chunk));
  try {
    return { value: await answer, terminal };
  } finally {
    expect(terminal.modes).toEqual([true, false]);
    expect(terminal.written).toBe("Value: \n"); // and nothing of what was typed
    expect(terminal.openly).toBe("\n"); // nobody is asked while what he types would be shown
    expect(terminal.listenerCount("data")).toBe(0);
  }
}

const pem = ["-----BEGIN PRIVATE KEY-----", "MIIEvAIB", "ADANBgkq", "-----END PRIVATE KEY-----"];

test.each([
  ["what was typed, up to Enter", ["geh", "eim\r"], "geheim"],
  ["characters of more than one byte, wherever they are cut", ["密\r"], "密"],
  ["corrections", ["abcx\u007f\u007fd\r"], "abd"],
  ["a line begun anew", ["wrong\u0015right\r"], "right"],
  ["the end of input", ["x\u0004"], "x"],
  ["all lines of a key in PEM form", [`${pem.join("\r")}\r`], pem.join("\n")],
  ["the same, line by line, as some terminals bring it", pem.map((line) => `${line}\r\n`), pem.join("\n")],
])("the answer is %s", async (_, chunks, value) => {
  expect((await typed(...chunks)).value).toBe(value);
});

test("a character that arrives in two parts is one", async () => {
  const terminal = new FakeTerminal();
  const answer = askHidden("", terminal as unknown as Terminal, terminal);
  for (const byte of Buffer.from("密\r")) terminal.emit("data", Buffer.of(byte));
  expect(await answer).toBe("密");
});

test("Ctrl-C leaves with nothing; what has several lines and is no key is not cut to its first", async () => {
  await expect(typed("abc\u0003")).rejects.toThrow("left: nothing was set.");
  await expect(typed("one\rtwo\r")).rejects.toThrow(/more than one line came, so nothing was set/);
});
