/** Says on standard error who is waited for. */
export const tellWait = (holder: string): void => void process.stderr.write(`waiting for ${holder}\n`);
