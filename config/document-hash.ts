import { createHash } from "node:crypto";

/**
 * The hash that a JSON document carries in its own key `hash`: SHA-256, in hex, of all its other keys, as `canonical` writes them. Whoever alters the document must be able to
 * hash, too.
 */
export const documentHash = ({ hash: _hash, ...rest }: Readonly<Record<string, unknown>>): string =>
  createHash("sha256").update(canonical(rest)).digest("hex");

/** JSON with the keys of every object in the order of their code units, without spaces. All numbers here are whole. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
