import { UserError } from "../config/error";

/**
 * Runs a command whose exit code 1 means findings: a mistake of the user, elsewhere 1, is then 2, since nobody looked.
 * @param work returns the exit code
 */
export async function orBlind(work: () => Promise<0 | 1 | 2>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`substation: ${error.message}\n`);
    process.exitCode = 2;
  }
}
