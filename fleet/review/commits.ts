import { UserError } from "../../config/error";
import { quote } from "../../config/problem";
import { git } from "../git";

/** The commit that a word names. @throws UserError where there is none */
export async function commitOf(root: string, word: string): Promise<string> {
  try {
    return await git(root, "rev-parse", "--verify", "--end-of-options", `${word}^{commit}`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`git knows no commit ${quote(word)}: fetch it, or name another. (${error.message})`);
  }
}

/**
 * What is checked out, whole: a review of files that nobody committed would speak of a commit that has others.
 * @throws UserError where tracked files differ from the commit
 */
export async function checkedOut(root: string): Promise<{ readonly commit: string; readonly tree: string }> {
  const changed = await git(root, "status", "--porcelain", "--untracked-files=no", "--", ".");
  if (changed !== "")
    throw new UserError(
      `there are changes that are not committed, and a review speaks of a commit: commit them first.\n${changed}`,
    );
  return { commit: await commitOf(root, "HEAD"), tree: await git(root, "rev-parse", "HEAD^{tree}") };
}
