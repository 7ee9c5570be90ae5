/** A mistake that the user can mend: shown as its message alone, never with a stack trace. */
export class UserError extends Error {
  override readonly name = "UserError";
}
