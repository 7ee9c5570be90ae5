import type { Lab } from "./lab";

/** Asks the DNS emulator of a lab's platform itself: what was asked of it, and for faults (docs/dns-emulator.md). */
export async function emulator<T>(lab: Lab, method: string, path: string, body?: unknown): Promise<T> {
  const { dns } = await lab.platform();
  const answer = await fetch(new URL(path, dns.api), {
    method,
    headers: { authorization: `Bearer ${dns.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { result, errors } = (await answer.json()) as { result: T; errors: unknown };
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(errors)}`);
  return result;
}
