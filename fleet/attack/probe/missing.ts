/** What is needed for a try is not there: the try says nothing. */
export class Missing extends Error {
  override readonly name = "Missing";
}

/** An error with the code of a system's error. */
export const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });
