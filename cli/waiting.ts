/** Says on standard error what a command is at, such as whom it waits for. */
export const note = (what: string): void => void process.stderr.write(`${what}\n`);
