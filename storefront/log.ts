/** One JSON object a line on standard output: what a log collector expects of a container. Never pass a secret or a whole object in. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  fields?: Record<string, string | number>,
) => void;

export const log: Log = (level, message, fields) => {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
};

/** An error's text and code, without stack and without the error's other properties (pg's can hold row data). */
export function reason(error: unknown): { error: string; code?: string } {
  const { code, message, errors } = error as { code?: unknown; message?: string; errors?: unknown[] };
  // Node reports a host with several addresses as an AggregateError whose own message is empty.
  const text = message || (errors ?? []).map((e) => reason(e).error).join("; ") || String(error);
  return { error: text, ...(typeof code === "string" ? { code } : {}) };
}
